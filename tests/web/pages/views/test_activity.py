"""What happened under a grant, told in one sentence, by count and kind and never by values."""

from __future__ import annotations

import pytest

from tests.web.pages.views.story import NORTHWIND, an_event
from web.pages.views.activity import line, lines


@pytest.mark.parametrize(
    ("tool", "count", "words"),
    [
        ("northwind.find_deals", 12, "Read 12 items in Deals."),
        ("northwind.find_deals", 1, "Read 1 item in Deals."),
        ("northwind.find_people", 0, "Read 0 items in People."),
        ("northwind.move_deal", 1, "Changed 1 item in Deals."),
    ],
)
def test_a_use_is_told_by_count_and_kind(tool: str, count: int, words: str) -> None:
    told = line(an_event("tool.called", tool=tool, count=count), NORTHWIND)
    assert told is not None and told.what == words


def test_a_refusal_says_why_and_that_nothing_was_read() -> None:
    told = line(an_event("tool.refused", outcome="consent_required", tool="northwind.find_people"), NORTHWIND)
    assert told is not None
    assert told.what == "Tried “Find people”. We refused: you have not allowed that."
    assert told.more == "Nothing was read or changed."


def test_an_answer_that_came_too_late_was_not_delivered() -> None:
    told = line(an_event("tool.refused", outcome="withheld", tool="northwind.find_deals"), NORTHWIND)
    assert told is not None and told.more == "The answer was not delivered."


@pytest.mark.parametrize(
    ("actor", "words"),
    [
        ("user", "You stopped access."),
        ("admin", "An administrator of the workspace stopped access."),
        ("system", "A rule of the workspace stopped access."),
    ],
)
def test_who_ended_it_is_said(actor: str, words: str) -> None:
    told = line(an_event("grant.revoked", actor=actor), NORTHWIND)
    assert told is not None and told.what == words


def test_a_provider_that_cannot_be_told_is_not_said_to_have_confirmed() -> None:
    confirmed = line(an_event("grant.revoked_upstream"), NORTHWIND)
    never = line(an_event("grant.not_revoked_upstream", outcome="never_confirmed"), NORTHWIND)
    cannot = line(an_event("grant.not_revoked_upstream"), NORTHWIND)
    assert confirmed and never and cannot
    assert "confirmed that the access is gone" in confirmed.what
    assert "never confirmed" in never.what and "cannot be told" in cannot.what


def test_a_consent_links_to_its_own_receipt() -> None:
    event = an_event("grant.created", actor="user", tools=["northwind.find_deals"], session="cs_1")
    [told] = lines([event], NORTHWIND, {"cs_1": "rcp_1", "cs_2": "rcp_2"})
    assert (told.what, told.receipt) == ("You allowed: Find your deals.", "rcp_1")


def test_a_second_consent_names_only_what_it_added() -> None:
    tools = ["northwind.find_deals", "northwind.move_deal"]
    more = line(an_event("grant.widened", tools=tools, added=["northwind.move_deal"]), NORTHWIND)
    same = line(an_event("grant.widened", tools=tools, added=[]), NORTHWIND)
    assert more and same
    assert "Find your deals" not in more.what and more.what.startswith("You allowed more: ")
    assert same.what == "You agreed again."


def test_what_is_not_for_the_person_is_left_out() -> None:
    assert (
        lines([an_event("credential.refreshed"), an_event("connect_session.completed")], NORTHWIND, {}) == ()
    )


def test_a_tool_that_is_gone_is_named_by_what_it_was_called() -> None:
    told = line(an_event("tool.called", tool="northwind.old_tool", count=2), NORTHWIND)
    assert told is not None and "northwind.old_tool" in (told.more or "")
