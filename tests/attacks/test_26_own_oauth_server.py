"""Row 26: our own OAuth server, attacked over HTTP where it runs: as Northwind.

Each attack is tried against the server as it is and then with the one defence taken away, where it has to
succeed: so each test is seen to be able to fail.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from typing import Any

import httpx
import pytest

from core.authserver import MemoryStore, Token, authorize, tokens
from core.authserver.errors import InvalidGrant
from tests.web.demo.conftest import CALLBACK, Running, running
from tests.web.demo.person import VERIFIER, authorize_url, hidden, query_of
from web.demo.northwind.browsers import Browser

__all__ = ["running"]  # the fixture


@pytest.fixture
async def person(running: Running) -> AsyncIterator[Any]:
    found = running.person()
    yield found
    await found.close()


async def is_alive(running: Running, token: str) -> bool:
    return (await running.api("GET", "/me", token)).status_code == 200


def without_alarm(monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    """The refusal stays, but nothing is ended with it."""

    async def refuse(*_: Any) -> None:
        raise InvalidGrant()

    monkeypatch.setattr(tokens, name, refuse)


class ReadThenDelete(MemoryStore):
    """A store that looks first and deletes afterwards, as many servers do."""

    async def spend_code(self, code_hash: bytes, bought: Sequence[Token], now_ms: int) -> bool:
        code = self._codes.get(code_hash)
        await asyncio.sleep(0.05)
        self._codes.pop(code_hash, None)
        return code is not None and self._keep(code.authorization_id, bought, now_ms)

    async def spent_code(self, code_hash: bytes) -> str | None:
        return None


# ---- codes --------------------------------------------------------------------------------------------------


async def test_of_fifty_parallel_redemptions_exactly_one_succeeds(running, person):
    code = await person.code(authorize_url(running.base_url))
    answers = await asyncio.gather(*(running.redeem(code) for _ in range(50)))
    assert [answer.status_code for answer in answers].count(200) == 1


async def test_the_parallel_test_would_notice_a_store_that_reads_before_it_deletes(running, person):
    running.northwind.store.__class__ = ReadThenDelete
    code = await person.code(authorize_url(running.base_url))
    answers = await asyncio.gather(*(running.redeem(code) for _ in range(50)))
    assert [answer.status_code for answer in answers].count(200) > 1


@pytest.mark.parametrize("defended", [True, False])
async def test_a_replayed_code_takes_the_tokens_of_the_first_use_with_it(
    running, person, monkeypatch, defended
):
    if not defended:
        without_alarm(monkeypatch, "_replayed")
    code = await person.code(authorize_url(running.base_url))
    first = (await running.redeem(code)).json()
    assert (await running.redeem(code)).status_code == 400
    assert await is_alive(running, first["access_token"]) is not defended


@pytest.mark.parametrize("defended", [True, False])
async def test_a_stolen_code_is_worth_nothing_without_its_verifier(running, person, monkeypatch, defended):
    if not defended:
        monkeypatch.setattr(tokens, "_proves", lambda verifier, code: True)
    code = await person.code(authorize_url(running.base_url))
    form = {"grant_type": "authorization_code", "code": code, "redirect_uri": CALLBACK}
    stolen = await running.post(
        "/oauth/token", {**form, "code_verifier": "the-attackers-own-verifier-" + VERIFIER}
    )
    assert (stolen.status_code == 400) is defended


@pytest.mark.parametrize("defended", [True, False])
@pytest.mark.parametrize("pkce", [{"code_challenge": None}, {"code_challenge_method": "plain"}])
async def test_pkce_cannot_be_left_out_or_weakened(running, person, monkeypatch, defended, pkce):
    if not defended:
        monkeypatch.setattr(authorize, "_challenge", lambda query: "x" * 43)
    answer = await person.answer(authorize_url(running.base_url, **pkce))
    assert ("code" not in query_of(answer)) is defended


# ---- redirects ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("defended", [True, False])
@pytest.mark.parametrize(
    "uri",
    [CALLBACK + "/../evil", CALLBACK + ".evil.example", CALLBACK + "?next=//evil.example", CALLBACK + "#x"],
)
async def test_a_redirect_uri_that_only_begins_like_the_registered_one_is_not_followed(
    running, person, monkeypatch, defended, uri
):
    if not defended:
        monkeypatch.setattr(
            authorize, "matches", lambda sent, known, **_: any(sent.startswith(one) for one in known)
        )
    answer = await person.answer(authorize_url(running.base_url, redirect_uri=uri))
    assert (answer.status_code == 400 and "location" not in answer.headers) is defended


@pytest.mark.parametrize("decision", ["allow", "deny"])
async def test_every_answer_says_whose_it_is(running, person, decision):
    answer = await person.answer(authorize_url(running.base_url), decision=decision)
    failed = await person.answer(authorize_url(running.base_url, scope="nonsense"))
    assert query_of(answer)["iss"] == query_of(failed)["iss"] == running.base_url


# ---- refresh tokens -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("defended", [True, False])
async def test_a_replayed_refresh_token_takes_its_children_with_it(running, monkeypatch, defended):
    if not defended:
        without_alarm(monkeypatch, "_reused")
    first = await running.tokens()
    child = (await running.refresh(first["refresh_token"])).json()
    assert (await running.refresh(first["refresh_token"])).status_code == 400
    assert await is_alive(running, child["access_token"]) is not defended
    assert (await running.refresh(child["refresh_token"])).status_code == (400 if defended else 200)


@pytest.mark.parametrize("defended", [True, False])
async def test_a_refresh_cannot_widen_what_the_person_gave(running, monkeypatch, defended):
    if not defended:
        monkeypatch.setattr(tokens, "within", lambda asked, allowed: asked)
    given = await running.tokens("deals.read")
    form = {
        "grant_type": "refresh_token",
        "refresh_token": given["refresh_token"],
        "scope": "deals.read deals.write",
    }
    assert ((await running.post("/oauth/token", form)).status_code == 400) is defended


@pytest.mark.parametrize("credentials", [("valetkey", "guess"), ("nobody", "guess"), ("valetkey", "")])
async def test_without_the_clients_secret_a_refresh_token_is_worth_nothing(running, credentials):
    given = await running.tokens()
    form = {"grant_type": "refresh_token", "refresh_token": given["refresh_token"]}
    answer = await running.http.post(f"{running.base_url}/oauth/token", data=form, auth=credentials)
    assert answer.status_code == 401
    bare = await running.http.post(f"{running.base_url}/oauth/token", data={**form, "client_id": "valetkey"})
    assert bare.status_code == 401
    assert await is_alive(running, given["access_token"])


# ---- the consent form ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("defended", [True, False])
async def test_another_site_cannot_press_allow(running, person, monkeypatch, defended):
    if not defended:
        monkeypatch.setattr(Browser, "owns", lambda self, csrf: True)
    url = authorize_url(running.base_url)
    await person.open(url)
    forged = await person.http.post(url, data={"decision": "allow", "scope": "deals.read"})
    assert (forged.status_code == 403) is defended


async def test_a_consent_of_one_browser_is_no_use_in_another(running, person):
    url = authorize_url(running.base_url)
    form = {**hidden((await person.open(url)).text), "decision": "allow", "scope": "deals.read"}
    async with httpx.AsyncClient(trust_env=False) as stranger:
        assert (await stranger.post(url, data=form)).status_code == 403
