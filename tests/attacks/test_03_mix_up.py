"""Row 3: mix-up of providers and cross-tool account takeover.

A workspace has installed the connector `hostile` beside an honest one. Its authorization endpoint sends the browser on to the
honest provider, with the honest registration's client and redirect URI and its own flow's state and PKCE challenge: if the
answer were taken for its own, the honest provider's code and the verifier would go to the hostile token endpoint.
Sources: RFC 9207, RFC 9700 section 4.4, draft-ietf-oauth-security-topics-update (cross-tool account takeover).
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any
from urllib.parse import urlencode

import pytest

from core import connecting, oauth
from core.ids import token_hash
from core.model import ConnectSession
from tests.attacks.conftest import Weaken
from tests.attacks.hostile import HostileProvider, Query
from tests.attacks.interception import answer_of, changed, parameter
from tests.flows.stage import Stage
from tests.harness.walker import Walker

VICTIM = "u-victim"


@pytest.fixture
def hostile(stage: Stage) -> Iterator[HostileProvider]:
    """Registered in the stage's workspace. It sends the browser to the honest provider's authorization endpoint."""
    one = HostileProvider(lambda query: honest_address(stage, query))
    one.register(stage.workspace)
    yield one
    one.close()


def honest_address(stage: Stage, query: Query, **instead: str) -> str:
    """The hostile flow's request, made out for the honest registration: nothing in it is secret."""
    path = {"northwind": "/oauth/authorize", "oidcp": "/auth"}[stage.provider.slug]
    own = {
        "client_id": stage.client,
        "redirect_uri": stage.registration["redirect_uri"],
        "scope": stage.read_scope,
    }
    return f"{stage.provider.url}{path}?{urlencode({**query, **own, **instead})}"  # type: ignore[attr-defined]


def one_redirect_uri_for_all(weaken: Weaken) -> None:
    """The mutation: the state alone says whose answer it is, wherever it arrives."""
    strict = connecting.callback

    async def by_state_alone(house: Any, registration: str, query: Any, browser_of: Any) -> Any:
        digest = token_hash(query.get("state", ""))
        found = await house.store.one("session_by_state", ConnectSession, state_hash=digest)
        return await strict(house, found.registration if found else registration, query, browser_of)

    weaken(connecting, "callback", by_state_alone)


async def any_issuer(*_: Any) -> None:
    """The mutation: an answer is believed whoever sent it."""


def test_an_answer_bounced_to_another_connectors_address_gives_the_hostile_one_nothing(
    stage: Stage, hostile: HostileProvider, walker: Walker, defended: bool, weaken: Weaken
) -> None:
    one_redirect_uri_for_all(weaken)
    session = stage.assistant.new_session(VICTIM, "hostile", ["hostile.look"])
    walker.open(session["url"])
    walker.submit("/approve")
    page = stage.provider.consent(walker, "ada")  # the victim trusts this provider, and Valetkey's name there
    code = page.message.get("code") or "a" * 43
    stage.assistant.confirm(session["id"], VICTIM, code)
    assert (hostile.told == []) is defended
    assert any("code_verifier" in form for form in hostile.told) is not defended
    assert stage.asked("token") == []
    if defended:
        assert page.code == "mix_up"
        assert stage.assistant.session(session["id"])["error"]["code"] == "mix_up"
        assert stage.rows("SELECT kind FROM secrets WHERE owner = ?", session["id"]) == []


def test_the_honest_provider_sends_nothing_to_the_hostile_address(
    stage: Stage, hostile: HostileProvider, walker: Walker
) -> None:
    """With its own redirect URI instead, the provider refuses: every registration has one, and this one is not its."""
    address = hostile.register(stage.workspace)["redirect_uri"]
    hostile.bounce = lambda query: honest_address(stage, query, redirect_uri=address)
    walker.open(stage.assistant.new_session(VICTIM, "hostile", ["hostile.look"])["url"])
    page = walker.submit("/approve")
    assert (page.status, page.left_to) == (400, None)
    assert page.url.startswith(stage.provider.url)  # type: ignore[attr-defined]


def test_every_registration_has_an_address_of_its_own(stage: Stage, hostile: HostileProvider) -> None:
    other = stage.service.workspace("Other")
    addresses = [
        stage.registration["redirect_uri"],
        hostile.register(stage.workspace)["redirect_uri"],
        stage.register(other)["redirect_uri"],
        hostile.register(other)["redirect_uri"],
    ]
    assert len(set(addresses)) == len(addresses)
    other.close()


def test_an_answer_at_another_workspaces_address_is_not_taken(
    stage: Stage, walker: Walker, defended: bool, weaken: Weaken
) -> None:
    """The same provider, two workspaces, two clients there: a flow of one cannot be finished through the other."""
    one_redirect_uri_for_all(weaken)
    other = stage.service.workspace("Other")
    elsewhere = stage.register(other)["redirect_uri"]
    session = stage.session(VICTIM, [stage.read])
    answer = answer_of(stage, walker, session)
    walker.open(answer.replace(stage.registration["redirect_uri"], elsewhere))
    seen = stage.assistant.session(session["id"])
    assert (seen["status"] == "failed" and seen["error"]["code"] == "mix_up") is defended
    assert (seen["status"] == "authorized") is not defended
    assert stage.asked("token") == []
    other.close()


ISSUERS = [None, "", "https://evil.example", "{own}/", "{own}.evil.example", "{OWN}"]


def test_an_answer_of_another_issuer_is_not_taken(stage: Stage, defended: bool, weaken: Weaken) -> None:
    """RFC 9207: at the right address, for the right state, but said by another server, or without saying."""
    weaken(oauth, "check_answer", any_issuer)
    own = stage.provider.url  # type: ignore[attr-defined]
    for issuer in ISSUERS:
        session = stage.session(VICTIM, [stage.read])
        with Walker() as walker:
            answer = answer_of(stage, walker, session)
            said = issuer.format(own=own, OWN=own.upper()) if issuer is not None else None
            page = walker.open(changed(answer, iss=said))
            seen = stage.assistant.session(session["id"])
            assert (seen["status"] == "failed" and seen["error"]["code"] == "mix_up") is defended, issuer
            assert (seen["status"] == "authorized") is not defended, issuer
            if defended:
                assert parameter(answer, "code") not in page.text
                assert walker.open(answer).status == 400  # the true answer comes to an ended session
    assert stage.asked("token") == []


def test_an_answer_that_says_something_twice_is_not_taken(stage: Stage, walker: Walker) -> None:
    """Two readers could take different ones. Source: RFC 6749 section 3.1."""
    session = stage.session(VICTIM, [stage.read])
    answer = answer_of(stage, walker, session)
    for name in ("iss", "state", "code"):
        page = walker.open(f"{answer}&{name}=https%3A%2F%2Fevil.example")
        assert (page.status, page.code) == (400, "invalid_request")
    assert stage.assistant.session(session["id"])["status"] == "consented"
    assert walker.open(answer).message["code"]  # and the true one is


def test_a_refusal_in_anothers_name_is_not_believed_either(
    stage: Stage, walker: Walker, defended: bool, weaken: Weaken
) -> None:
    """`error` without the issuer: the session fails as a mix-up, it is not told as the person's No."""
    weaken(oauth, "check_answer", any_issuer)
    session = stage.session(VICTIM, [stage.read])
    answer = answer_of(stage, walker, session)
    walker.open(changed(answer, iss=None, code=None, error="access_denied"))
    assert (stage.assistant.session(session["id"])["status"] == "failed") is defended
