from __future__ import annotations

import pytest

from tests.core.authserver.desk import API, ISSUER, Desk, credentials


@pytest.mark.parametrize("who", ["app", "api"])
async def test_the_client_itself_and_a_resource_server_see_a_live_token(who):
    desk = Desk()
    tokens = await desk.tokens()
    body = (await desk.introspect(tokens["access_token"], **credentials(who))).body
    assert body == {
        "active": True,
        "scope": "read write",
        "client_id": "app",
        "sub": "ada",
        "aud": [API],
        "iss": ISSUER,
        "iat": desk.now_ms // 1000,
        "exp": desk.now_ms // 1000 + 120,
        "token_type": "Bearer",
    }


async def test_another_client_learns_nothing_of_a_token():
    desk = Desk()
    tokens = await desk.tokens()
    assert (await desk.introspect(tokens["access_token"], client_id="other")).body == {"active": False}


async def test_expired_revoked_used_and_unknown_tokens_look_the_same():
    desk = Desk()
    tokens = await desk.tokens()
    fresh = (await desk.refresh(tokens["refresh_token"])).body
    await desk.revoke(token=fresh["access_token"])
    desk.later(121)
    for token in (tokens["access_token"], tokens["refresh_token"], fresh["access_token"], "unknown"):
        assert (await desk.introspect(token)).body == {"active": False}
    assert (await desk.introspect(fresh["refresh_token"])).body["active"] is True


async def test_without_a_proven_client_there_is_no_introspection():
    desk = Desk()
    tokens = await desk.tokens()
    for change in (
        {"client_secret": "wrong"},
        {"client_id": None},
        {"client_id": "spa", "client_secret": None},
    ):
        answer = await desk.introspect(tokens["access_token"], **change)
        assert (answer.status, answer.body["error"]) == (401, "invalid_client")
