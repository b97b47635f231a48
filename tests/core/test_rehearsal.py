"""A tool runs outside the service as it would inside: arguments checked, result cut, refusals told."""

from __future__ import annotations

from typing import Any

import httpx
import pytest

from connectors.northwind import northwind
from core.connector import Account
from core.errors import InvalidArguments, InvalidConfig, Missing, ProviderError, ReconnectRequired, ToolFailed
from core.rehearsal import rehearse, rehearse_account

FIELDS = {"base_url": "https://northwind.example"}
DEAL = {
    "id": "de_1", "title": "Looms", "company_name": "Acme", "amount": 5, "currency": "EUR", "stage": "won",
    "closes_on": "2026-12-01", "margin": "private",
}  # fmt: skip


def answering(answer: Any, status: int = 200) -> Any:
    return lambda request: httpx.Response(status, json=answer)


def test_what_is_not_declared_stays_behind() -> None:
    told = rehearse(northwind, "find_deals", {}, answering({"items": [DEAL], "next": "more"}), fields=FIELDS)
    assert told == {"items": [{name: value for name, value in DEAL.items() if name != "margin"}]}


def test_arguments_are_checked_before_anything_is_asked() -> None:
    def never(request: httpx.Request) -> httpx.Response:
        raise AssertionError("it was asked")

    with pytest.raises(InvalidArguments):
        rehearse(northwind, "find_deals", {"limit": 0}, never, fields=FIELDS)


@pytest.mark.parametrize(
    ("status", "error"), [(401, ReconnectRequired), (404, Missing), (500, ProviderError)]
)
def test_a_refusal_is_raised_as_what_it_is(status: int, error: type[Exception]) -> None:
    with pytest.raises(error):
        rehearse(northwind, "find_deals", {}, answering({}, status), fields=FIELDS)


def test_a_place_that_is_not_filled_is_told() -> None:
    with pytest.raises(InvalidConfig, match="base_url"):
        rehearse(northwind, "find_deals", {}, answering({}))


def test_the_account_is_asked_for_in_the_same_way() -> None:
    me = {"id": "us_1", "email": "ada@northwind.example", "workspace": "Looms", "birthday": "private"}
    found = rehearse_account(northwind, answering(me), fields=FIELDS)
    assert isinstance(found, Account) and found.id == "us_1" and "ada@northwind.example" in found.label


@pytest.mark.parametrize("id_", ["", " ", "None"])
def test_an_account_without_an_id_is_refused(id_: str) -> None:
    """`str(me.id)` of a member that is not there."""
    me = {"id": id_, "email": "ada@northwind.example", "workspace": "Looms"}
    with pytest.raises(ToolFailed, match="told no id"):
        rehearse_account(northwind, answering(me), fields=FIELDS)
