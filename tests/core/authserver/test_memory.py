"""What every store has to keep to, shown on the one in memory."""

from __future__ import annotations

from core.authserver import Token
from core.ids import token_hash
from tests.core.authserver.desk import Desk


def a_token(desk: Desk, authorization_id: str) -> Token:
    return Token(
        token_hash=token_hash("a new one"),
        kind="access",
        authorization_id=authorization_id,
        scopes=("read",),
        resources=(),
        issued_at=desk.now_ms,
        expires_at=desk.now_ms + 1000,
    )


async def test_no_token_is_kept_under_an_authorization_that_has_ended():
    desk = Desk()
    code = await desk.code()
    (authorization,) = desk.store.all_authorizations
    await desk.store.end(authorization, desk.now_ms)
    token = a_token(desk, authorization)
    assert await desk.store.spend_code(token_hash(code), [token], desk.now_ms) is False
    assert desk.store.all_tokens == {}


async def test_a_refresh_token_turns_into_others_once_and_not_after_the_end():
    desk = Desk()
    first, second = await desk.tokens(), await desk.tokens()
    spent, ended = (token_hash(each["refresh_token"]) for each in (first, second))
    authorization = desk.store.all_tokens[spent].authorization_id
    token = a_token(desk, authorization)
    assert await desk.store.rotate(spent, [token], desk.now_ms) is True
    assert await desk.store.rotate(spent, [token], desk.now_ms) is False
    other = desk.store.all_tokens[ended].authorization_id
    await desk.store.end(other, desk.now_ms)
    lost = a_token(desk, other)
    before = dict(desk.store.all_tokens)
    assert await desk.store.rotate(ended, [lost], desk.now_ms) is False
    assert desk.store.all_tokens.keys() == before.keys()


async def test_an_access_token_and_a_revoked_one_cannot_be_rotated():
    desk = Desk()
    tokens = await desk.tokens()
    access, refresh = token_hash(tokens["access_token"]), token_hash(tokens["refresh_token"])
    assert await desk.store.rotate(access, [], desk.now_ms) is False
    await desk.store.revoke_token(refresh, desk.now_ms)
    assert await desk.store.rotate(refresh, [], desk.now_ms) is False


async def test_one_of_two_ends_an_authorization():
    desk = Desk()
    await desk.code()
    (authorization,) = desk.store.all_authorizations
    assert [await desk.store.end(authorization, desk.now_ms) for _ in range(2)] == [True, False]
    assert await desk.store.end("unknown", desk.now_ms) is False


async def test_what_has_expired_is_forgotten_and_what_lives_is_not():
    desk = Desk()
    old = await desk.tokens()
    desk.later(121)
    fresh = await desk.tokens()
    for _ in range(500):
        fresh = (await desk.refresh(fresh["refresh_token"])).body
    assert token_hash(old["access_token"]) not in desk.store.all_tokens
    assert await desk.is_live(old["refresh_token"]) and await desk.is_live(fresh["access_token"])
