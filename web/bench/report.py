"""What was measured, as a small table or as data."""

from __future__ import annotations

import msgspec

from web.bench.driver import Side


class Row(msgspec.Struct, frozen=True):
    """`cpu_us`: of Valetkey's processes, a call. None where it is not known."""

    name: str
    calls: int
    per_second: float
    p50_ms: float
    p99_ms: float
    cpu_us: float | None = None


class Added(msgspec.Struct, frozen=True):
    """What lies between the provider and whoever calls."""

    p50_ms: float
    p99_ms: float


class Spell(msgspec.Struct, frozen=True):
    """One measurement: rows asked in turns with so many connections."""

    connections: int
    rows: list[Row]
    added: Added | None = None
    remarks: list[str] = []


class Report(msgspec.Struct, frozen=True):
    version: str
    url: str
    tool: str
    spells: list[Spell]


def row(side: Side, cpu_us: float | None = None) -> Row:
    p50, p99 = (side.percentile_ms(share) for share in (0.5, 0.99))
    known = side.cpu_us_per_request if side.pids else None
    return Row(side.name, side.requests, side.per_second, p50, p99, known if cpu_us is None else cpu_us)


def table(report: Report) -> str:
    lines = [f"Valetkey {report.version} at {report.url}, {report.tool}"]
    for spell in report.spells:
        many = "one connection" if spell.connections == 1 else f"{spell.connections} connections"
        lines += ["", f"{many:<22}{'calls':>8}{'calls/s':>10}{'p50 ms':>10}{'p99 ms':>10}{'CPU us/call':>13}"]
        lines += [_line(one) for one in spell.rows]
        if spell.added is not None:
            lines.append(f"  {'Valetkey adds':<38}{spell.added.p50_ms:>10.2f}{spell.added.p99_ms:>10.2f}")
        lines += [f"  {remark}" for remark in spell.remarks]
    return "\n".join(lines)


def _line(one: Row) -> str:
    cpu = f"{one.cpu_us:>13.0f}" if one.cpu_us is not None else ""
    times = f"{one.per_second:>10.0f}{one.p50_ms:>10.2f}{one.p99_ms:>10.2f}"
    return f"  {one.name:<20}{one.calls:>8}{times}{cpu}"
