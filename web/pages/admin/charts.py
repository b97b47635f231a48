"""Pictures as SVG geometry: paths in a box of 1000 x 200, true proportions from zero, an evenly spaced axis.

Each chart carries the sentence that says what it shows, and its figures as a table.
"""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

WIDTH, HEIGHT = 1000, 200
NICE = (1, 2, 2.5, 3, 4, 5, 10)
X_LABELS = 4


class Table(msgspec.Struct, frozen=True, kw_only=True):
    caption: str
    heads: list[str]
    rows: list[list[str]]


class Lines(Table, frozen=True, kw_only=True):
    """Two series over the same points: all, and some of them."""

    sentence: str
    headline: str
    y_labels: list[str]
    x_labels: list[str]
    grid: str
    area: str
    all: str
    some: str


class Bar(msgspec.Struct, frozen=True):
    label: str
    value: str
    percent: float
    sentence: str


class Bars(Table, frozen=True, kw_only=True):
    headline: str
    bars: list[Bar]


class Part(msgspec.Struct, frozen=True):
    """`kind`: the suffix of the bar's class."""

    label: str
    value: str
    kind: str
    start: float
    percent: float


class Meter(msgspec.Struct, frozen=True):
    headline: str
    sentence: str
    parts: list[Part]


def top_of(highest: int, steps: int = 3) -> int:
    """The end of the axis: at least `highest`, and each of its `steps` a round number."""
    size = 1
    while True:
        for nice in NICE:
            step = nice * size
            if step == int(step) and step * steps >= max(highest, 1):
                return int(step) * steps
        size *= 10


def path(values: Sequence[int], top: int) -> str:
    gap = WIDTH / max(len(values) - 1, 1)
    points = (f"{index * gap:.1f} {HEIGHT - value / top * HEIGHT:.1f}" for index, value in enumerate(values))
    return "M" + "L".join(points)


def lines(
    labels: Sequence[str],
    all_: Sequence[int],
    some: Sequence[int],
    heads: Sequence[str],
    sentence: str,
    headline: str,
) -> Lines:
    top = top_of(max(all_, default=0))
    grid = "".join(f"M0 {HEIGHT * step / 3:.1f}H{WIDTH}" for step in range(4))
    drawn = path(all_, top)
    rows = [[label, f"{a:,}", f"{s:,}"] for label, a, s in zip(labels, all_, some, strict=True)]
    return Lines(
        sentence=sentence,
        headline=headline,
        y_labels=[f"{top * step // 3:,}" for step in (3, 2, 1, 0)],
        x_labels=spread(labels),
        grid=grid,
        area=f"{drawn}L{WIDTH} {HEIGHT}L0 {HEIGHT}Z",
        all=drawn,
        some=path(some, top),
        caption=headline,
        heads=list(heads),
        rows=rows,
    )


def spread(labels: Sequence[str]) -> list[str]:
    """Evenly spaced labels, the first and the last among them; all of them where no even choice exists."""
    last = len(labels) - 1
    for count in (X_LABELS, 3, 5, 6, 2):
        if last > 0 and last % (count - 1) == 0:
            step = last // (count - 1)
            return [labels[index * step] for index in range(count)]
    return list(labels)


def bars(pairs: Sequence[tuple[str, int]], unit: str, heads: Sequence[str], headline: str) -> Bars:
    top = max((n for _, n in pairs), default=0) or 1
    total = sum(n for _, n in pairs) or 1
    drawn = [
        Bar(label, f"{n:,}", round(n / top * 100, 1), f"{label}: {n:,} {unit}, {n / total:.0%} of all")
        for label, n in pairs
    ]
    return Bars(
        headline=headline,
        bars=drawn,
        caption=headline,
        heads=list(heads),
        rows=[[label, f"{n:,}"] for label, n in pairs],
    )


def meter(parts: Sequence[tuple[str, int, str]], headline: str) -> Meter:
    """`parts`: label, count, suffix of the bar's class."""
    total = sum(n for _, n, _ in parts) or 1
    drawn, start = [], 0.0
    for label, n, kind in parts:
        percent = round(n / total * 100, 1)
        drawn.append(Part(label, f"{n:,}", kind, round(start, 1), max(percent - 0.3, 0)))
        start += percent
    sentence = f"{headline}: " + ", ".join(f"{n:,} {label[:1].lower()}{label[1:]}" for label, n, _ in parts)
    return Meter(headline, sentence, drawn)
