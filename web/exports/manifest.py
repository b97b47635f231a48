"""What an export holds, signed: which events of which workspace, the hash before the first and that of the last.

Written when an export begins (`complete` false) and when it ends; so the next run knows what was being exported, and from which
hash on. The signature covers everything that the events themselves do not.
"""

from __future__ import annotations

import fcntl
import hmac
import os
from pathlib import Path
from typing import Literal

import msgspec

from core.audit import Checkpoint
from core.errors import Conflict, ValetkeyError
from core.vault import KeyRing

Format = Literal["jsonl", "parquet"]


class ExportError(Conflict):
    title = "The export cannot be made, or not be read"


class Manifest(msgspec.Struct, frozen=True, kw_only=True):
    """`first` to `last` are sequence numbers, `last` < `first` when there is no event. `head`: the signed head at the end."""

    format: Format
    workspace: str
    month: str | None
    after: str | None
    complete: bool
    count: int
    first: int
    last: int
    hash_before: str
    hash: str
    at: str
    head: Checkpoint | None = None
    key_id: str = ""
    mac: str = ""


def path_of(out: Path, form: Format) -> Path:
    return out / "manifest.json" if form == "parquet" else out.with_name(out.name + ".manifest.json")


def lock(descriptor: int, out: Path) -> None:
    """Until it is closed. Raises ExportError when another process has it."""
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        raise ExportError(f"Another process is writing {out}.") from None


def form_of(out: Path) -> Format:
    return "parquet" if out.is_dir() else "jsonl"


def _mac(ring: KeyRing, key_id: str, manifest: Manifest) -> str:
    said = msgspec.structs.astuple(msgspec.structs.replace(manifest, key_id="", mac=""))
    message = msgspec.json.encode(["valetkey audit export", *said])
    return hmac.digest(ring.mac_key(key_id), message, "sha256").hex()


def signed(ring: KeyRing, manifest: Manifest) -> Manifest:
    key_id = ring.first_id
    return msgspec.structs.replace(manifest, key_id=key_id, mac=_mac(ring, key_id, manifest))


def check(ring: KeyRing, manifest: Manifest) -> None:
    """Raises ExportError when it does not carry our signature, or cannot be said to."""
    try:
        expected = _mac(ring, manifest.key_id, manifest)
    except ValetkeyError:
        raise ExportError(
            f"The manifest is signed with the key {manifest.key_id[:40]}, which the ring lacks. "
            "Put it back, or compare with a checkpoint: valetkey audit verify --file FILE --checkpoint CHECKPOINT"
        ) from None
    if not hmac.compare_digest(expected, manifest.mac):
        raise ExportError(
            "The manifest does not carry our signature: it was changed, or is another installation's."
        )


def read(out: Path) -> Manifest | None:
    """None when there is none. Raises ExportError for what is no manifest."""
    path = path_of(out, form_of(out))
    try:
        return msgspec.json.decode(path.read_bytes(), type=Manifest)
    except FileNotFoundError:
        return None
    except (OSError, msgspec.MsgspecError):
        raise ExportError(f"{path} cannot be read, or is no manifest of an export.") from None


def write(out: Path, manifest: Manifest) -> None:
    """In one step, and safe on disk before it returns."""
    path = path_of(out, manifest.format)
    fresh = path.with_name(path.name + ".new")
    descriptor = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with open(descriptor, "wb") as file:
        file.write(msgspec.json.format(msgspec.json.encode(manifest), indent=2) + b"\n")
        file.flush()
        os.fsync(descriptor)
    os.replace(fresh, path)
