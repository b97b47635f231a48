"""What core refuses, told beside the field it is about."""

from __future__ import annotations

from core.errors import ValetkeyError
from web.pages.text import sentence


def by_field(error: ValetkeyError) -> dict[str, str]:
    """Field to sentence. `allowed_origins/1` and `/tools/0` belong to `allowed_origins` and `tools`, `config/x` to `config.x`."""
    found: dict[str, str] = {}
    if field := error.fields.get("field"):
        found[_name(str(field))] = error.detail
    for one in error.fields.get("errors", []):
        found.setdefault(_name(str(one.get("path", ""))), sentence(str(one.get("message", ""))))
    return found


def _name(path: str) -> str:
    first, _, rest = path.lstrip("/").partition("/")
    if first == "read_client":
        return first
    return f"config.{rest}" if first == "config" and rest else first
