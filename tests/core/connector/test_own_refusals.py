"""A connector that knows better than the status what its provider's refusal means."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest

from core.errors import ProviderError, ProviderRateLimited, ReconnectRequired, ValetkeyError
from core.http import Outbound
from tests.core.connector.acme import Contact, Tokens, api_of, connector
from tests.core.wire import Wire

ADA = {"id": "1", "email": "ada@example.com"}
SLOW = {"errors": [{"code": "SLOW"}]}
DEAD = {"errors": [{"code": "DEAD"}]}


def rule(status: int, headers: Mapping[str, str], body: Any) -> ValetkeyError | None:
    errors = body.get("errors") if isinstance(body, dict) else None
    code = errors[0]["code"] if errors else None
    if code == "SLOW":
        return ProviderRateLimited(retry_after=int(headers["x-wait"]))
    return ReconnectRequired(reason="token_rejected") if code == "DEAD" else None


async def test_a_rate_limit_in_other_words_is_one(http: Outbound, wire: Wire) -> None:
    wire.answer("GET", "/v3/x", 400, json=SLOW, headers={"X-Wait": "77"})
    with pytest.raises(ProviderRateLimited) as caught:
        await api_of(connector(refusal=rule), http, wire).get("/x")
    assert caught.value.fields["retry_after"] == 77


async def test_it_is_waited_for_where_there_is_time_and_a_repetition_is_safe(
    http: Outbound, wire: Wire
) -> None:
    api = api_of(connector(refusal=rule), http, wire)
    wire.answer("GET", "/v3/x", 400, json=SLOW, headers={"X-Wait": "0"})
    wire.answer("GET", "/v3/x", json=ADA)
    assert await api.get("/x", into=Contact) == Contact("1", "ada@example.com")
    wire.answer("POST", "/v3/x", 400, json=SLOW, headers={"X-Wait": "0"})
    with pytest.raises(ProviderRateLimited):
        await api.post("/x", json={})
    assert len(wire.seen) == 3


async def test_a_rejected_token_in_other_words_is_refreshed_once(http: Outbound, wire: Wire) -> None:
    tokens = Tokens()
    wire.answer("POST", "/v3/x", 400, json=DEAD)
    wire.answer("POST", "/v3/x", json=ADA)
    await api_of(connector(refusal=rule), http, wire, tokens=tokens).post("/x", json={})
    assert tokens.rejected == ["first"]
    assert [seen.headers["authorization"] for seen in wire.seen] == ["Bearer first", "Bearer second"]


async def test_a_token_rejected_twice_is_the_end(http: Outbound, wire: Wire) -> None:
    for _ in range(2):
        wire.answer("GET", "/v3/x", 400, json=DEAD)
    with pytest.raises(ReconnectRequired):
        await api_of(connector(refusal=rule), http, wire).get("/x")
    assert len(wire.seen) == 2


async def test_graphql_errors_beside_a_200_are_read_with_their_headers(http: Outbound, wire: Wire) -> None:
    wire.answer("POST", "/v3", json={"data": None, **SLOW}, headers={"X-Wait": "9"})
    with pytest.raises(ProviderRateLimited) as caught:
        await api_of(connector(refusal=rule), http, wire).graphql("{x}")
    assert caught.value.fields["retry_after"] == 9


async def test_what_it_does_not_know_stays_what_the_status_says(http: Outbound, wire: Wire) -> None:
    wire.answer("GET", "/v3/x", 400, body=b"<html>")
    with pytest.raises(ProviderError):
        await api_of(connector(refusal=rule), http, wire).get("/x")
