"""Each error has one wire code and status for good; the tree at the top of the file is the tree there is."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from core import errors
from core.errors import ValetkeyError

ROOT = Path(__file__).resolve().parents[2]
# docs/problems.md: clients outside switch on these
FIXED = {
    "invalid_credentials": 401, "consent_required": 403, "reconnect_required": 403, "insufficient_scope": 403,
    "policy_denied": 403, "grant_revoked": 403, "grant_expired": 403, "grant_suspended": 403, "unknown_tool": 404,
    "not_found": 404, "account_required": 409, "idempotency_conflict": 409, "invalid_arguments": 422,
    "rate_limited": 429, "provider_rate_limited": 429, "provider_error": 502, "provider_timeout": 504,
    "invalid_code": 403, "user_mismatch": 403, "already_confirmed": 409, "session_ended": 410, "invalid_config": 422,
    "invalid_return_url": 422, "invalid_cursor": 400, "invalid_request": 400,
}  # fmt: skip


def tree(root: type[ValetkeyError]) -> Iterator[type[ValetkeyError]]:
    yield root
    for child in root.__subclasses__():
        yield from tree(child)


def ours() -> list[type[ValetkeyError]]:
    return [one for one in tree(ValetkeyError) if one.__module__ == "core.errors"]


@pytest.mark.parametrize(("code", "status"), FIXED.items())
def test_the_codes_of_the_contract_keep_their_status(code: str, status: int) -> None:
    found = {one.status for one in ours() if one.code == code}
    assert found == {status}


def test_every_class_has_a_code_a_status_and_a_title() -> None:
    for one in ours():
        assert re.fullmatch(r"[a-z_]+", one.code) and 400 <= one.status < 600 and one.title[:1].isupper()


def test_a_code_belongs_to_one_class_and_its_refinements() -> None:
    by_code: dict[str, list[type[ValetkeyError]]] = {}
    for one in ours():
        by_code.setdefault(one.code, []).append(one)
    for code, classes in by_code.items():
        first = min(classes, key=lambda one: len(one.__mro__))
        assert all(issubclass(one, first) for one in classes), code


def test_every_code_is_explained_to_those_who_write_clients() -> None:
    text = (ROOT / "docs" / "problems.md").read_text()
    inside = {"internal_error"}
    missing = {one.code for one in ours() if one.code not in inside and f"`{one.code}`" not in text}
    assert missing == set()


def test_the_text_is_the_detail_or_the_title_and_empty_fields_are_left_out() -> None:
    plain, told = errors.Missing(), errors.PolicyDenied("Not here.", rule="policy.tools", other=None)
    assert (str(plain), plain.detail, plain.fields) == (plain.title, plain.title, {})
    assert (str(told), told.fields) == ("Not here.", {"rule": "policy.tools"})
