from __future__ import annotations

from tests.core.authserver.desk import Desk, basic


async def test_revoking_a_refresh_token_kills_its_access_tokens():
    desk = Desk()
    tokens = await desk.tokens()
    later = (await desk.refresh(tokens["refresh_token"])).body
    assert (await desk.revoke(token=later["refresh_token"], token_type_hint="refresh_token")).status == 200
    assert desk.store.live(desk.now_ms) == []


async def test_revoking_an_access_token_leaves_the_refresh_token():
    desk = Desk()
    tokens = await desk.tokens()
    assert (await desk.revoke(token=tokens["access_token"])).status == 200
    assert not await desk.is_live(tokens["access_token"]) and await desk.is_live(tokens["refresh_token"])


async def test_a_refresh_token_that_was_already_exchanged_still_ends_the_family():
    desk = Desk()
    tokens = await desk.tokens()
    await desk.refresh(tokens["refresh_token"])
    await desk.revoke(token=tokens["refresh_token"])
    assert desk.store.live(desk.now_ms) == []


async def test_an_unknown_token_and_a_second_revocation_are_answered_200():
    desk = Desk()
    tokens = await desk.tokens()
    for token in ("never-was", tokens["refresh_token"], tokens["refresh_token"]):
        assert (await desk.revoke(token=token, token_type_hint="made_up")).status == 200


async def test_a_client_cannot_revoke_what_is_not_its_own():
    desk = Desk()
    tokens = await desk.tokens()
    assert (await desk.revoke(token=tokens["refresh_token"], client_id="other")).status == 400
    assert await desk.is_live(tokens["refresh_token"])


async def test_revocation_needs_a_client_and_a_token():
    desk = Desk()
    answer = await desk.revoke(token="x", client_secret="wrong")
    assert answer.status == 401 and "WWW-Authenticate" in answer.headers
    assert (await desk.revoke()).body["error"] == "invalid_request"
    assert (await desk.revoke(token="x", header=basic(), client_id=None, client_secret=None)).status == 200


async def test_an_ended_authorization_is_off_the_persons_list():
    desk = Desk()
    tokens = await desk.tokens()
    assert len(await desk.store.authorizations("ada", desk.now_ms)) == 1
    assert await desk.store.authorizations("ben", desk.now_ms) == []
    await desk.revoke(token=tokens["refresh_token"])
    assert await desk.store.authorizations("ada", desk.now_ms) == []
