"""An export holds every event once, goes on wherever it was interrupted, and is verified without the service; what was changed
in it is found with its position."""

# ruff: noqa: ASYNC240 (small files, and nobody waits)

from __future__ import annotations

import json
import tracemalloc
from collections.abc import Callable
from pathlib import Path
from typing import Any, Literal

import msgspec
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from core import audit
from core.audit import Broken
from core.closing import TrailBroken
from core.errors import Missing
from core.model import AuditEvent, Entry
from core.vault import KeyRing
from tests.core.home import Home
from tests.core.test_retention import fill, keep, rule
from web.api.audit import lines
from web.exports import jsonl, parquet, run
from web.exports import manifest as manifests
from web.exports.check import check
from web.exports.manifest import ExportError, Manifest
from web.exports.run import Wish
from web.wire.audit import event_in, event_out

Format = Literal["jsonl", "parquet"]
FORMATS: tuple[Format, ...] = ("jsonl", "parquet")


@pytest.fixture(autouse=True)
def small(monkeypatch: pytest.MonkeyPatch) -> None:
    """Steps, row groups and parts of a few events."""
    monkeypatch.setattr(run, "ROWS", 3)
    monkeypatch.setattr(parquet, "GROUP_ROWS", 5)
    monkeypatch.setattr(parquet, "PART_ROWS", 10)


async def write(home: Home, count: int) -> None:
    entries = [
        Entry(
            home.admin,
            "note.written",
            user="ü" if number % 2 else None,
            detail={"n": number, "list": ["a", "b"]},
        )
        for number in range(count)
    ]
    await home.house.write(lambda tx: home.house.log(tx, *entries))


async def export(home: Home, out: Path, form: Format | None = None, **options: Any) -> Manifest:
    wanted = {name: options.pop(name) for name in ("month", "after") if name in options}
    return await run.export(home.house, Wish(home.workspace.id, form, **wanted), out, **options)


def events(out: Path) -> list[AuditEvent]:
    return list(parquet.read(out) if out.is_dir() else jsonl.read(out))


@pytest.fixture
def ring(home: Home) -> KeyRing:
    return home.house.vault.ring


@pytest.fixture
def out(tmp_path: Path) -> Path:
    return tmp_path / "export"


class Interrupted(BaseException):
    pass


def after(steps: int) -> Callable[[int], None]:
    """Interrupts after so many steps."""
    left = steps

    def told(rows: int) -> None:
        nonlocal left
        left -= 1
        if left == 0:
            raise Interrupted

    return told


async def test_every_event_goes_out_and_comes_back_as_it_was(home: Home) -> None:
    await home.grant()
    await home.call()
    await write(home, 3)
    for event in await home.events():
        wire = msgspec.json.decode(msgspec.json.encode(event_out(event)), type=type(event_out(event)))
        assert event_in(wire) == event


@pytest.mark.parametrize("form", FORMATS)
async def test_everything_is_written_once_and_vouched_for(
    home: Home, ring: KeyRing, out: Path, form: Format
) -> None:
    await write(home, 38)
    made = await export(home, out, form)
    assert events(out) == await home.events()
    assert (made.complete, made.first, made.count, made.last) == (
        True,
        1,
        len(events(out)),
        events(out)[-1].seq,
    )
    assert made.head is not None and made.head.hash == made.hash == events(out)[-1].hash.hex()
    assert check(out, ring, None).vouched == made.last
    for one in [out, *(out.iterdir() if out.is_dir() else [manifests.path_of(out, form)])]:
        assert one.stat().st_mode & 0o077 == 0, one


async def test_the_lines_are_those_of_the_api(home: Home, out: Path) -> None:
    await write(home, 8)
    await export(home, out)
    assert out.read_bytes() == b"".join([part async for part in lines(home.house, home.workspace.id)])


async def test_parquet_has_parts_row_groups_and_types_that_can_be_queried(home: Home, out: Path) -> None:
    await write(home, 38)
    made = await export(home, out, "parquet")
    names = [one.name for one in parquet.parts(out)]
    assert (
        len(names) > 3
        and names[0].startswith("part-000000000001-")
        and names[-1].endswith(f"{made.last:012}.parquet")
    )
    table = pa.concat_tables([pq.read_table(one) for one in parquet.parts(out)])
    assert table.column("seq").to_pylist() == list(range(1, made.last + 1))
    assert table.schema.field("at").type == pa.timestamp("ms", tz="UTC")
    assert json.loads(table.column("detail").to_pylist()[-1]) == {"n": 37, "list": ["a", "b"]}
    assert pq.ParquetFile(parquet.parts(out)[0]).num_row_groups == 2


@pytest.mark.parametrize("form", FORMATS)
@pytest.mark.parametrize("steps", [1, 2, 5, 9])
async def test_an_interrupted_export_goes_on_and_ends_as_if_it_had_not_been(
    home: Home, ring: KeyRing, out: Path, form: Format, steps: int
) -> None:
    await write(home, 38)
    with pytest.raises(Interrupted):
        await export(home, out, form, told=after(steps))
    with pytest.raises(ExportError, match="not finished"):
        check(out, ring, None)
    with pytest.raises(ExportError, match="--resume"):
        await export(home, out, form)
    already = len(events(out))
    assert already < 38
    written = 0

    def told(rows: int) -> None:
        nonlocal written
        written += rows

    made = await export(home, out, resume=True, told=told)
    assert events(out) == await home.events() and written == made.count - already
    assert check(out, ring, None).vouched == made.last


@pytest.mark.parametrize("lost", [1, 7, 200, 700, 1_500])
async def test_a_line_that_was_cut_off_anywhere_is_written_again(
    home: Home, ring: KeyRing, out: Path, lost: int
) -> None:
    await write(home, 20)
    with pytest.raises(Interrupted):
        await export(home, out, told=after(4))
    text = out.read_bytes()
    garbage = {200: b"\0" * 50, 700: b"\0" * 20_000}.get(lost, b"")  # as a crash of the machine may leave
    out.write_bytes(text[:-lost] + garbage)
    await export(home, out, resume=True)
    assert events(out) == await home.events() and check(out, ring, None)


@pytest.mark.parametrize("form", FORMATS)
async def test_a_finished_one_is_lengthened_by_what_happened_since(
    home: Home, ring: KeyRing, out: Path, form: Format
) -> None:
    assert (await export(home, out, form, resume=True)).count == len(await home.events())
    again = await export(home, out, form, resume=True)
    assert again.count == len(events(out))
    await write(home, 12)
    with pytest.raises(Interrupted):
        await export(home, out, form, resume=True, told=after(2))
    with pytest.raises(ExportError, match="not finished"):
        check(out, ring, None)
    await export(home, out, form, resume=True)
    assert events(out) == await home.events() and check(out, ring, None).vouched == again.last + 12


async def test_an_empty_trail_is_an_export_too(home: Home, ring: KeyRing, out: Path) -> None:
    last = (await home.events())[-1]
    made = await export(home, out, after=last.id)
    assert (made.count, events(out)) == (0, []) and check(out, ring, None).vouched == last.seq
    await write(home, 2)
    assert (await export(home, out, resume=True)).count == 2 and check(out, ring, None)


@pytest.mark.parametrize("form", FORMATS)
async def test_a_month_or_what_follows_an_event(
    home: Home, ring: KeyRing, tmp_path: Path, form: Format
) -> None:
    await fill(home, "2031-01", "2031-02", "2031-03")
    everything = await home.events()
    month = await export(home, tmp_path / "month", form, month="2031-02")
    assert [one.detail["number"] for one in events(tmp_path / "month")] == [0, 1, 2, 3, 4]
    assert everything[month.first - 1 : month.last] == events(tmp_path / "month")
    assert check(tmp_path / "month", ring, None)
    assert await export(home, tmp_path / "month", form, month="2031-02", resume=True) == month
    await export(home, tmp_path / "since", form, after=everything[4].id)
    assert events(tmp_path / "since") == everything[5:] and check(tmp_path / "since", ring, None)
    for wrong in ({"month": "2031-03"}, {"month": "2030-01"}, {"after": "evt_none"}):
        with pytest.raises(Missing):
            await export(home, tmp_path / "none", form, **wrong)
        assert not (tmp_path / "none").exists()


@pytest.mark.parametrize("form", FORMATS)
async def test_what_was_pruned_before_it_was_exported_is_said_to_be_missing(
    home: Home, ring: KeyRing, tmp_path: Path, form: Format
) -> None:
    await fill(home, "2031-01")
    early = tmp_path / "early"
    await export(home, early, form)
    await fill(home, "2031-02", "2031-05")
    await rule(home, 1)
    await keep(home)
    with pytest.raises(ExportError, match="pruned"):
        await export(home, early, form, resume=True)
    with pytest.raises(Missing, match="pruned"):
        await export(home, tmp_path / "month", form, month="2031-02")
    left = await export(home, tmp_path / "left", form)
    assert left.first == (await home.events())[0].seq > 1 and check(tmp_path / "left", ring, None)


async def test_what_is_pruned_under_an_export_ends_it_and_says_why(home: Home, out: Path) -> None:
    await fill(home, "2031-01", "2031-02", "2031-05", each=20)
    await rule(home, 1)
    wish = Wish(home.workspace.id)
    span = await run._span(home.house, wish)
    await keep(home)
    with pytest.raises(ExportError, match="pruned before"):
        await run._copy(home.house, home.workspace.id, span, jsonl.JsonLines(out), lambda rows: None)


async def test_a_trail_that_does_not_hold_is_not_signed_as_an_export(home: Home, out: Path) -> None:
    await write(home, 20)
    await home.execute("UPDATE audit_events SET outcome = 'x' WHERE seq = 12")
    with pytest.raises(TrailBroken, match="event 12"):
        await export(home, out)
    found = manifests.read(out)
    assert found is not None and not found.complete


async def test_a_last_event_written_anew_is_not_signed_as_an_export(home: Home, out: Path) -> None:
    """It fits the chain; only the signed head knows better."""
    await write(home, 20)
    await home.execute(
        "UPDATE audit_events SET outcome = 'x' WHERE seq = (SELECT max(seq) FROM audit_events)"
    )
    *_, before, last = await home.events()
    digest = audit.chain(before.hash, last)
    await home.execute("UPDATE audit_events SET hash = :hash WHERE seq = :seq", hash=digest, seq=last.seq)
    with pytest.raises(TrailBroken, match="signed for"):
        await export(home, out)


async def test_another_export_or_another_file_is_not_gone_on_with(
    home: Home, out: Path, tmp_path: Path
) -> None:
    await write(home, 5)
    made = await export(home, out)
    for other in (
        {"form": "parquet"},
        {"after": (await home.events())[0].id},
        {"month": "2031-01"},
    ):
        with pytest.raises(ExportError, match="another export"):
            await export(home, out, resume=True, **other)
    with pytest.raises(ExportError, match="another export"):
        await run.export(home.house, Wish("ws_other"), out, resume=True)
    stranger = tmp_path / "letter.txt"
    stranger.write_text("Dear Ada,\n")
    with pytest.raises(ExportError, match="no manifest"):
        await export(home, stranger, resume=True)
    assert stranger.read_text() == "Dear Ada,\n"
    manifests.write(out, msgspec.structs.replace(made, first=3))
    with pytest.raises(ExportError, match="signature"):
        await export(home, out, resume=True)
    with pytest.raises(ExportError, match="no folder"):
        await export(home, tmp_path / "nowhere" / "x")


async def test_a_file_of_another_trail_is_not_gone_on_with(home: Home, out: Path) -> None:
    await write(home, 5)
    await export(home, out)
    changed = [json.loads(line) for line in out.read_text().splitlines()]
    changed[-1]["hash"] = "00" * 32
    out.write_text("".join(json.dumps(one) + "\n" for one in changed))
    with pytest.raises(ExportError, match="not the one of the trail"):
        await export(home, out, resume=True)
    out.write_text("".join(json.dumps(one) + "\n" for one in changed[:-2]))
    with pytest.raises(ExportError, match="missing in the file"):
        await export(home, out, resume=True)


@pytest.mark.parametrize("form", FORMATS)
async def test_two_do_not_write_one_export(home: Home, out: Path, form: Format) -> None:
    await write(home, 20)
    with pytest.raises(Interrupted):
        await export(home, out, form, told=after(2))
    writing = run._writer(out, form)
    before = {
        one: one.read_bytes() for one in out.parent.rglob("*") if one.is_file() and "home" not in one.parts
    }
    with pytest.raises(ExportError, match="Another process"):
        await export(home, out, form, resume=True)
    assert before == {one: one.read_bytes() for one in before}
    writing.close()
    await export(home, out, form, resume=True)


# ---- what was changed ---------------------------------------------------------------------------------------------


def rewrite(out: Path, change: Callable[[list[AuditEvent]], list[AuditEvent]]) -> None:
    """Write the files anew with other events, as whoever keeps them could."""
    found = change(events(out))
    if out.is_dir():
        for one in parquet.parts(out):
            one.unlink()
        writer: Any = parquet.Parts(out)
    else:
        out.unlink()
        writer = jsonl.JsonLines(out)
    writer.write(found)
    writer.finish()
    writer.close()


def changed(event: AuditEvent, **fields: Any) -> AuditEvent:
    return msgspec.structs.replace(event, **fields)


def chained(found: list[AuditEvent]) -> list[AuditEvent]:
    """With hashes that fit again."""
    digest, made = bytes(32), []
    for event in found:
        digest = audit.chain(digest, event)
        made.append(changed(event, hash=digest))
    return made


CHANGES: dict[str, tuple[Callable[[list[AuditEvent]], list[AuditEvent]], int]] = {
    "a changed event": (lambda e: [*e[:6], changed(e[6], outcome="x"), *e[7:]], 7),
    "a changed time": (lambda e: [*e[:6], changed(e[6], at=e[6].at + 1), *e[7:]], 7),
    "a missing event": (lambda e: e[:6] + e[7:], 7),
    "the first missing": (lambda e: e[1:], 1),
    "exchanged events": (lambda e: [*e[:6], e[7], e[6], *e[8:]], 7),
    "a cut tail": (lambda e: e[:-2], 22),
    "a doubled end": (lambda e: [*e, e[-1]], 24),
    "one more": (lambda e: [*e, changed(e[-1], seq=24)], 24),
    "all computed anew": (lambda e: chained([*e[:6], changed(e[6], outcome="x"), *e[7:]]), 23),
}


@pytest.mark.parametrize("form", FORMATS)
@pytest.mark.parametrize("name", CHANGES)
async def test_what_was_changed_in_the_files_is_found_with_its_position(
    home: Home, ring: KeyRing, out: Path, form: Format, name: str
) -> None:
    await write(home, 23 - len(await home.events()))
    await export(home, out, form)
    change, position = CHANGES[name]
    rewrite(out, change)
    with pytest.raises(Broken) as found:
        check(out, ring, None)
    assert found.value.position == position


@pytest.mark.parametrize(
    "fields",
    [
        {"last": 22, "count": 22},
        {"hash_before": "11" * 32},
        {"workspace": "ws_x"},
        {"mac": "00" * 32},
        {"at": "x"},
    ],
)
async def test_a_changed_manifest_is_found(
    home: Home, ring: KeyRing, out: Path, fields: dict[str, Any]
) -> None:
    await write(home, 23 - len(await home.events()))
    made = await export(home, out)
    manifests.write(out, msgspec.structs.replace(made, **fields))
    with pytest.raises(ExportError, match="signature"):
        check(out, ring, None)


async def test_files_that_are_none_are_said_to_be_none(
    home: Home, ring: KeyRing, out: Path, tmp_path: Path
) -> None:
    with pytest.raises(ExportError, match="no manifest"):
        check(out, ring, None)
    await write(home, 5)
    await export(home, out)
    out.write_text('{"id": 5}\n')
    with pytest.raises(ExportError, match="Line 1"):
        check(out, ring, None)
    manifests.path_of(out, "jsonl").write_text("[]")
    with pytest.raises(ExportError, match="no manifest of an export"):
        check(out, ring, None)
    folder = tmp_path / "parts"
    await export(home, folder, "parquet")
    parquet.parts(folder)[-1].write_bytes(b"PAR1")
    with pytest.raises(ExportError, match="cannot be read"):
        check(folder, ring, None)


@pytest.mark.parametrize("form", FORMATS)
async def test_a_checkpoint_kept_elsewhere_vouches_without_the_ring(
    home: Home, ring: KeyRing, out: Path, form: Format
) -> None:
    await write(home, 10)
    kept = await audit.checkpoint(home.house.store, ring, home.workspace.id, home.now)
    await write(home, 5)
    made = await export(home, out, form)
    foreign = KeyRing.generate()
    assert check(out, None, kept).vouched == check(out, foreign, kept).vouched == kept.count
    assert check(out, ring, kept).vouched == made.last
    with pytest.raises(ExportError, match="nothing vouches"):
        check(out, None, None)
    with pytest.raises(ExportError, match="which the ring lacks"):
        check(out, foreign, None)
    with pytest.raises(Broken) as found:
        check(out, None, msgspec.structs.replace(kept, hash="00" * 32))
    assert found.value.position == kept.count
    for other in ({"count": made.last + 1}, {"workspace": "ws_x"}):
        with pytest.raises(ExportError, match="checkpoint"):
            check(out, None, msgspec.structs.replace(kept, **other))
    rewrite(out, lambda e: chained([*e[:6], changed(e[6], outcome="x"), *e[7:]]))
    with pytest.raises(Broken):
        check(out, None, kept)


# ---- size ---------------------------------------------------------------------------------------------------------


async def test_memory_does_not_grow_with_the_trail(
    home: Home, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(run, "ROWS", 1_000)
    monkeypatch.setattr(parquet, "GROUP_ROWS", 2_000)
    monkeypatch.setattr(parquet, "PART_ROWS", 20_000)

    async def peak(name: str, form: Format) -> int:
        tracemalloc.reset_peak()
        before = tracemalloc.get_traced_memory()[0]
        await export(home, tmp_path / name, form)
        return tracemalloc.get_traced_memory()[1] - before

    peaks: dict[Format, list[int]] = {form: [] for form in FORMATS}
    for rows in (5_000, 45_000):
        for _ in range(rows // 5_000):
            await write(home, 5_000)
        tracemalloc.start()
        for form in FORMATS:
            peaks[form].append(await peak(f"{form}-{rows}", form))
        tracemalloc.stop()
    for form, (small_one, large_one) in peaks.items():
        assert large_one < small_one * 1.5 < 30e6, (form, peaks)
    assert pa.default_memory_pool().max_memory() < 50e6
