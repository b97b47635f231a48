"""A token set goes into the vault and comes back whole; outside of it nothing prints or serialises it."""

from __future__ import annotations

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.errors import VaultError
from core.oauth import TokenSet
from core.secret import Secret

texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=20)
sets = st.builds(
    TokenSet,
    access_token=st.builds(Secret, texts),
    refresh_token=st.none() | st.builds(Secret, texts.filter(bool)),
    expires_at=st.none() | st.integers(0, 2**53),
    scopes=st.none() | st.lists(texts).map(tuple),
    fields=st.dictionaries(texts, texts),
    token_type=texts,
)


@given(sets)
def test_it_comes_back_as_it_was(tokens: TokenSet) -> None:
    assert TokenSet.from_bytes(tokens.to_bytes()) == tokens


def test_scopes_that_were_not_said_are_not_the_same_as_none_given() -> None:
    silent, empty = (TokenSet(Secret("a"), scopes=scopes) for scopes in (None, ()))
    assert TokenSet.from_bytes(silent.to_bytes()).scopes is None
    assert TokenSet.from_bytes(empty.to_bytes()).scopes == ()


def test_it_is_neither_printed_nor_serialised_by_accident() -> None:
    tokens = TokenSet(Secret("hunter2"), Secret("hunter3"))
    assert "hunter" not in f"{tokens} {tokens!r}"
    with pytest.raises(TypeError):
        msgspec.json.encode(tokens)


@pytest.mark.parametrize(
    "body", [b"", b"{}", b"[]", b'{"access_token": 1}', b'{"access_token": "hunter2", "x": 1}']
)
def test_other_bytes_are_refused_and_not_quoted(body: bytes) -> None:
    with pytest.raises(VaultError) as caught:
        TokenSet.from_bytes(body)
    assert "hunter2" not in str(caught.value) and caught.value.__cause__ is None
