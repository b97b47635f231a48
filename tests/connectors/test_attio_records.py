"""Attio's records: a value is read by the type of its version, and only what holds now."""

from __future__ import annotations

import json
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from connectors import _attio_records as records
from tests.connectors.fakes import attio as fake


@pytest.mark.parametrize(
    ("version", "value"),
    [
        (fake.version("text", value="x"), "x"),
        (fake.version("number", value=1.5), 1.5),
        (fake.version("checkbox", value=False), False),
        (fake.version("date", value="2026-12-01"), "2026-12-01"),
        (fake.name("Ada Lovelace"), "Ada Lovelace"),
        (fake.email("a@b.example"), "a@b.example"),
        (fake.version("phone-number", phone_number="+44", original_phone_number="0044"), "+44"),
        (fake.version("domain", domain="b.example", root_domain="b.example"), "b.example"),
        (fake.version("select", option={"title": "Strong"}), "Strong"),
        (fake.version("status", status={"title": "Won"}), "Won"),
        (fake.version("currency", currency_value=4.2, currency_code="EUR"), 4.2),
        (fake.version("record-reference", target_object="people", target_record_id="r"), "r"),
        (fake.version("actor-reference", referenced_actor_id=None), None),
        (fake.version("location", locality="London"), None),
        (fake.version("select", option="Strong"), None),
        ({}, None),
    ],
)
def test_a_version_is_read_by_its_type(version: dict[str, Any], value: Any) -> None:
    assert records.plain(version) == value


def test_only_what_holds_now_is_read_and_of_several_the_first() -> None:
    values = {
        "name": [fake.name("Old", over=True), fake.name("New")],
        "email_addresses": [fake.email("old@b.example", over=True), fake.email("a@b.example"), fake.email("c@b.example")],
        "job_title": [fake.version("text", over=True, value="Clerk")],
    }  # fmt: skip
    assert records.text(values, "name") == "New"
    assert records.texts(values, "email_addresses") == ["a@b.example", "c@b.example"]
    assert records.text(values, "job_title") is None and records.text(values, "nothing") is None


ODD = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(
        st.sampled_from(["attribute_type", "value", "option", "status", "title", "active_until", "full_name"]), inner
    ),
    max_leaves=12,
)  # fmt: skip


@given(st.dictionaries(st.sampled_from(["name", "value", "stage", "email_addresses", "company"]), ODD))
def test_values_of_any_shape_are_read_or_left_out(values: dict[str, Any]) -> None:
    record = records.Record(records.RecordId("r"), values)
    told = [records.person(record), records.deal(record), records.details(record, "deals")]
    for one, kind in zip(told, (records.Person, records.Deal, records.Details), strict=True):
        msgspec.convert(json.loads(msgspec.json.encode(one)), kind)
