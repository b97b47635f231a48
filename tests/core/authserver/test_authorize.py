from __future__ import annotations

from urllib.parse import urlsplit

import msgspec
import pytest

from core.authserver import AuthorizationRequest, Parameters, Redirect, Refusal, approve, begin, deny
from tests.core.authserver.desk import CALLBACK, CHALLENGE, ISSUER, Desk, asked, fields


async def test_a_good_request_waits_for_the_person_with_everything_the_page_needs():
    begun = await Desk().begin()
    assert isinstance(begun, AuthorizationRequest)
    assert (begun.client_name, begun.scopes, begun.state) == ("App", ("read", "write"), "st/1 +")


async def test_yes_goes_to_the_registered_uri_with_code_state_and_issuer_and_keeps_its_query():
    desk = Desk()
    begun = await desk.begin()
    answer = fields(await approve(desk.server, begun, "ada", begun.scopes))
    assert answer.keys() == {"tenant", "code", "state", "iss"}
    assert (answer["tenant"], answer["state"], answer["iss"]) == ("1", "st/1 +", ISSUER)
    assert len(answer["code"]) == 43


async def test_no_is_told_to_the_client_with_state_and_issuer():
    desk = Desk()
    answer = fields(deny(desk.server, await desk.begin()))
    assert (answer["error"], answer["state"], answer["iss"]) == ("access_denied", "st/1 +", ISSUER)


async def test_without_state_none_is_invented():
    assert "state" not in fields(await Desk().begin(state=None, scope="nonsense"))


@pytest.mark.parametrize("client_id", [None, "", "nobody", ["app", "app"]])
async def test_an_unknown_client_is_never_redirected_anywhere(client_id):
    assert isinstance(await Desk().begin(client_id=client_id), Refusal)


@pytest.mark.parametrize(
    "uri",
    [
        None,
        "https://app.example/callback",
        CALLBACK + "/",
        CALLBACK + "&x=1",
        CALLBACK.replace("https", "http"),
        CALLBACK.replace("app.example", "APP.example"),
        CALLBACK.replace("/callback", "/%63allback"),
        CALLBACK.replace("/callback", "/x/../callback"),
        CALLBACK.replace("app.example", "app.example:443"),
        CALLBACK.replace("app.example", "app.example@evil.example"),
        CALLBACK.replace("app.example", "app.example.evil.example"),
        CALLBACK + "#fragment",
        "//app.example/callback",
        "https://evil.example/",
        [CALLBACK, CALLBACK],
    ],
)
async def test_a_redirect_uri_that_differs_by_a_letter_is_never_followed(uri):
    assert isinstance(await Desk().begin(redirect_uri=uri), Refusal)


@pytest.mark.parametrize("client_id", ["app", "spa"])
@pytest.mark.parametrize(
    "pkce",
    [
        {"code_challenge": None},
        {"code_challenge_method": None},
        {"code_challenge_method": "plain"},
        {"code_challenge": None, "code_challenge_method": None},
        {"code_challenge": "short"},
        {"code_challenge": CHALLENGE + "a"},
        {"code_challenge": CHALLENGE[:-1] + "="},
    ],
)
async def test_pkce_s256_is_demanded_of_confidential_and_public_clients(client_id, pkce):
    uri = CALLBACK if client_id == "app" else "https://spa.example/cb"
    answer = fields(await Desk().begin(client_id=client_id, redirect_uri=uri, **pkce))
    assert (answer["error"], answer["iss"], answer["state"]) == ("invalid_request", ISSUER, "st/1 +")


@pytest.mark.parametrize(
    ("change", "error"),
    [
        ({"response_type": None}, "invalid_request"),
        ({"response_type": "token"}, "unsupported_response_type"),
        ({"response_type": "code token"}, "unsupported_response_type"),
        ({"response_mode": "fragment"}, "invalid_request"),
        ({"request": "eyJ"}, "request_not_supported"),
        ({"request_uri": "https://x.example"}, "request_uri_not_supported"),
        ({"scope": None}, "invalid_scope"),
        ({"scope": "read nonsense"}, "invalid_scope"),
        ({"scope": 'read "'}, "invalid_scope"),
        ({"resource": "https://elsewhere.example"}, "invalid_target"),
        ({"scope": ["read", "write"]}, "invalid_request"),
        ({"client_id": "narrow"}, "invalid_scope"),
        ({"prompt": ["login", "none"]}, "invalid_request"),
    ],
)
async def test_a_fault_of_the_client_is_told_to_it_by_redirect(change, error):
    answer = fields(await Desk().begin(**change))
    assert (answer["error"], answer["iss"]) == (error, ISSUER)


async def test_a_client_without_the_code_grant_gets_none():
    desk = Desk()
    desk.store.clients["app"] = type(desk.store.clients["app"])(
        client_id="app", name="App", redirect_uris=(CALLBACK,), secret_hashes=(b"x" * 32,), grant_types=()
    )
    assert fields(await desk.begin())["error"] == "unauthorized_client"


async def test_a_state_sent_twice_is_an_error_and_not_echoed():
    answer = fields(await Desk().begin(state=["a", "b"]))
    assert answer["error"] == "invalid_request" and "state" not in answer


async def test_the_error_description_holds_only_characters_the_standard_allows():
    redirect = await Desk().begin(scope='r\\"\u00e4 x')
    assert (
        '"' not in fields(redirect)["error_description"] and "\\" not in fields(redirect)["error_description"]
    )


async def test_only_what_was_asked_can_be_granted_and_nothing_ticked_is_a_no():
    desk = Desk()
    begun = await desk.begin(scope="read")
    await approve(desk.server, begun, "ada", ["read", "admin"])
    assert [each.scopes for each in desk.store.all_authorizations.values()] == [("read",)]
    assert fields(await approve(desk.server, begun, "ada", ["admin"]))["error"] == "access_denied"


async def test_a_native_app_may_use_any_port_of_its_loopback_address_and_nothing_else():
    desk = Desk()

    async def begun(uri: str) -> object:
        return await desk.begin(client_id="native", redirect_uri=uri)

    assert isinstance(await begun("http://127.0.0.1:51004/cb"), AuthorizationRequest)
    for uri in (
        "http://localhost:51004/cb",
        "http://127.0.0.1:51004/cb/more",
        "http://127.0.0.1:51004@evil.example/cb",
        "http://127.0.0.1:x/cb",
        "https://127.0.0.1:51004/cb",
        "http://127.0.0.2:51004/cb",
        "http://[::1]:51004/cb",
        "http://user@127.0.0.1:51004/cb",
    ):
        assert isinstance(await begun(uri), Refusal), uri
    desk.store.clients["named"] = msgspec.structs.replace(
        desk.store.clients["native"], client_id="named", redirect_uris=("http://localhost/cb",)
    )
    assert isinstance(await desk.begin(client_id="named", redirect_uri="http://localhost:51004/cb"), Refusal)
    desk.store.clients["app"] = desk.store.clients["native"].__class__(
        client_id="app", name="A", redirect_uris=("http://127.0.0.1/cb",), secret_hashes=(b"x" * 32,)
    )
    assert isinstance(await desk.begin(redirect_uri="http://127.0.0.1:51004/cb"), Refusal)


async def test_the_code_is_nowhere_in_the_store():
    desk = Desk()
    code = await desk.code()
    assert code not in repr(vars(desk.store))


async def test_begin_reads_a_query_string_as_a_browser_sends_it():
    begun = await begin(Desk().server, Parameters.parse(asked(scope="write  read write")))
    assert isinstance(begun, AuthorizationRequest) and begun.scopes == ("write", "read")


async def test_a_redirect_never_leaves_the_registered_place():
    redirect = await Desk().begin(scope="nope", state="x\r\nLocation: https://evil.example")
    assert isinstance(redirect, Redirect)
    assert urlsplit(redirect.location).netloc == "app.example" and "\n" not in redirect.location
