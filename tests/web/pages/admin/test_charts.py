"""Pictures: true proportions, an even axis, round numbers."""

from __future__ import annotations

from itertools import pairwise

import pytest

from web.pages.admin import charts


@pytest.mark.parametrize(
    ("highest", "top"),
    [(0, 3), (1, 3), (3, 3), (4, 6), (80, 90), (1284, 1500), (1501, 3000), (999_999, 1_200_000)],
)
def test_the_axis_ends_above_the_highest_and_in_round_steps(highest: int, top: int) -> None:
    assert charts.top_of(highest) == top


def test_a_line_is_true_to_its_figures() -> None:
    assert charts.path([0, 50, 100], 100) == "M0.0 200.0L500.0 100.0L1000.0 0.0"


def test_labels_are_evenly_spaced_and_hold_first_and_last() -> None:
    assert charts.spread([str(n) for n in range(13)]) == ["0", "4", "8", "12"]
    assert charts.spread([str(n) for n in range(27)])[0] == "0"
    for length in (13, 27, 53):
        labels = [int(one) for one in charts.spread([str(n) for n in range(length)])]
        assert labels[0] == 0 and labels[-1] == length - 1
        assert len({after - before for before, after in pairwise(labels)}) == 1


def test_bars_are_in_proportion_to_the_longest() -> None:
    drawn = charts.bars([("A", 200), ("B", 50)], "calls", ["x", "y"], "250")
    assert [bar.percent for bar in drawn.bars] == [100.0, 25.0]


def test_a_meter_says_its_parts_and_never_more_than_the_whole() -> None:
    drawn = charts.meter([("Consent", 1, ""), ("Policy", 2, "--warn"), ("Provider", 0, "--bad")], "3 calls")
    assert sum(part.percent for part in drawn.parts) <= 100
    assert "1 consent, 2 policy, 0 provider" in drawn.sentence
