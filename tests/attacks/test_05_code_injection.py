"""Row 5: an authorization code of another flow, injected into the attacker's own, is refused by the provider.

Mallory has read the victim's answer off somewhere before the victim's browser opened it. State, cookie and user are her own
and fit; only PKCE tells that the code is not: the verifier of her flow is not the one the code was made for.
Source: RFC 7636, RFC 9700 section 4.5. The mutation: every flow has the same verifier, which is no PKCE.
"""

from __future__ import annotations

import hashlib
from base64 import urlsafe_b64encode
from pathlib import Path
from typing import Any

import httpx
import pytest

from core import oauth
from core.connector import Connector, OAuth2, PkceOff, Scope
from core.registry import load, problems
from core.secret import Secret
from tests.attacks.conftest import Weaken
from tests.attacks.interception import answer_of, caught, changed, parameter
from tests.flows.stage import Stage
from tests.harness.scene import CLIENT_SECRET
from tests.harness.service import Service
from tests.harness.walker import Walker

MALLORY, VICTIM = "mallory", "u-victim"
TOKEN = {"northwind": "/oauth/token", "oidcp": "/token"}


def no_pkce(weaken: Weaken) -> None:
    weaken(oauth, "new_verifier", lambda: Secret("v" * 43))


def test_a_code_of_the_victim_in_mallorys_flow_is_refused_by_the_provider(
    stage: Stage, walker: Walker, defended: bool, weaken: Weaken
) -> None:
    no_pkce(weaken)
    stolen = parameter(answer_of(stage, walker, stage.session(VICTIM, [stage.read]), "ada"), "code")
    session = stage.session(MALLORY, [stage.read])
    with Walker() as mallory:
        own = answer_of(stage, mallory, session, "ben")
        code = mallory.open(changed(own, code=stolen)).message["code"]
    answer = stage.assistant.confirm(session["id"], MALLORY, code)
    if defended:
        assert (answer.status_code, answer.json()["code"]) == (502, "provider_error")
        assert stage.asked("token") == [400]  # the provider's word, not ours
        assert (stage.assistant.grants(), stage.live()) == ([], [])
        assert stage.assistant.session(session["id"])["status"] == "failed"
    else:
        assert "ada" in answer.json()["grant"]["account"]["label"]
        assert stage.call(stage.read, user=MALLORY).status_code == 200


def test_the_injected_code_is_of_no_use_afterwards_in_the_victims_flow_either(
    stage: Stage, walker: Walker
) -> None:
    """One grant at most comes of a code, whoever tried it first; here the victim's, or none."""
    session = stage.session(VICTIM, [stage.read])
    theirs = answer_of(stage, walker, session, "ada")
    with Walker() as mallory:
        own = stage.session(MALLORY, [stage.read])
        code = mallory.open(
            changed(answer_of(stage, mallory, own, "ben"), code=parameter(theirs, "code"))
        ).message["code"]
    stage.assistant.confirm(own["id"], MALLORY, code)
    stage.assistant.confirm(session["id"], VICTIM, walker.open(theirs).message["code"])
    assert {grant["user"] for grant in stage.assistant.grants()} <= {VICTIM}


@pytest.mark.parametrize("verifier", [None, "x" * 43, "the challenge"])
def test_a_caught_code_and_our_clients_secret_open_nothing_without_the_verifier(
    stage: Stage, walker: Walker, verifier: str | None
) -> None:
    """Who holds the workspace's client secret too, and redeems beside us."""
    session = stage.session(VICTIM, [stage.read])
    asked = authorization_request(walker, session)
    walker.open(asked)
    code = parameter(caught(walker, lambda: stage.provider.consent(walker, "ada")), "code")
    form = {
        "grant_type": "authorization_code",
        "code": code,
        "redirect_uri": stage.registration["redirect_uri"],
    }
    if verifier is not None:
        form["code_verifier"] = (
            parameter(asked, "code_challenge") if verifier == "the challenge" else verifier
        )
    url = f"{stage.provider.url}{TOKEN[stage.provider.slug]}"  # type: ignore[attr-defined]
    answer = httpx.post(url, data=form, auth=(stage.client, CLIENT_SECRET), trust_env=False)
    assert answer.status_code == 400
    assert stage.live() == []


def authorization_request(walker: Walker, session: dict[str, Any]) -> str:
    """Where our consent page sends the browser."""
    walker.open(session["url"])
    return walker.submit("/approve", follow=False).response.headers["location"]


def test_every_flow_has_a_challenge_of_its_own(
    stage: Stage, walker: Walker, defended: bool, weaken: Weaken
) -> None:
    no_pkce(weaken)
    session = stage.session(VICTIM, [stage.read])
    asked = [authorization_request(walker, session) for _ in range(3)]
    assert {parameter(url, "code_challenge_method") for url in asked} == {"S256"}
    seen = [parameter(url, "code_challenge") for url in asked]
    assert (len(set(seen)) == 3) is defended
    fixed = urlsafe_b64encode(hashlib.sha256(b"v" * 43).digest()).decode().rstrip("=")
    assert (seen[0] == fixed) is not defended  # S256, and of the verifier


def test_the_verifier_never_leaves_towards_the_browser(stage: Stage, walker: Walker) -> None:
    """S256 keeps it from whoever reads the authorization request; it stands sealed until the code is redeemed."""
    session = stage.session(VICTIM, [stage.read])
    asked = authorization_request(walker, session)
    assert "code_verifier" not in asked + walker.open(session["url"]).text
    sealed = stage.rows("SELECT kind, body FROM secrets WHERE owner = ?", session["id"])
    assert [row["kind"] for row in sealed] == ["verifier"]


# ---- a connector without ------------------------------------------------------------------------------------


def a_connector(pkce: Any) -> Connector:
    return Connector(
        slug="acme",
        title="Acme",
        category="other",
        api_url="https://acme.example",
        oauth=OAuth2(
            authorize_url="https://acme.example/authorize", token_url="https://acme.example/token", pkce=pkce
        ),
        scopes=[Scope("read", "Items", "read items")],
        manage_url="https://acme.example/apps",
        cannot=["write"],
    )


@pytest.mark.parametrize("reason", ["", "  "])
def test_a_connector_cannot_switch_it_off_without_a_written_reason(reason: str) -> None:
    told = [str(problem) for problem in problems(a_connector(PkceOff(reason)), development=False)]
    assert any("PKCE is off without a reason" in line for line in told)
    with_it = problems(a_connector(PkceOff("the provider refuses the parameter")), development=False)
    assert not any("PKCE" in str(problem) for problem in with_it)


def test_the_check_prints_the_reason_and_only_two_built_in_connectors_have_one(tmp_path: Path) -> None:
    """Of Pipedrive and Notion; both prove their client by its secret instead."""
    off = {name: one for name, one in load().connectors.items() if one.oauth.pkce != "S256"}
    assert set(off) == {"notion", "pipedrive"}
    assert all(isinstance(one.oauth.pkce, PkceOff) and one.oauth.pkce.reason for one in off.values())
    assert all(one.oauth.client_auth == "client_secret_basic" for one in off.values())
    (tmp_path / "more").mkdir()
    (tmp_path / "more" / "acme.py").write_text(WITHOUT_PKCE)
    service = Service(tmp_path / "service", env={"VALETKEY_CONNECTORS_PATH": str(tmp_path / "more")})
    told = service.cli("connectors", "check", "acme", check=False).stdout
    assert "(PKCE off: the provider answers 400 to the parameter)" in told
    service.close()


WITHOUT_PKCE = '''
from core.connector import Account, Api, Connector, OAuth2, PkceOff, Scope

acme = Connector(
    slug="acme", title="Acme", category="other", api_url="https://acme.example",
    oauth=OAuth2(
        authorize_url="https://acme.example/authorize", token_url="https://acme.example/token",
        pkce=PkceOff("the provider answers 400 to the parameter"),
    ),
    scopes=[Scope("read", "Items", "read items")], manage_url="https://acme.example/apps", cannot=["write"],
)


@acme.account
async def account(api: Api) -> Account:
    """Whoever."""
    return Account("a", "a")


@acme.tool(scopes=["read"], risk="read", sees="nothing")
async def look(api: Api) -> None:
    """Look."""
'''
