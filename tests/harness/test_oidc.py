"""The OAuth server that is our witness does what its tests rely on."""

from __future__ import annotations

import base64
import hashlib
import secrets
from collections.abc import Iterator

import httpx
import pytest

from tests.harness.oidc import OidcProvider
from tests.harness.waiting import until
from tests.harness.walker import Walker

REDIRECT = "https://valetkey.example/oauth/callback/reg_1"


class Client:
    """An OAuth client by hand, for this file only."""

    def __init__(self, provider: OidcProvider) -> None:
        self.provider = provider
        provider.add_client("app", REDIRECT, "s3cret")
        self.verifier = secrets.token_urlsafe(32)

    def url(self, scope: str, *, pkce: bool = True) -> str:
        digest = hashlib.sha256(self.verifier.encode()).digest()
        query = {
            "client_id": "app",
            "redirect_uri": REDIRECT,
            "response_type": "code",
            "scope": scope,
            "state": "s1",
        }
        if pkce:
            query["code_challenge"] = base64.urlsafe_b64encode(digest).rstrip(b"=").decode()
            query["code_challenge_method"] = "S256"
        return str(httpx.URL(f"{self.provider.url}/auth", params=query))

    def authorize(self, walker: Walker, scope: str, login: str = "ada") -> dict[str, str]:
        walker.open(self.url(scope))
        walker.submit("/login", login=login)
        return walker.submit("/consent").query

    def token(self, grant_type: str, **form: str) -> httpx.Response:
        fields = {"grant_type": grant_type, "redirect_uri": REDIRECT, "code_verifier": self.verifier, **form}
        return self.provider.http.post("/token", data=fields, auth=("app", "s3cret"))

    def tokens(self, walker: Walker, scope: str, login: str = "ada") -> dict[str, str]:
        answer = self.token("authorization_code", code=self.authorize(walker, scope, login)["code"])
        assert answer.status_code == 200, answer.text
        return answer.json()

    def get(self, path: str, access_token: str) -> httpx.Response:
        return self.provider.http.get(path, headers={"Authorization": f"Bearer {access_token}"})


@pytest.fixture
def client(oidc_provider: OidcProvider) -> Iterator[Client]:
    yield Client(oidc_provider)


def test_a_person_signs_in_agrees_and_the_client_reads_with_the_token(client: Client, walker: Walker) -> None:
    answer = client.authorize(walker, "items.read")
    assert answer["iss"] == client.provider.url
    token = client.token("authorization_code", code=answer["code"]).json()
    assert client.get("/api/me", token["access_token"]).json() == {"id": "ada", "email": "ada@example.com"}
    assert client.get("/api/items", token["access_token"]).json()["next"] == "10"
    [grant] = client.provider.grants("ada")
    assert (grant["access_tokens"], grant["refresh_tokens"]) == (1, 1)


def test_no_pkce_no_authorization(client: Client, walker: Walker) -> None:
    assert walker.open(client.url("items.read", pkce=False)).query["error"] == "invalid_request"


def test_a_person_may_give_fewer_scopes_or_none(client: Client, walker: Walker) -> None:
    walker.open(client.url("items.read items.write"))
    walker.submit("/login", login="ada")
    code = walker.submit("/consent", scope=["items.read"]).query["code"]
    assert client.token("authorization_code", code=code).json()["scope"] == "items.read"
    walker.open(client.url("items.read"))
    assert walker.submit("/deny").query["error"] == "access_denied"


def test_a_scope_that_was_not_given_is_refused_by_the_api(client: Client, walker: Walker) -> None:
    token = client.tokens(walker, "items.read")["access_token"]
    refused = client.provider.http.post(
        "/api/items", json={"name": "x"}, headers={"Authorization": f"Bearer {token}"}
    )
    assert refused.status_code == 403
    assert refused.json()["scope"] == "items.write"


def test_a_refresh_token_used_twice_ends_the_whole_grant(client: Client, walker: Walker) -> None:
    first = client.tokens(walker, "items.read")["refresh_token"]
    assert client.token("refresh_token", refresh_token=first).status_code == 200
    assert client.token("refresh_token", refresh_token=first).json()["error"] == "invalid_grant"
    assert client.provider.tokens(alive=True) == []


def test_revoking_one_authorization_leaves_the_accounts_others_alive(client: Client, walker: Walker) -> None:
    old, new = client.tokens(walker, "items.read"), client.tokens(Walker(), "items.read")
    form = {"token": old["refresh_token"]}
    client.provider.http.post("/token/revocation", data=form, auth=("app", "s3cret")).raise_for_status()
    assert client.get("/api/me", old["access_token"]).status_code == 401
    assert client.get("/api/me", new["access_token"]).status_code == 200


@pytest.mark.parametrize("oidc_provider", [{"ttl": {"AccessToken": 1}}], indirect=True)
def test_a_short_life_is_short(client: Client, walker: Walker) -> None:
    token = client.tokens(walker, "items.read")["access_token"]
    until(lambda: client.get("/api/me", token).status_code == 401, within_s=4)
    assert client.provider.tokens("AccessToken", alive=True) == []


def test_a_disturbed_endpoint_recovers_after_as_many_times_as_said(client: Client) -> None:
    client.provider.switch("/token", status=503, times=2)
    answers = [client.token("refresh_token", refresh_token="x").status_code for _ in range(3)]
    assert answers == [503, 503, 400]
    assert [one["status"] for one in client.provider.requests("/token")] == answers


def test_an_account_that_removed_the_app_is_forgotten(client: Client, walker: Walker) -> None:
    token = client.tokens(walker, "items.read")
    client.provider.forget("ada")
    assert client.get("/api/me", token["access_token"]).status_code == 401
    assert (
        client.token("refresh_token", refresh_token=token["refresh_token"]).json()["error"] == "invalid_grant"
    )
