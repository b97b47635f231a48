"""What core refuses, told beside the field it is about."""

from __future__ import annotations

from collections.abc import Mapping

import msgspec

from core.errors import ValetkeyError
from web.pages.text import sentence


class FieldFault(msgspec.Struct, frozen=True):
    """`field`: the id of the field it is about, "" where the form has none; `label`: how the form calls it."""

    field: str
    label: str
    text: str


def by_field(error: ValetkeyError, labels: Mapping[str, str] | None = None) -> dict[str, str]:
    """Field to sentence. `allowed_origins/1` and `/tools/0` belong to `allowed_origins` and `tools`, `config/x` to `config.x`,
    `/read_client/client_id` to `read_client_id`. `labels`: what to call a setting instead of its path."""
    said: dict[str, str] = {}
    if field := error.fields.get("field"):
        said[_name(str(field))] = error.detail.removeprefix(f"{field}: ")
    for one in error.fields.get("errors", []):
        said.setdefault(_name(str(one.get("path", ""))), str(one.get("message", "")))
    return {name: sentence(_in_words(text, labels or {})) for name, text in said.items()}


def labelled(error: ValetkeyError, labels: Mapping[str, str]) -> list[FieldFault]:
    """The same in the form's order, and in its words: no path of the API. What is about no field of the form stands last."""
    found = by_field(error, labels)
    if not found:
        return [FieldFault("", "", error.detail)]
    named = [FieldFault(name, label, found.pop(name)) for name, label in labels.items() if name in found]
    return named + [FieldFault("", "", text) for text in found.values()]


def _in_words(text: str, labels: Mapping[str, str]) -> str:
    """`config.login_url is none of ...` as `“Where people sign in” is none of ...`."""
    for name in sorted(labels, key=len, reverse=True):
        if name.startswith("config."):
            text = text.replace(name, f"“{labels[name]}”")
    return text


def _name(path: str) -> str:
    first, _, rest = path.lstrip("/").partition("/")
    if first == "read_client":
        return "read_client_secret" if rest == "client_secret" else "read_client_id"
    if first == "enabled_tools":
        return "tools"
    return f"config.{rest}" if first == "config" and rest else first
