"""The person's list and a single permission, as data."""

from __future__ import annotations

import pytest

from core.clock import DAY_MS, HOUR_MS
from core.errors import BadRequest
from tests.web.pages.views.story import ASSISTANT, NORTHWIND, NOW, a_grant
from web.pages.render import render
from web.pages.views import portal

FRAME = portal.Frame("ada@northwind.example", "token", None)


def grant_page(grant, **more) -> str:
    view = portal.grant_view(
        grant, ASSISTANT, NORTHWIND, [], [], NOW, manage_url="https://northwind.example/apps", **more
    )
    return " ".join(render("portal/grant.html", view, now_ms=NOW, frame=FRAME).split())


def test_a_grant_past_its_end_is_listed_as_ended_before_the_housekeeping_says_so() -> None:
    over = a_grant(expires_at=NOW - 1)
    view = portal.list_view([(over, ASSISTANT, NORTHWIND)], NOW, more=None, notice=None)
    assert view.live == () and view.ended[0].how == "Ended by itself"
    assert view.summary == "Nobody, at the moment."


def test_the_one_used_last_stands_first() -> None:
    old, new = a_grant(id="gr_a", last_used_at=NOW - DAY_MS), a_grant(id="gr_b", last_used_at=NOW)
    rows = [(old, ASSISTANT, NORTHWIND), (new, ASSISTANT, NORTHWIND)]
    view = portal.list_view(rows, NOW, more=None, notice=None)
    assert [row.pair.grant for row in view.live] == ["gr_b", "gr_a"]


def test_only_earlier_ends_are_offered() -> None:
    def offered(grant) -> list[str]:
        view = portal.grant_view(grant, ASSISTANT, NORTHWIND, [], [], NOW, manage_url=None)
        return [value for value, _ in view.shorter]

    assert offered(a_grant(expires_at=NOW + 2 * HOUR_MS)) == ["1h"]
    assert offered(a_grant(expires_at=None)) == ["1h", "1d", "7d", "30d"]
    assert offered(a_grant(expires_at=NOW + HOUR_MS // 2)) == []


def test_an_end_that_was_not_offered_is_refused() -> None:
    with pytest.raises(BadRequest):
        portal.sooner("10y", NOW)


@pytest.mark.parametrize(
    ("upstream", "says", "never"),
    [
        ("revoked", "Northwind confirmed", "has not confirmed"),
        ("pending", "Northwind has not confirmed yet", "The key is destroyed."),
        ("unsupported", "Northwind cannot be told", "confirmed"),
    ],
)
def test_a_stopped_grant_says_what_the_provider_said_and_no_more(
    upstream: str, says: str, never: str
) -> None:
    stopped = a_grant(status="revoked", ended_at=NOW, ended_by="user:ada", upstream=upstream, upstream_at=NOW)
    shown = grant_page(stopped)
    assert says in shown and never not in shown


@pytest.mark.parametrize("upstream", ["pending", "unsupported"])
def test_what_is_not_settled_there_can_be_settled_there_by_hand(upstream: str) -> None:
    stopped = a_grant(status="revoked", ended_at=NOW, ended_by="user:ada", upstream=upstream)
    assert grant_page(stopped).count('href="https://northwind.example/apps"') == 2


def test_an_ended_grant_offers_nothing_to_press() -> None:
    shown = grant_page(a_grant(status="revoked", ended_at=NOW, ended_by="user:ada", upstream="revoked"))
    assert "Remove" not in shown and "Shorten" not in shown and "Stop access" not in shown


def test_a_notice_is_one_of_ours_or_none() -> None:
    assert "Removed." in grant_page(a_grant(), notice="removed")
    assert "evil" not in grant_page(a_grant(), notice="<b>evil</b>")


def test_stopping_names_what_stays() -> None:
    reads = portal.stop_view(a_grant(tools=("northwind.find_deals",)), ASSISTANT, NORTHWIND)
    writes = portal.stop_view(a_grant(), ASSISTANT, NORTHWIND)
    assert (reads.writes, writes.writes) == (False, True)


def test_a_page_says_that_older_activity_is_not_kept_only_where_it_is_so() -> None:
    assert "at least 12 months; older lines are deleted" in grant_page(a_grant(), kept_months=12)
    assert "older lines" not in grant_page(a_grant())
