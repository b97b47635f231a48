"""Acme: what each tool asks, that nothing leaves but what it names, and that one argument stays one argument."""

from __future__ import annotations

import json
from typing import Any

import httpx
import pytest
from valetkey_connector_acme.acme import acme

from core.connector import Account
from core.connector.rules import problems
from core.errors import InvalidArguments, Missing, ProviderRateLimited, ReconnectRequired
from core.rehearsal import rehearse, rehearse_account

ADA = {"id": "7", "name": "Ada Lovelace", "email": "ada@looms.example", "job_title": "Countess"}
PRIVATE = {"phone": "+44 555", "notes": "likes engines"}


class Provider:
    """Acme, with one contact. `status` other than 200: it refuses. Keeps what was asked."""

    def __init__(self, status: int = 200) -> None:
        self.status, self.contact = status, {**ADA, **PRIVATE}
        self.asked: list[httpx.Request] = []

    def __call__(self, request: httpx.Request) -> httpx.Response:
        self.asked.append(request)
        if self.status != 200:
            return httpx.Response(self.status)
        return httpx.Response(200, json=self.answer(request))

    def answer(self, request: httpx.Request) -> Any:
        if request.url.path == "/v3/me":
            return {"id": "u1", "email": "ben@looms.example", "company": "Looms", **PRIVATE}
        if request.method == "PATCH":
            self.contact |= json.loads(request.content)
            return self.contact
        return {"items": [self.contact], "next": "more"}


def test_nothing_is_to_be_mended() -> None:
    assert problems(acme) == []


def test_a_search_sends_the_words_and_lets_out_what_is_named() -> None:
    provider = Provider()
    assert rehearse(acme, "find_contacts", {"query": "a&b=c", "limit": 5}, provider) == {"items": [ADA]}
    [asked] = provider.asked
    assert dict(asked.url.params) == {"q": "a&b=c", "limit": "5", "fields": "id,name,email,job_title"}


def test_a_job_title_is_changed_and_nothing_else() -> None:
    provider = Provider()
    changed = rehearse(acme, "change_job_title", {"contact_id": "7", "job_title": "Analyst"}, provider)
    assert changed == {**ADA, "job_title": "Analyst"}
    [asked] = provider.asked
    assert (asked.method, asked.url.path) == ("PATCH", "/v3/contacts/7")
    assert json.loads(asked.content) == {"job_title": "Analyst"}


@pytest.mark.parametrize("contact_id", ["", "../me", "7/notes", "7\n", "seven"])
def test_an_id_that_is_none_is_not_sent(contact_id: str) -> None:
    provider = Provider()
    with pytest.raises(InvalidArguments):
        rehearse(acme, "change_job_title", {"contact_id": contact_id, "job_title": "x"}, provider)
    assert provider.asked == []


@pytest.mark.parametrize(
    ("status", "error"), [(401, ReconnectRequired), (404, Missing), (429, ProviderRateLimited)]
)
def test_a_refusal_is_told_as_what_it_is(status: int, error: type[Exception]) -> None:
    with pytest.raises(error):
        rehearse(acme, "find_contacts", {}, Provider(status))


def test_the_account_is_who_signed_in() -> None:
    assert rehearse_account(acme, Provider()) == Account(id="u1", label="ben@looms.example in Looms")
