"""A token answer is read with suspicion: odd members are survived, hostile ones fail the whole answer."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.errors import ProviderError
from core.oauth import TokenSet
from core.oauth.answers import MAX_TTL_S, token_set
from tests.core.oauth.provider import GOOD, Provider

NOW = 1_700_000_000_000


def read(answer: dict[str, Any], **oauth: Any) -> TokenSet:
    return token_set(Provider().connector(**oauth), answer, NOW)


def test_a_plain_answer() -> None:
    found = read(GOOD | {"scope": "a b"})
    assert found.access_token.reveal() == "at-1" and found.refresh_token is not None
    assert found.refresh_token.reveal() == "rt-1"
    assert (found.expires_at, found.scopes, found.fields) == (NOW + 600_000, ("a", "b"), {})


@pytest.mark.parametrize("kind", ["Bearer", "bearer", "BEARER", None, ""])
def test_bearer_in_any_spelling(kind: str | None) -> None:
    assert read(GOOD | {"token_type": kind}).token_type == "Bearer"


@pytest.mark.parametrize("kind", ["DPoP", "mac", 7, ["Bearer"], {"a": 1}])
def test_a_token_that_must_be_used_another_way_is_refused(kind: Any) -> None:
    with pytest.raises(ProviderError, match="of a kind that is not supported"):
        read(GOOD | {"token_type": kind})


@pytest.mark.parametrize("token", [None, "", 7, {}, "a b", "a\r\nX-Evil: 1", "ä", "x" * 20_000])
def test_an_access_token_that_cannot_stand_in_a_header_is_refused(token: Any) -> None:
    with pytest.raises(ProviderError, match="without an access token") as caught:
        read(GOOD | {"access_token": token})
    assert "rt-1" not in str(caught.value)


@pytest.mark.parametrize("token", [None, "", 7, "a b"])
def test_a_refresh_token_may_be_missing(token: Any) -> None:
    assert read(GOOD | {"refresh_token": token}).refresh_token is None


@pytest.mark.parametrize(
    ("said", "seconds"),
    [
        (600, 600),
        ("600", 600),
        (600.9, 600.9),
        (" 600 ", 600),
        ("1e3", 1000),
        (10**400, None),
        (1e300, MAX_TTL_S),
    ]
    + [(odd, None) for odd in (0, -1, "-5", None, "", "soon", True, [], {}, "nan", float("nan"), "0")]
    + [("inf", MAX_TTL_S), (10**15, MAX_TTL_S)],
)
def test_a_lifetime_in_any_form_is_bounded_and_an_odd_one_is_unknown(
    said: Any, seconds: float | None
) -> None:
    found = read(GOOD | {"expires_in": said}).expires_at
    assert found == (None if seconds is None else NOW + int(seconds * 1000))


def test_the_connectors_lifetime_serves_where_the_provider_says_none() -> None:
    silent = {name: value for name, value in GOOD.items() if name != "expires_in"}
    assert read(silent, access_token_ttl_s=60).expires_at == NOW + 60_000
    assert read(GOOD, access_token_ttl_s=60).expires_at == NOW + 600_000


@pytest.mark.parametrize(
    ("members", "scopes"),
    [
        ({"scope": "b a b"}, ("b", "a")),
        ({"scope": "a,b"}, ("a", "b")),
        ({"scope": " a, b\n"}, ("a", "b")),
        ({"scope": ["a", "b"]}, ("a", "b")),
        ({"scopes": ["a"]}, ("a",)),
        ({"scope": ""}, ()),
        ({"scope": []}, ()),
        ({}, None),
        ({"scope": None}, None),
        ({"scope": 7}, None),
        ({"scope": ["a", 7]}, None),
        ({"scope": {"a": True}}, None),
    ],
)
def test_scopes_in_any_form(members: dict[str, Any], scopes: tuple[str, ...] | None) -> None:
    assert read(GOOD | members).scopes == scopes


@pytest.mark.parametrize("mode", ["app_fixed", "none"])
def test_an_app_of_fixed_scopes_that_names_none_has_said_nothing(mode: str) -> None:
    assert read(GOOD | {"scope": ""}, scope_mode=mode).scopes is None


FIELDS = {"instance_url": "https://*.acme.example", "hub_id": "*"}


def test_declared_fields_are_kept_and_no_others() -> None:
    answer = GOOD | {"instance_url": "https://eu1.acme.example", "hub_id": 42, "id_token": "x"}
    assert read(answer, token_fields=FIELDS).fields == {
        "instance_url": "https://eu1.acme.example",
        "hub_id": "42",
    }
    assert read(GOOD, token_fields=FIELDS).fields == {}


@pytest.mark.parametrize(
    "value",
    [
        "https://evil.example",
        "https://acme.example.evil.example",
        "https://evilacme.example",
        "http://eu1.acme.example",
        "https://eu1.acme.example@evil.example",
        "https://eu1.acme.example/../x",
        "",
        7,
        True,
        ["https://eu1.acme.example"],
        {},
    ],
)
def test_a_declared_field_that_does_not_fit_fails_the_answer(value: Any) -> None:
    with pytest.raises(ProviderError, match="`instance_url`") as caught:
        read(GOOD | {"instance_url": value}, token_fields=FIELDS)
    assert "evil" not in str(caught.value)


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=10),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=8,
)


@given(st.dictionaries(st.sampled_from([*GOOD, "scope", "scopes", "instance_url"]), json_values))
def test_no_answer_breaks_the_reader(answer: dict[str, Any]) -> None:
    try:
        found = read(answer, token_fields=FIELDS)
    except ProviderError:
        return
    assert TokenSet.from_bytes(found.to_bytes()) == found
    assert found.expires_at is None or NOW <= found.expires_at < 2**53
