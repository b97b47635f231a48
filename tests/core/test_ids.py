"""Ids sort by time and carry their kind; keys can be recognised and checked, and one wrong letter is noticed."""

from __future__ import annotations

import hashlib
import re
import threading
import time
import zlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.ids import (
    ID_KINDS,
    checksum,
    counterpart,
    derived_id,
    id_time_ms,
    is_id,
    key_hash,
    new_id,
    new_key,
    new_token,
    parse_key,
    random_base62,
    token_hash,
)

KINDS = st.sampled_from(sorted(ID_KINDS))
KEY_KINDS = st.sampled_from(["vkw", "vka", "vkp"])
BASE32 = "0123456789abcdefghjkmnpqrstvwxyz"
BASE62 = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"


def number(text: str) -> int:
    value = 0
    for char in text.partition("_")[2]:
        value = value << 5 | BASE32.index(char)
    return value


@given(KINDS)
def test_an_id_has_its_kind_its_time_and_the_form_of_a_uuid7(kind: str) -> None:
    before = time.time_ns() // 1_000_000
    made = new_id(kind)
    assert re.fullmatch(rf"{kind}_[0-7][0-9a-hjkmnp-tv-z]{{25}}", made) and is_id(made, kind)
    assert before - 1 <= id_time_ms(made) <= before + 5_000
    assert (number(made) >> 76 & 0xF, number(made) >> 62 & 0b11) == (7, 0b10)
    assert not any(is_id(made, other) for other in ID_KINDS - {kind})


def test_ids_made_in_a_hurry_by_many_threads_are_unique_and_sorted_in_each() -> None:
    found: list[list[str]] = []

    def work() -> None:
        found.append([new_id("evt") for _ in range(5_000)])

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert all(ids == sorted(ids) for ids in found)
    assert len({one for ids in found for one in ids}) == 20_000


def test_the_clock_going_back_does_not_turn_the_order(monkeypatch: pytest.MonkeyPatch) -> None:
    first = new_id("evt")
    monkeypatch.setattr(time, "time_ns", lambda: 0)
    assert new_id("evt") > first


@given(st.text(max_size=40))
def test_anything_else_is_no_id(text: str) -> None:
    if not re.fullmatch(r"gr_[0-7][0-9a-hjkmnp-tv-z]{25}", text):
        assert not is_id(text, "gr")


@given(st.sampled_from(["\n", " ", "\x00", "x", "é"]))
def test_an_id_with_something_behind_it_is_none(tail: str) -> None:
    made = new_id("gr")
    assert not is_id(made + tail, "gr") and not is_id(tail + made, "gr") and not is_id(made.upper(), "gr")
    with pytest.raises(ValueError, match="not an id"):
        id_time_ms(made + tail)


def test_an_unknown_kind_is_a_mistake_of_ours() -> None:
    for make in (lambda: new_id("nope"), lambda: derived_id("nope", 0), lambda: counterpart("nope", "x")):
        with pytest.raises(ValueError, match="nope"):
            make()


@given(st.integers(0, 2**44), st.lists(st.text(max_size=10), max_size=4))
def test_a_derived_id_follows_from_its_parts_alone(at: int, parts: list[str]) -> None:
    made = derived_id("reg", at, *parts)
    assert made == derived_id("reg", at, *parts) and is_id(made, "reg") and id_time_ms(made) == at
    assert made != derived_id("reg", at, *parts, "more")
    assert (number(made) >> 76 & 0xF, number(made) >> 62 & 0b11) == (8, 0b10)


def test_a_counterpart_has_the_number_of_the_other_and_a_kind_of_its_own() -> None:
    call = new_id("call")
    event = counterpart("evt", call)
    assert is_id(event, "evt") and number(event) == number(call) and counterpart("call", event) == call


@given(KEY_KINDS)
def test_a_key_has_the_form_a_scanner_looks_for(kind: str) -> None:
    text = new_key(kind).reveal()
    assert re.fullmatch(rf"{kind}_[0-9A-Za-z]{{22}}_[0-9A-Za-z]{{43}}_[0-9A-Za-z]{{6}}", text)
    assert parse_key(text) == (kind, text.split("_")[1])
    assert key_hash(text) == hashlib.sha256(text.encode()).digest()


@given(KEY_KINDS, st.data())
def test_one_wrong_letter_is_noticed(kind: str, data: st.DataObject) -> None:
    text = new_key(kind).reveal()
    at = data.draw(st.integers(0, len(text) - 1))
    other = data.draw(st.sampled_from([char for char in BASE62 + "_-" if char != text[at]]))
    assert parse_key(text[:at] + other + text[at + 1 :]) is None


@given(st.text(max_size=100))
def test_anything_else_is_no_key(text: str) -> None:
    assert parse_key(text) is None
    assert parse_key(new_key("vka").reveal() + text) is None or text == ""


@given(st.binary(max_size=50).map(lambda raw: raw.hex()))
def test_the_checksum_is_crc32_in_base62_of_six_letters(text: str) -> None:
    value = 0
    for char in checksum(text):
        value = value * 62 + BASE62.index(char)
    assert value == zlib.crc32(text.encode()) and len(checksum(text)) == 6


def test_tokens_are_256_bits_and_kept_as_a_hash() -> None:
    tokens = {new_token().reveal() for _ in range(200)}
    assert len(tokens) == 200 and {len(one) for one in tokens} == {43}
    one = tokens.pop()
    assert token_hash(one) == hashlib.sha256(one.encode()).digest()
    assert len(random_base62(22)) == 22 and set(random_base62(500)) <= set(BASE62)
