from __future__ import annotations

import asyncio

import pytest

from core.authserver.model import Client
from tests.core.authserver.desk import (
    API,
    CALLBACK,
    SECRET,
    VERIFIER,
    Desk,
    StoreElsewhere,
    basic,
    clients,
    credentials,
)


async def test_a_code_buys_an_access_and_a_refresh_token_and_says_what_was_granted():
    desk = Desk()
    answer = await desk.redeem(await desk.code(scopes=("read",)))
    assert answer.status == 200 and answer.headers["Cache-Control"] == "no-store"
    assert answer.body.keys() == {"access_token", "token_type", "expires_in", "refresh_token", "scope"}
    assert (answer.body["token_type"], answer.body["expires_in"], answer.body["scope"]) == (
        "Bearer",
        120,
        "read",
    )


async def test_tokens_are_256_bits_and_kept_only_as_hashes():
    desk = Desk()
    tokens = await desk.tokens()
    for name in ("access_token", "refresh_token"):
        assert len(tokens[name]) == 43 and tokens[name] not in repr(vars(desk.store))


async def test_a_second_use_of_a_code_ends_everything_the_first_bought():
    desk = Desk()
    code = await desk.code()
    first = (await desk.redeem(code)).body
    second = await desk.redeem(code)
    assert (second.status, second.body["error"]) == (400, "invalid_grant")
    assert not await desk.is_live(first["access_token"]) and not await desk.is_live(first["refresh_token"])


async def test_of_fifty_parallel_redemptions_exactly_one_is_answered_with_tokens():
    desk = Desk(store=StoreElsewhere(clients()))
    code = await desk.code()
    answers = await asyncio.gather(*(desk.redeem(code) for _ in range(50)))
    assert sorted(answer.status for answer in answers) == [200] + [400] * 49


async def test_a_code_lives_sixty_seconds():
    desk = Desk()
    code, late = await desk.code(), await desk.code()
    desk.later(59.9)
    assert (await desk.redeem(code)).status == 200
    desk.later(0.2)
    assert (await desk.redeem(late)).body["error"] == "invalid_grant"


@pytest.mark.parametrize(
    ("change", "error"),
    [
        ({"code_verifier": "w" * 43}, "invalid_grant"),
        ({"code_verifier": VERIFIER[:-1]}, "invalid_grant"),
        ({"code_verifier": VERIFIER + "\u00e4"}, "invalid_grant"),
        ({"code_verifier": None}, "invalid_request"),
        ({"redirect_uri": "https://app.example/callback"}, "invalid_grant"),
        ({"redirect_uri": None}, "invalid_request"),
        ({"code": "guess"}, "invalid_grant"),
        ({"code": None}, "invalid_request"),
        ({"grant_type": None}, "invalid_request"),
        ({"grant_type": "password"}, "unsupported_grant_type"),
        ({"client_id": "other"}, "invalid_grant"),
        ({"client_id": "api"}, "unauthorized_client"),
        ({"client_secret": "wrong"}, "invalid_client"),
        ({"resource": "https://second.example"}, "invalid_target"),
        ({"grant_type": ["authorization_code", "authorization_code"]}, "invalid_request"),
    ],
)
async def test_a_code_is_bought_only_with_the_right_proof(change, error):
    desk = Desk()
    answer = await desk.redeem(**{"code": await desk.code(), **change})
    assert answer.body["error"] == error and "access_token" not in answer.body
    assert answer.headers["Cache-Control"] == "no-store"
    assert desk.store.live(desk.now_ms) == []


async def test_a_code_shown_with_a_wrong_verifier_is_spent():
    desk = Desk()
    code = await desk.code()
    await desk.redeem(code, code_verifier="w" * 43)
    assert (await desk.redeem(code)).body["error"] == "invalid_grant"


async def test_another_client_can_neither_use_nor_spoil_a_code():
    desk = Desk()
    code = await desk.code()
    await desk.redeem(code, client_id="other")
    assert (await desk.redeem(code)).status == 200


async def test_a_code_of_an_ended_authorization_buys_nothing():
    desk = Desk()
    code = await desk.code()
    (authorization,) = desk.store.all_authorizations
    await desk.store.end(authorization, desk.now_ms)
    assert (await desk.redeem(code)).body["error"] == "invalid_grant"


async def test_a_refresh_token_is_replaced_at_each_use():
    desk = Desk()
    first = await desk.tokens()
    second = (await desk.refresh(first["refresh_token"])).body
    third = (await desk.refresh(second["refresh_token"])).body
    assert len({each["refresh_token"] for each in (first, second, third)}) == 3
    assert not await desk.is_live(second["refresh_token"]) and await desk.is_live(third["access_token"])


async def test_a_refresh_token_used_twice_ends_the_children_too():
    desk = Desk()
    first = await desk.tokens()
    second = (await desk.refresh(first["refresh_token"])).body
    assert (await desk.refresh(first["refresh_token"])).body["error"] == "invalid_grant"
    assert desk.store.live(desk.now_ms) == []
    assert (await desk.refresh(second["refresh_token"])).body["error"] == "invalid_grant"


async def test_of_twenty_parallel_refreshes_one_is_answered_and_the_family_ends():
    desk = Desk(store=StoreElsewhere(clients()))
    first = await desk.tokens()
    answers = await asyncio.gather(*(desk.refresh(first["refresh_token"]) for _ in range(20)))
    assert [answer.status for answer in answers].count(200) == 1
    assert desk.store.live(desk.now_ms) == []


async def test_a_refresh_token_works_for_its_own_client_only_and_survives_the_attempt():
    desk = Desk()
    tokens = await desk.tokens()
    assert (await desk.refresh(tokens["refresh_token"], client_id="other")).body["error"] == "invalid_grant"
    assert (await desk.refresh(tokens["refresh_token"])).status == 200


async def test_an_access_token_is_no_refresh_token():
    desk = Desk()
    tokens = await desk.tokens()
    assert (await desk.refresh(tokens["access_token"])).body["error"] == "invalid_grant"
    assert await desk.is_live(tokens["access_token"]) and await desk.is_live(tokens["refresh_token"])


async def test_an_expired_refresh_token_is_refused_without_alarm():
    desk = Desk()
    tokens = await desk.tokens()
    desk.later(desk.server.refresh_ttl_s + 1)
    assert (await desk.refresh(tokens["refresh_token"])).body["error"] == "invalid_grant"


async def test_a_refresh_can_ask_for_fewer_scopes_but_the_refresh_token_keeps_all():
    desk = Desk()
    narrow = (await desk.refresh((await desk.tokens())["refresh_token"], scope="read")).body
    assert narrow["scope"] == "read"
    whole = (await desk.refresh(narrow["refresh_token"])).body
    assert whole["scope"] == "read write"


async def test_a_refresh_that_asks_for_more_is_refused_and_spoils_nothing():
    desk = Desk()
    tokens = await desk.tokens(scopes=("read",))
    for scope in ("read write", "admin", "nonsense"):
        assert (await desk.refresh(tokens["refresh_token"], scope=scope)).body["error"] == "invalid_scope"
    assert (await desk.refresh(tokens["refresh_token"])).body["scope"] == "read"


async def test_a_token_is_for_the_resources_that_were_asked_for():
    desk = Desk()
    tokens = await desk.tokens(resource=[API, "https://second.example"])
    narrowed = (await desk.refresh(tokens["refresh_token"], resource=API)).body
    assert (await desk.introspect(narrowed["access_token"])).body["aud"] == [API]
    assert (await desk.refresh(narrowed["refresh_token"], resource="https://x.example")).body[
        "error"
    ] == "invalid_target"


# ---- client authentication ----------------------------------------------------------------------------------


async def test_basic_credentials_are_form_decoded():
    desk = Desk()
    tokens = await desk.tokens()
    answer = await desk.refresh(tokens["refresh_token"], header=basic(), client_id=None, client_secret=None)
    assert answer.status == 200


@pytest.mark.parametrize(
    "header",
    [
        basic(secret="wrong"),
        basic("nobody"),
        basic("post"),
        "Basic !!!",
        "Basic " + "YQ==",
        "Bearer abc",
        "",
        "Basic",
    ],
)
async def test_a_wrong_header_is_401_with_a_challenge(header):
    answer = await Desk().token(header=header, grant_type="refresh_token", refresh_token="x")
    assert (answer.status, answer.body["error"]) == (401, "invalid_client")
    assert answer.headers["WWW-Authenticate"].startswith("Basic ")


@pytest.mark.parametrize(
    "form",
    [
        {},
        {"client_id": "app"},
        {"client_id": "nobody"},
        {"client_id": "nobody", "client_secret": SECRET},
        {"client_id": "app", "client_secret": ""},
        {"client_id": "spa", "client_secret": SECRET},
        {"client_id": "spa", "client_secret": "x"},
    ],
)
async def test_a_client_that_does_not_prove_itself_its_own_way_is_refused(form):
    answer = await Desk().token(grant_type="refresh_token", refresh_token="x", **form)
    assert (answer.status, answer.body["error"]) == (401, "invalid_client")


async def test_two_ways_of_authentication_at_once_are_refused():
    desk = Desk()
    for form in (credentials(), {"client_id": "other"}):
        answer = await desk.token(header=basic(), grant_type="refresh_token", refresh_token="x", **form)
        assert answer.body["error"] == "invalid_request"


async def test_a_public_client_redeems_with_its_id_and_the_verifier():
    desk = Desk()
    uri = "https://spa.example/cb"
    code = await desk.code(client_id="spa", redirect_uri=uri)
    assert (await desk.redeem(code, client_id="spa", client_secret=None, redirect_uri=uri)).status == 200


def test_a_client_has_secrets_or_is_public_and_never_both():
    for values in ({"auth_methods": ("none",), "secret_hashes": (b"x",)}, {"secret_hashes": ()}):
        with pytest.raises(ValueError):
            Client(client_id="x", name="X", redirect_uris=(CALLBACK,), **values)


@pytest.mark.parametrize(
    "uri",
    [
        "http://app.example/cb",
        "https://app.example/cb#x",
        "/cb",
        "javascript:alert(1)",
        "https://a b/",
        "https://u@x/",
        "",
    ],
)
def test_a_redirect_uri_that_nobody_should_have_cannot_be_registered(uri):
    with pytest.raises(ValueError):
        Client(client_id="x", name="X", redirect_uris=(uri,), secret_hashes=(b"x",))
