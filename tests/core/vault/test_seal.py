"""A sealed value opens for its own row and version only; anything else fails closed."""

from __future__ import annotations

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.errors import VaultError
from core.vault import Aad, KeyRing, Sealed, Vault

VAULT = Vault(KeyRing.generate())
AAD = Aad("ws_1", "gr_1", "credential", 7)

texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=12)
rows = st.builds(Aad, workspace=texts, owner=texts, kind=texts, version=st.integers(0, 2**62))


def refused(sealed: Sealed, aad: Aad) -> bool:
    try:
        VAULT.open(sealed, aad)
    except VaultError:
        return True
    return False


@given(st.binary(max_size=300), rows)
def test_what_was_sealed_opens_for_its_row(plaintext: bytes, aad: Aad) -> None:
    sealed = VAULT.seal(plaintext, aad)
    assert VAULT.open(sealed, aad) == plaintext


@given(rows, rows)
def test_no_other_row_opens_it(one: Aad, other: Aad) -> None:
    assert refused(VAULT.seal(b"secret", one), other) == (one != other)


@given(rows, rows, st.sampled_from(["body", "key"]), st.sampled_from(["body", "key"]))
def test_different_rows_and_layers_have_different_bytes(
    one: Aad, other: Aad, layer: str, second: str
) -> None:
    assert (one.encode(layer) == other.encode(second)) == (one == other and layer == second)


@pytest.mark.parametrize(
    "change",
    [{"workspace": "ws_2"}, {"owner": "gr_2"}, {"kind": "answer"}, {"version": 6}],
    ids=lambda change: next(iter(change)),
)
def test_each_part_of_the_row_is_bound(change: dict) -> None:
    assert refused(VAULT.seal(b"secret", AAD), msgspec.structs.replace(AAD, **change))


@pytest.mark.parametrize("part", ["wrapped_key", "body"])
def test_parts_of_two_values_cannot_be_mixed(part: str) -> None:
    other = Aad("ws_1", "gr_2", "credential", 7)
    mine, theirs = VAULT.seal(b"mine", AAD), VAULT.seal(b"theirs", other)
    mixed = msgspec.structs.replace(mine, **{part: getattr(theirs, part)})
    assert refused(mixed, AAD) and refused(mixed, other)


def test_two_seals_of_one_row_cannot_be_mixed_either() -> None:
    first, second = VAULT.seal(b"same", AAD), VAULT.seal(b"same", AAD)
    assert first.body != second.body
    assert refused(msgspec.structs.replace(first, wrapped_key=second.wrapped_key), AAD)


@given(st.data(), st.sampled_from(["wrapped_key", "body"]))
def test_a_changed_bit_is_refused(data: st.DataObject, part: str) -> None:
    sealed = VAULT.seal(b"secret", AAD)
    value = bytearray(getattr(sealed, part))
    bit = data.draw(st.integers(0, len(value) * 8 - 1))
    value[bit // 8] ^= 1 << bit % 8
    assert refused(msgspec.structs.replace(sealed, **{part: bytes(value)}), AAD)


@given(st.binary(max_size=120), st.sampled_from(["wrapped_key", "body"]))
def test_any_other_bytes_are_refused(value: bytes, part: str) -> None:
    sealed = VAULT.seal(b"secret", AAD)
    assert refused(msgspec.structs.replace(sealed, **{part: value}), AAD)


def test_an_older_version_put_back_is_refused() -> None:
    old = VAULT.seal(b"first", AAD)
    following = msgspec.structs.replace(AAD, version=8)
    new = VAULT.reseal(old, AAD, b"second", following)
    assert VAULT.open(new, following) == b"second"
    assert refused(old, following) and refused(new, AAD)


def test_reseal_keeps_the_data_key() -> None:
    """What is sealed with a grant's key dies with it."""
    answer = Aad("ws_1", "gr_1", "answer", 1)
    credential = VAULT.seal(b"token", AAD)
    kept = VAULT.reseal(credential, AAD, b"answer", answer)
    data_key = VAULT.ring.unwrap(credential.key_id, credential.wrapped_key, AAD.encode("key"))
    assert data_key == VAULT.ring.unwrap(kept.key_id, kept.wrapped_key, answer.encode("key"))
    assert VAULT.open(kept, answer) == b"answer"


def test_rewrap_moves_to_the_first_key_and_leaves_the_body(tmp_path) -> None:
    path = tmp_path / "ring.json"
    sealed = Vault(KeyRing.init(path)).seal(b"token", AAD)
    vault = Vault(KeyRing.add(path))
    moved = vault.rewrap(sealed, AAD)
    assert moved.key_id == vault.ring.first_id != sealed.key_id
    assert moved.body == sealed.body
    after = Vault(KeyRing.retire(path, sealed.key_id))
    assert after.open(moved, AAD) == b"token"


def test_the_canary_tells_a_wrong_ring() -> None:
    canary = VAULT.make_canary()
    VAULT.check_canary(canary)
    with pytest.raises(VaultError, match="VALETKEY_KEYRING"):
        Vault(KeyRing.generate()).check_canary(canary)
    with pytest.raises(VaultError):
        VAULT.check_canary(VAULT.seal(b"token", AAD))


def test_an_error_shows_nothing_of_the_value() -> None:
    sealed = VAULT.seal(b"hunter2", AAD)
    with pytest.raises(VaultError) as caught:
        VAULT.open(sealed, Aad("ws_9", "gr_9", "credential", 7))
    assert "hunter2" not in str(caught.value) and caught.value.__cause__ is None
