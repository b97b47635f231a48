"""E-mail addresses, names and telephone numbers are replaced, the same by the same, and nothing else is."""

from __future__ import annotations

import base64
import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.pseudonyms import PHONE, Pseudonyms


def told(tree: Any) -> Any:
    people = Pseudonyms()
    people.learn(tree)
    return people.tree(tree)


@pytest.mark.parametrize(
    "member",
    ["name", "displayName", "first_name", "owner_name", "login", "companyName", "userName", "surname"],
)
def test_a_member_that_is_a_name_is_replaced(member: str) -> None:
    assert told({member: "Lovelace", "id": "7"}) == {member: "Name 1", "id": "7"}


@pytest.mark.parametrize(
    "member", ["fieldname", "typeName", "hostname", "stage_name", "title", "status", "namespace"]
)
def test_what_is_no_name_of_anybody_stays(member: str) -> None:
    assert told({member: "in progress"}) == {member: "in progress"}


def test_a_person_is_replaced_wherever_they_stand_and_by_the_same() -> None:
    tree = {
        "owner": {"displayName": "Ada Lovelace", "email": "ada@acme.example"},
        "watchers": [{"displayName": "Ada Lovelace"}],
        "note": "Ada Lovelace wrote to ada@acme.example; ask Ada.",
    }
    made = told(tree)
    name, address = made["owner"]["displayName"], made["owner"]["email"]
    assert made["watchers"][0]["displayName"] == name
    assert made["note"] == f"{name} wrote to {address}; ask {name}."
    assert address.endswith("@example.com")


def test_a_short_or_common_name_changes_no_other_text() -> None:
    tree = {"label": {"name": "open"}, "state": "open", "text": "it is open"}
    assert told(tree) == {"label": {"name": "Name 1"}, "state": "open", "text": "it is open"}


def test_a_name_within_a_longer_word_is_let_be() -> None:
    assert told({"displayName": "Adam", "text": "Adamant Adam"})["text"] == "Adamant Name 1"


def test_telephone_numbers_are_replaced() -> None:
    made = told({"phone": "+49 30 1234", "mobilePhone": "", "phones": 3})
    assert made == {"phone": PHONE, "mobilePhone": "", "phones": 3}


def test_addresses_are_replaced_in_queries_paths_and_forms() -> None:
    people = Pseudonyms()
    people.learn({"displayName": "Ada Lovelace"})
    url = people.url(
        "https://a.example/users/ada%40acme.example/x%2Fy?q=Ada+Lovelace&mail=ada%40acme.example"
    )
    address = people.text("ada@acme.example")
    assert "ada" not in url.lower().replace("example", "") and "x%2Fy" in url
    assert people.form("to=ada%40acme.example&q=1") == f"to={address.replace('@', '%40')}&q=1"


def test_nobody_hides_in_a_cursor() -> None:
    def encoded(tree: Any) -> str:
        return base64.urlsafe_b64encode(json.dumps(tree, separators=(",", ":")).encode()).decode().rstrip("=")

    people = Pseudonyms()
    people.learn({"displayName": "Ada Lovelace"})
    assert people.text(encoded(["Ada Lovelace", 5])) == encoded(["Name 1", 5])
    same = encoded(["de_1296", 5])
    assert people.text(same) == same


@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.text(max_size=30),
        lambda inner: (
            st.lists(inner, max_size=4) | st.dictionaries(st.sampled_from(["id", "name", "x"]), inner)
        ),
        max_leaves=12,
    )
)
def test_the_form_of_a_tree_stays(tree: Any) -> None:
    def form(node: Any) -> Any:
        if isinstance(node, dict):
            return {name: form(value) for name, value in node.items()}
        return [form(value) for value in node] if isinstance(node, list) else type(node)

    assert form(told(tree)) == form(tree)
