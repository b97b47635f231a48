"""Writing an export. The chain is walked while it is written, so that nothing is exported, and signed, that does not hold.

Memory does not grow with the trail: events come a thousand at a time, and the database is read in short pieces that hold up
nobody.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, Protocol

import msgspec

from core import audit, closing, segments
from core.audit import Broken, Head
from core.clock import rfc3339
from core.errors import Missing
from core.house import House
from core.model import AuditEvent
from core.segments import GENESIS, Segment
from web.exports import manifest as manifests
from web.exports.jsonl import JsonLines
from web.exports.manifest import ExportError, Format, Manifest

ROWS = 1_000


class Writer(Protocol):
    last: AuditEvent | None

    def write(self, events: Sequence[AuditEvent]) -> None: ...
    def finish(self) -> None: ...
    def close(self) -> None: ...


class Wish(msgspec.Struct, frozen=True):
    """Which events: all that are kept, those of a month, or those after an event."""

    workspace: str
    format: Format | None = None
    month: str | None = None
    after: str | None = None


class Span(msgspec.Struct, frozen=True):
    """Events `first` to `last`; `end` is the hash `last` must have, `hash_before` that of the event before `first`."""

    first: int
    last: int
    hash_before: bytes
    end: bytes


async def export(
    house: House,
    wish: Wish,
    out: Path,
    *,
    resume: bool = False,
    told: Callable[[int], None] = lambda rows: None,
) -> Manifest:
    """Write the events to `out`; the finished manifest. `told` hears how many events each step wrote.

    Raises ExportError, Missing, TrailBroken."""
    await closing.close(house, wish.workspace)
    begun = _begun(house, wish, out, resume)
    if begun and begun.month and begun.complete:
        return begun
    span = None if begun else await _span(house, wish)
    form = begun.format if begun else wish.format or "jsonl"
    writer = _writer(out, form)
    try:
        if begun is None:
            assert span is not None  # asked for before anything was made
            if writer.last is not None:
                raise _there(out)
            begun = _manifest(house, wish, form, span)
        else:
            span = await _rest(house, begun, writer.last)
        begun = manifests.signed(house.vault.ring, msgspec.structs.replace(begun, complete=False))
        manifests.write(out, begun)
        last, digest = await _copy(house, wish.workspace, span, writer, told)
        return await _end(house, out, begun, last, digest)
    finally:
        writer.close()


def _there(out: Path) -> ExportError:
    return ExportError(f"{out} is there already. Go on with it: --resume; or choose another name.")


def _begun(house: House, wish: Wish, out: Path, resume: bool) -> Manifest | None:
    """The manifest of the export that is to go on; None where a new one begins. Raises ExportError."""
    if not resume:
        if out.exists():
            raise _there(out)
        if not out.absolute().parent.is_dir():
            raise ExportError(f"There is no folder {out.absolute().parent}.")
        return None
    found = manifests.read(out)
    if found is None:
        if any(out.iterdir()) if out.is_dir() else out.is_file() and out.stat().st_size:
            raise ExportError(f"{out} has no manifest beside it: it is no export that could go on.")
        return None
    manifests.check(house.vault.ring, found)
    given = (
        wish.workspace,
        wish.format or found.format,
        wish.month or found.month,
        wish.after or found.after,
    )
    if given != (found.workspace, found.format, found.month, found.after):
        raise ExportError(
            f"{out} holds another export (workspace, format, month or first event). Choose another name."
        )
    return found


def _writer(out: Path, form: Format) -> Writer:
    if form == "jsonl":
        if out.is_dir():
            raise ExportError(f"{out} is a folder. Choose another name.")
        return JsonLines(out)
    from web.exports.parquet import Parts

    return Parts(out)


# ---- which events -------------------------------------------------------------------------------------------------


async def _head(house: House, workspace: str) -> Head:
    head = await audit.signed_head(house.store, house.vault.ring, workspace)
    return head or Head(0, GENESIS, "", b"")


async def _span(house: House, wish: Wish) -> Span:
    head = await _head(house, wish.workspace)
    known = await segments.of(house.store, wish.workspace)
    if wish.month is not None:
        return _of_month(wish.month, known)
    if wish.after is not None:
        event = await house.store.one("audit_by_id", AuditEvent, workspace=wish.workspace, id=wish.after)
        if event is None:
            raise Missing(f"There is no event {wish.after[:60]} in the workspace, or no longer.")
        return Span(event.seq + 1, head.count, event.hash, head.hash)
    gone = [one for one in known if one.state != "closed"]
    if gone:
        return Span(gone[-1].last_seq + 1, head.count, gone[-1].hash, head.hash)
    return Span(1, head.count, GENESIS, head.hash)


def _of_month(month: str, known: list[Segment]) -> Span:
    of_it = [one for one in known if one.month == month]
    if any(one.state != "closed" for one in of_it):
        raise Missing(f"The events of {month} were pruned.")
    if of_it:
        return Span(of_it[0].first_seq, of_it[-1].last_seq, of_it[0].hash_before, of_it[-1].hash)
    raise Missing(f"{month} is not a month of the trail that is over. See: valetkey audit retention")


async def _rest(house: House, begun: Manifest, last: AuditEvent | None) -> Span:
    """What is to be written yet. Raises ExportError when the file does not fit the trail."""
    if last is not None and (last.seq < begun.first or last.workspace != begun.workspace):
        raise ExportError("The file holds events that its manifest does not tell of. Begin a new one.")
    seq, digest = (last.seq, last.hash) if last else (begun.first - 1, bytes.fromhex(begun.hash_before))
    if begun.complete and seq < begun.last:
        raise ExportError(
            f"Events up to {begun.last} were written and are missing in the file. Begin a new one."
        )
    known = await segments.of(house.store, begun.workspace)
    head = await _head(house, begun.workspace)
    until, end = head.count, head.hash
    if begun.month is not None:
        whole = _of_month(begun.month, known)
        until, end = whole.last, whole.end
    if await audit.hash_at(house.store, begun.workspace, seq) != digest:
        raise ExportError(
            f"The file ends with event {seq}, which is not the one of the trail, or what follows it was pruned. "
            "Begin a new one."
        )
    return Span(seq + 1, until, digest, end)


# ---- writing ------------------------------------------------------------------------------------------------------


async def _copy(
    house: House, workspace: str, span: Span, writer: Writer, told: Callable[[int], None]
) -> tuple[int, bytes]:
    """The number and hash of the last event that is in the files now."""
    seq, digest = span.first - 1, span.hash_before
    batch: list[AuditEvent] = []
    try:
        async for event in audit.walk(house.store, workspace, digest, span.first, span.last, ROWS):
            seq, digest = event.seq, event.hash
            batch.append(event)
            if len(batch) == ROWS:
                writer.write(batch)
                told(len(batch))
                batch = []
    except Broken as broken:
        gone = [one for one in await segments.of(house.store, workspace) if one.state != "closed"]
        if gone and broken.position <= gone[-1].last_seq:
            raise ExportError(
                f"Events up to {gone[-1].last_seq} were pruned before they were exported. Begin a new one."
            ) from None
        raise closing.TrailBroken.at(broken.position, broken.what) from None
    if digest != span.end:
        raise closing.TrailBroken.at(seq, f"event {seq} is not the one that was signed for")
    writer.write(batch)
    writer.finish()
    told(len(batch))
    return seq, digest


def _manifest(house: House, wish: Wish, form: Format, span: Span) -> Manifest:
    fields: dict[str, Any] = {"workspace": wish.workspace, "month": wish.month, "after": wish.after}
    return Manifest(
        format=form,
        complete=False,
        count=0,
        first=span.first,
        last=span.first - 1,
        hash_before=span.hash_before.hex(),
        hash=span.hash_before.hex(),
        at=rfc3339(house.now_ms()),
        **fields,
    )


async def _end(house: House, out: Path, begun: Manifest, last: int, digest: bytes) -> Manifest:
    ring, now = house.vault.ring, house.now_ms()
    ended = msgspec.structs.replace(
        begun,
        complete=True,
        count=last - begun.first + 1,
        last=last,
        hash=digest.hex(),
        at=rfc3339(now),
        head=await audit.checkpoint(house.store, ring, begun.workspace, now),
    )
    ended = manifests.signed(ring, ended)
    manifests.write(out, ended)
    return ended
