"""Verifying an export without the service: its events are walked, then what vouches for them is compared.

With the key ring the manifest's signature vouches for every event. Without it, or after its key was retired, a checkpoint that
was kept elsewhere vouches for the events up to its count.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import msgspec

from core.audit import Broken, Checkpoint, chain
from core.model import AuditEvent
from core.vault import KeyRing
from web.exports import jsonl
from web.exports import manifest as manifests
from web.exports.manifest import ExportError, Manifest


class Checked(msgspec.Struct, frozen=True):
    """`vouched`: the last event that something outside the files vouches for."""

    manifest: Manifest
    vouched: int


def check(out: Path, ring: KeyRing | None, checkpoint: Checkpoint | None) -> Checked:
    """Raises Broken with the position of the first event that does not fit, ExportError when nothing vouches for the file."""
    manifest = manifests.read(out)
    if manifest is None:
        raise ExportError(f"{out} has no manifest beside it: it is no export, or not the whole of it.")
    if not manifest.complete:
        raise ExportError(
            f"The export of {out} was not finished. Go on with it: valetkey audit export --resume"
        )
    signed = ring is not None and (checkpoint is None or manifest.key_id in ring.ids)
    if ring is not None and signed:
        manifests.check(ring, manifest)
    _walk(manifest, _events(out, manifest), checkpoint)
    if signed:
        return Checked(manifest, manifest.last)
    if checkpoint is None:
        raise ExportError(
            "The events fit each other, but nothing vouches for them. Say where the key ring is "
            "(VALETKEY_KEYRING), or give a checkpoint: --checkpoint FILE"
        )
    return Checked(manifest, checkpoint.count)


def _events(out: Path, manifest: Manifest) -> Iterator[AuditEvent]:
    if manifest.format == "jsonl":
        return jsonl.read(out)
    from web.exports import parquet

    return parquet.read(out)


def _walk(manifest: Manifest, events: Iterator[AuditEvent], checkpoint: Checkpoint | None) -> None:
    if checkpoint is not None:
        _fits(manifest, checkpoint)
    seq, digest = manifest.first - 1, bytes.fromhex(manifest.hash_before)
    for event in events:
        if event.seq != seq + 1:
            raise Broken(seq + 1, f"event {seq + 1} is missing", event.seq)
        if event.seq > manifest.last:
            raise Broken(event.seq, f"the manifest tells of events up to {manifest.last}", event.seq)
        digest, seq = chain(digest, event), event.seq
        if digest != event.hash:
            raise Broken(seq, f"event {seq} was changed", seq)
        if checkpoint is not None and seq == checkpoint.count and digest.hex() != checkpoint.hash:
            raise Broken(seq, f"event {seq} is not the one of the checkpoint", seq)
    if seq < manifest.last:
        raise Broken(seq + 1, f"the file was cut after event {seq}")
    if digest.hex() != manifest.hash:
        raise Broken(seq, f"event {seq} is not the one the manifest was signed for", seq)


def _fits(manifest: Manifest, checkpoint: Checkpoint) -> None:
    if checkpoint.workspace != manifest.workspace:
        raise ExportError(f"The checkpoint is of the workspace {checkpoint.workspace[:60]}, not of this one.")
    if not manifest.first <= checkpoint.count <= manifest.last:
        raise ExportError(
            f"The checkpoint tells of event {checkpoint.count}; the file holds {manifest.first} to {manifest.last}. "
            "Take one that was made while these events were the last."
        )


def read_checkpoint(path: Path) -> Checkpoint:
    """As `GET /v1/audit/checkpoint` answered it. Raises ExportError."""
    try:
        return msgspec.json.decode(path.read_bytes(), type=Checkpoint)
    except (OSError, msgspec.MsgspecError):
        raise ExportError(f"{path} cannot be read, or is no checkpoint of an audit trail.") from None
