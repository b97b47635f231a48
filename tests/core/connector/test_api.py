"""Api: what a tool may send, what it gets back, and what a provider's refusal becomes."""

from __future__ import annotations

import asyncio
from typing import Any

import msgspec
import pytest

from core.connector import Api, MissingScope, Page
from core.errors import (
    InvalidConfig,
    Missing,
    ProviderError,
    ProviderRateLimited,
    ProviderTimeout,
    ReconnectRequired,
    ValetkeyError,
)
from core.http import Outbound
from tests.core.connector.acme import Contact, Tokens, api_of, connector
from tests.core.wire import Wire

ADA = {"id": "1", "email": "ada@example.com", "salary": 1, "nested": {"secret": "x"}}
VERBS = ["get", "post", "put", "patch", "delete"]


@pytest.mark.parametrize("verb", VERBS)
async def test_every_verb_carries_the_token_and_the_headers_and_decodes(
    verb: str, http: Outbound, wire: Wire
) -> None:
    wire.answer(verb.upper(), "/v3/contacts", json=ADA)
    api = api_of(connector(headers={"Acme-Version": "3"}), http, wire)
    found = await getattr(api, verb)(
        "/contacts", params={"fields": "id"}, headers={"X-One": "1"}, into=Contact
    )
    seen = wire.seen[0]
    assert found == Contact("1", "ada@example.com")
    assert (seen.headers["authorization"], seen.query) == ("Bearer first", {"fields": "id"})
    assert (seen.headers["acme-version"], seen.headers["x-one"]) == ("3", "1")


async def test_a_body_is_json_or_a_form(http: Outbound, wire: Wire) -> None:
    api = api_of(connector(auth_scheme="Token"), http, wire)
    wire.answer("POST", "/v3/x", 204)
    assert await api.post("/x", json={"a": [1]}) is None
    assert await api.post("/x", form={"a": "1"}) is None
    assert (wire.seen[0].json, wire.seen[1].body) == ({"a": [1]}, b"a=1")
    assert wire.seen[0].headers["authorization"] == "Token first"


async def test_without_a_type_the_json_comes_as_it_is_and_no_json_as_nothing(
    http: Outbound, wire: Wire
) -> None:
    wire.answer("GET", "/v3/x", json={"a": 1})
    wire.answer("GET", "/v3/x", body=b"OK")
    api = api_of(connector(), http, wire)
    assert [await api.get("/x"), await api.get("/x")] == [{"a": 1}, None]


@pytest.mark.parametrize(
    "body",
    [
        b"<html>sign in with s3cret",
        b'{"id": "s3cret"',
        b'{"id": 5, "x": "s3cret"}',
        b"[]",
        b"",
        b'"s3cret"',
        b"\xff\xfe",
    ],
)
async def test_another_form_than_declared_is_a_provider_error_without_the_body(
    body: bytes, http: Outbound, wire: Wire
) -> None:
    wire.answer("GET", "/v3/me", body=body, headers={"X-Request-Id": "req-1 \u00fc<b>"})
    with pytest.raises(ProviderError) as caught:
        await api_of(connector(), http, wire).get("/me", into=Contact)
    assert caught.value.fields == {"provider_status": 200, "provider_request_id": "req-1b"}
    assert "s3cret" not in str(caught.value)
    assert caught.value.__cause__ is None


# ---- where the token goes -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "path",
    [
        "/../admin", "/a/../../admin", "/%2e%2e/admin", "/a/%2E%2e%2Fadmin", "/..;/admin", "/a\\..\\admin", "//evil.example/x",
        "/x#y", "/./admin", "/a\nb", "/%252e%252e/admin",
    ],
)  # fmt: skip
async def test_a_path_cannot_step_out_of_the_api(path: str, http: Outbound, wire: Wire) -> None:
    with pytest.raises(ProviderError):
        await api_of(connector(), http, wire).get(path)
    assert wire.seen == []


async def test_an_argument_in_a_path_stays_one_segment(http: Outbound, wire: Wire) -> None:
    for value in ("a/b", "a?b=c", "a#b", "é ü", "100%", "a&b;c", "..a", "%2F"):
        wire.seen.clear()
        api = api_of(connector(), http, wire)
        with pytest.raises(Missing):
            await api.get(api.path("/contacts/{id}/notes", id=value))
        assert wire.seen[0].target.startswith("/v3/contacts/") and wire.seen[0].target.endswith("/notes")
        assert wire.seen[0].target.count("/") == 4 and not wire.seen[0].query


async def test_a_relative_path_is_never_glued_to_the_host(http: Outbound, wire: Wire) -> None:
    api = api_of(connector(api_url="{instance_url}"), http, wire)
    for path in ("@evil.example/x", ".evil.example/x", ":1/x"):
        with pytest.raises(Missing):
            await api.get(path)
    assert [seen.path for seen in wire.seen] == ["/@evil.example/x", "/.evil.example/x", "/:1/x"]


async def test_a_declared_origin_gets_the_token_and_its_neighbours_do_not(http: Outbound, wire: Wire) -> None:
    async with Wire() as files, Wire() as other:
        files.answer("GET", "/f", json=ADA)
        api = api_of(connector(origins=["{files_url}"]), http, wire, files_url=files.url)
        assert await api.get(f"{files.url}/f", into=Contact) == Contact("1", "ada@example.com")
        with pytest.raises(ProviderError, match="led elsewhere"):
            await api.get(f"{other.url}/f", into=Contact)
        assert other.connections == 0


async def test_a_place_that_is_not_filled_says_which(http: Outbound, wire: Wire) -> None:
    api = api_of(connector(api_url="{instance_url}/{site_id}"), http, wire)
    with pytest.raises(InvalidConfig, match="site_id"):
        await api.get("/x")
    assert wire.seen == []


def test_outside_development_the_provider_has_to_be_https(http: Outbound) -> None:
    with pytest.raises(InvalidConfig):
        Api(connector(), http, Tokens(), fields={"instance_url": "http://127.0.0.1"}, deadline_s=1)


async def test_a_connector_cannot_set_the_headers_that_are_ours(http: Outbound, wire: Wire) -> None:
    for name in ("Authorization", "Host", "cookie"):
        with pytest.raises(ValueError, match=name):
            await api_of(connector(), http, wire).get("/x", headers={name: "x"})
    assert wire.seen == []


# ---- what is repeated ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("verb", VERBS)
async def test_a_rejected_token_is_refreshed_once_and_the_call_goes_on(
    verb: str, http: Outbound, wire: Wire
) -> None:
    wire.answer(verb.upper(), "/v3/x", 401, json={})
    wire.answer(verb.upper(), "/v3/x", json=ADA)
    tokens = Tokens()
    assert await getattr(api_of(connector(), http, wire, tokens=tokens), verb)("/x", into=Contact)
    assert [seen.headers["authorization"] for seen in wire.seen] == ["Bearer first", "Bearer second"]
    assert tokens.rejected == ["first"]


async def test_a_second_rejection_is_reconnect_required(http: Outbound, wire: Wire) -> None:
    wire.answer("GET", "/v3/x", 401, json={})
    with pytest.raises(ReconnectRequired) as caught:
        await api_of(connector(), http, wire).get("/x")
    assert (caught.value.fields["reason"], len(wire.seen)) == ("token_rejected", 2)


@pytest.mark.parametrize("status", [429, 503])
async def test_a_read_waits_as_long_as_the_provider_asks(status: int, http: Outbound, wire: Wire) -> None:
    wire.answer("GET", "/v3/x", status, json={}, headers={"Retry-After": "0"})
    wire.answer("GET", "/v3/x", json=ADA)
    assert await api_of(connector(), http, wire).get("/x", into=Contact)
    assert len(wire.seen) == 2


async def test_a_search_by_post_may_be_repeated_when_it_says_that_it_reads(
    http: Outbound, wire: Wire
) -> None:
    wire.answer("POST", "/v3/search", 429, json={}, headers={"Retry-After": "0"})
    wire.answer("POST", "/v3/search", json=ADA)
    assert await api_of(connector(), http, wire).post("/search", json={"q": "x"}, reads=True, into=Contact)
    assert [seen.json for seen in wire.seen] == [{"q": "x"}] * 2


@pytest.mark.parametrize("status", [429, 503, 500])
@pytest.mark.parametrize("verb", ["post", "put", "patch", "delete"])
async def test_a_write_is_never_repeated(verb: str, status: int, http: Outbound, wire: Wire) -> None:
    wire.answer(verb.upper(), "/v3/x", status, json={}, headers={"Retry-After": "0"})
    with pytest.raises(ValetkeyError):
        await getattr(api_of(connector(), http, wire), verb)("/x", json={})
    assert len(wire.seen) == 1


async def test_a_write_is_repeated_under_one_key_where_the_provider_knows_keys(
    http: Outbound, wire: Wire
) -> None:
    wire.answer("POST", "/v3/x", 503, json={}, headers={"Retry-After": "0"})
    wire.answer("POST", "/v3/x", json=ADA)
    await api_of(connector(idempotency_key_header="Idempotency-Key"), http, wire).post(
        "/x", json={}, into=Contact
    )
    first, second = (seen.headers["idempotency-key"] for seen in wire.seen)
    assert first == second and len(first) == 36


async def test_a_provider_that_never_stops_asking_to_wait_is_rate_limited(http: Outbound, wire: Wire) -> None:
    wire.answer("GET", "/v3/x", 429, json={}, headers={"Retry-After": "0"})
    with pytest.raises(ProviderRateLimited) as caught:
        await api_of(connector(), http, wire).get("/x")
    assert (caught.value.fields["retry_after"], len(wire.seen)) == (0, 3)


@pytest.mark.parametrize(("told", "wait"), [("3600", 3600), (None, 10), ("soon", 10), ("-5", 0)])
async def test_a_wait_beyond_the_deadline_or_unknown_is_told_at_once(
    told: str | None, wait: int, http: Outbound, wire: Wire
) -> None:
    headers = {"Retry-After": told} if told else {}
    wire.answer("POST", "/v3/x", 429, json={}, headers=headers)
    with pytest.raises(ProviderRateLimited) as caught:
        await api_of(connector(), http, wire).post("/x")
    assert (caught.value.fields["retry_after"], len(wire.seen)) == (wait, 1)


async def test_a_read_does_not_wait_longer_than_its_deadline(http: Outbound, wire: Wire) -> None:
    wire.answer("GET", "/v3/x", 429, json={}, headers={"Retry-After": "6"})
    async with asyncio.timeout(2):
        with pytest.raises(ProviderRateLimited) as caught:
            await api_of(connector(), http, wire, deadline_s=5).get("/x")
    assert (caught.value.fields["retry_after"], len(wire.seen)) == (6, 1)


@pytest.mark.parametrize(("verb", "retryable"), [("get", True), ("post", False), ("delete", False)])
async def test_the_deadline_ends_a_slow_call(verb: str, retryable: bool, http: Outbound, wire: Wire) -> None:
    wire.answer(verb.upper(), "/v3/x", slow_s=5)
    with pytest.raises(ProviderTimeout) as caught:
        await getattr(api_of(connector(), http, wire, deadline_s=0.2), verb)("/x")
    assert caught.value.fields["retryable"] is retryable


async def test_the_deadline_is_of_the_tool_call_not_of_each_request(http: Outbound, wire: Wire) -> None:
    wire.answer("GET", "/v3/x", json={}, slow_s=0.15)
    api = api_of(connector(), http, wire, deadline_s=0.25)
    await api.get("/x")
    with pytest.raises(ProviderTimeout):
        await api.get("/x")


# ---- what a refusal becomes ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("status", "kind", "fields"),
    [
        (400, ProviderError, {"provider_status": 400, "provider_request_id": "r-1"}),
        (403, ProviderError, {"provider_status": 403, "provider_request_id": "r-1"}),
        (404, Missing, {}),
        (409, ProviderError, {"provider_status": 409, "provider_request_id": "r-1"}),
        (429, ProviderRateLimited, {"retry_after": 10}),
        (500, ProviderError, {"provider_status": 500, "provider_request_id": "r-1"}),
        (503, ProviderError, {"provider_status": 503, "provider_request_id": "r-1"}),
    ],
)
async def test_a_status_becomes_the_error_for_it_without_the_body(
    status: int, kind: type[ValetkeyError], fields: dict[str, Any], http: Outbound, wire: Wire
) -> None:
    wire.answer("GET", "/v3/x", status, json={"message": "s3cret"}, headers={"X-Request-Id": "r-1"})
    with pytest.raises(kind) as caught:
        await api_of(connector(), http, wire).get("/x")
    assert (type(caught.value), caught.value.fields) == (kind, fields)
    assert "s3cret" not in str(caught.value)


async def test_the_usual_way_to_say_that_a_scope_is_missing(http: Outbound, wire: Wire) -> None:
    challenge = 'Bearer realm="x", error="insufficient_scope", scope="contacts.write deals.read"'
    wire.answer("POST", "/v3/x", 403, json={}, headers={"WWW-Authenticate": challenge})
    with pytest.raises(MissingScope) as caught:
        await api_of(connector(), http, wire).post("/x")
    assert caught.value.scopes == ["contacts.write", "deals.read"]
    assert (caught.value.code, caught.value.status) == ("consent_required", 403)


@pytest.mark.parametrize("status", [401, 403])
async def test_a_providers_own_way_is_asked_before_the_token_is_refreshed(
    status: int, http: Outbound, wire: Wire
) -> None:
    def rule(status: int, headers: Any, body: Any) -> list[str] | None:
        return body["lacks"] if body and "lacks" in body else None

    wire.answer("GET", "/v3/x", status, json={"lacks": ["contacts.write"]})
    tokens = Tokens()
    with pytest.raises(MissingScope) as caught:
        await api_of(connector(missing_scope=rule), http, wire, tokens=tokens).get("/x")
    assert (caught.value.scopes, tokens.rejected) == (["contacts.write"], [])


@pytest.mark.parametrize("raw", [b"no http\r\n\r\n", b""])
async def test_a_broken_connection_is_a_provider_error(raw: bytes, http: Outbound, wire: Wire) -> None:
    wire.answer("POST", "/v3/x", raw=raw)
    with pytest.raises(ProviderError):
        await api_of(connector(), http, wire).post("/x")
    assert len(wire.seen) == 1


async def test_a_redirect_of_the_provider_is_an_error_and_the_token_stays(http: Outbound, wire: Wire) -> None:
    async with Wire() as other:
        wire.answer("GET", "/v3/x", 302, headers={"Location": f"{other.url}/x"})
        with pytest.raises(ProviderError):
            await api_of(connector(), http, wire).get("/x")
        assert other.connections == 0


# ---- GraphQL and Link headers -------------------------------------------------------------------------------


class Viewer(msgspec.Struct, frozen=True):
    viewer: Contact


async def test_graphql_gives_its_data_and_sends_variables_apart(http: Outbound, wire: Wire) -> None:
    wire.answer("POST", "/v3", json={"data": {"viewer": ADA}})
    found = await api_of(connector(), http, wire).graphql(
        "query($q: String) {viewer}", {"q": '") {admin}'}, into=Viewer
    )
    assert found == Viewer(Contact("1", "ada@example.com"))
    assert wire.seen[0].json == {"query": "query($q: String) {viewer}", "variables": {"q": '") {admin}'}}


@pytest.mark.parametrize("status", [200, 400])
@pytest.mark.parametrize(
    ("code", "kind"),
    [
        ("RATELIMITED", ProviderRateLimited),
        ("NOT_FOUND", Missing),
        ("ODD", ProviderError),
        (None, ProviderError),
    ],
)
async def test_graphql_errors_are_a_refusal_even_beside_data(
    status: int, code: str | None, kind: type[ValetkeyError], http: Outbound, wire: Wire
) -> None:
    error = {"message": "s3cret", "extensions": {"code": code}}
    wire.answer("POST", "/v3", status, json={"data": {"viewer": ADA}, "errors": [error]})
    with pytest.raises(kind) as caught:
        await api_of(connector(), http, wire).graphql("{viewer}", into=Viewer)
    assert type(caught.value) is kind and "s3cret" not in str(caught.value)


async def test_a_connector_reads_its_own_graphql_errors(http: Outbound, wire: Wire) -> None:
    wire.answer("POST", "/v3", json={"errors": [{"extensions": {"lacks": "contacts.write"}}]})

    def rule(errors: list[dict[str, Any]]) -> ValetkeyError | None:
        return MissingScope(scopes=[errors[0]["extensions"]["lacks"]])

    with pytest.raises(MissingScope) as caught:
        await api_of(connector(graphql_errors=rule), http, wire).graphql("{x}")
    assert caught.value.scopes == ["contacts.write"]


@pytest.mark.parametrize(("document", "sent"), [("query {x}", 2), ("{x}", 2), ("mutation {x}", 1)])
async def test_a_query_may_be_repeated_and_a_mutation_not(
    document: str, sent: int, http: Outbound, wire: Wire
) -> None:
    wire.answer("POST", "/v3", 503, json={}, headers={"Retry-After": "0"})
    wire.answer("POST", "/v3", json={"data": {"viewer": ADA}})
    try:
        await api_of(connector(), http, wire).graphql(document, into=Viewer)
    except ProviderError:
        assert sent == 1
    assert len(wire.seen) == sent


async def test_a_page_by_link_header_hands_out_a_cursor_and_not_a_link(http: Outbound, wire: Wire) -> None:
    link = '</v3/other?page=2&q=everything>; rel="next", </v3/contacts?page=9>; rel="last"'
    wire.answer("GET", "/v3/contacts", json=[ADA], headers={"Link": link})
    wire.answer("GET", "/v3/contacts", json=[])
    api = api_of(connector(), http, wire)
    first = await api.get_page("/contacts", params={"q": "mine"}, into=list[Contact])
    assert first == Page([Contact("1", "ada@example.com")], "2")
    assert api.links == {
        "next": f"{wire.url}/v3/other?page=2&q=everything",
        "last": f"{wire.url}/v3/contacts?page=9",
    }
    assert await api.get_page(
        "/contacts", params={"q": "mine"}, into=Page[Contact], cursor=first.next
    ) == Page([], None)
    assert [seen.query for seen in wire.seen] == [{"q": "mine"}, {"q": "mine", "page": "2"}]


async def test_several_calls_at_once_do_not_mix(http: Outbound, wire: Wire) -> None:
    for number in range(20):
        wire.answer("GET", f"/v3/{number}", json={"id": str(number)}, slow_s=0.01)
    api = api_of(connector(), http, wire)
    found = await asyncio.gather(*(api.get(f"/{number}", into=Contact) for number in range(20)))
    assert [contact.id for contact in found] == [str(number) for number in range(20)]
