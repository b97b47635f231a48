from __future__ import annotations

import pytest

from core.authserver import BearerRefused, ScopeRefused, bearer
from tests.core.authserver.desk import API, Desk


async def test_a_live_token_opens_what_its_scopes_cover():
    desk = Desk()
    tokens = await desk.tokens()
    held = await bearer(desk.server, f"bearer {tokens['access_token']}", resource=API, scopes=["read"])
    assert (held.authorization.subject, held.token.scopes) == ("ada", ("read", "write"))


@pytest.mark.parametrize("header", [None, "", "Bearer", "Bearer  ", "Basic abc"])
async def test_without_a_token_the_challenge_names_no_error(header):
    with pytest.raises(BearerRefused) as refused:
        await bearer(Desk().server, header, resource=API)
    assert refused.value.status == 401 and "error=" not in refused.value.challenge


async def test_a_dead_token_and_a_refresh_token_are_refused():
    desk = Desk()
    tokens = await desk.tokens()
    desk.later(120)
    for token in (tokens["access_token"], tokens["refresh_token"], "made-up"):
        with pytest.raises(BearerRefused) as refused:
            await bearer(desk.server, f"Bearer {token}", resource=API)
        assert 'error="invalid_token"' in refused.value.challenge


async def test_a_token_for_another_audience_is_refused():
    desk = Desk()
    tokens = await desk.tokens(resource="https://second.example")
    with pytest.raises(BearerRefused):
        await bearer(desk.server, f"Bearer {tokens['access_token']}", resource=API)


async def test_a_token_that_is_too_narrow_is_403_and_the_challenge_says_what_would_do():
    desk = Desk()
    tokens = await desk.tokens(scopes=("read",))
    with pytest.raises(ScopeRefused) as refused:
        await bearer(desk.server, f"Bearer {tokens['access_token']}", resource=API, scopes=["read", "write"])
    assert refused.value.status == 403
    assert (
        'error="insufficient_scope"' in refused.value.challenge
        and 'scope="read write"' in refused.value.challenge
    )


async def test_a_narrowed_token_cannot_do_what_it_was_narrowed_from():
    desk = Desk()
    narrow = (await desk.refresh((await desk.tokens())["refresh_token"], scope="read")).body
    with pytest.raises(ScopeRefused):
        await bearer(desk.server, f"Bearer {narrow['access_token']}", resource=API, scopes=["write"])
