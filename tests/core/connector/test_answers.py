"""What is read from a provider's headers."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.connector.answers import decoded, links, request_id, retry_after_s
from core.errors import ProviderError
from tests.core.connector.acme import connector


@pytest.mark.parametrize(
    ("text", "wait"),
    [
        ("0", 0), ("7", 7), (" 7 ", 7), ("1.2", 2), ("-1", 0), ("", None), ("soon", None), ("nan", None), ("inf", None),
        ("1e99", 86_400), ("999999999", 86_400), ("Mon, 01 Jan 2001 00:00:00 GMT", 0), ("Mon, 99 Foo", None),
    ],
)  # fmt: skip
def test_retry_after_in_every_spelling(text: str, wait: int | None) -> None:
    assert retry_after_s({"retry-after": text}) == wait


def test_retry_after_as_a_date_to_come() -> None:
    moment = datetime.now(UTC) + timedelta(seconds=60)
    assert retry_after_s({"retry-after": format_datetime(moment, usegmt=True)}) in (59, 60, 61)


@given(st.text(max_size=30))
def test_no_retry_after_breaks_us(text: str) -> None:
    wait = retry_after_s({"retry-after": text})
    assert wait is None or 0 <= wait <= 86_400


def test_the_request_id_is_the_named_header_or_a_usual_one_and_always_clean() -> None:
    assert request_id(connector(), {"x-request-id": "a-1"}) == "a-1"
    assert request_id(connector(), {"atl-traceid": "a-1"}) == "a-1"
    named = connector(request_id_header="x-acme")
    assert request_id(named, {"x-request-id": "a-1"}) is None
    assert request_id(named, {"x-acme": "<b>\u00fc x" + "y" * 500}) == "bx" + "y" * 126


@pytest.mark.parametrize(
    ("header", "found"),
    [
        ("", {}),
        ('<https://a/?p=2>; rel="next"', {"next": "https://a/?p=2"}),
        (
            '<https://a/?p=2>; rel=next, <https://a/?p=9,8>; title="x, y"; rel="last end"',
            {"next": "https://a/?p=2", "last": "https://a/?p=9,8", "end": "https://a/?p=9,8"},
        ),
        ('<https://a>; rel="next", <https://b>; rel="next"', {"next": "https://a"}),
        ("https://a; rel=next", {}),
        ("<https://a>", {}),
    ],
)  # fmt: skip
def test_links_by_relation(header: str, found: dict[str, str]) -> None:
    assert links(httpx.Response(200, headers={"link": header})) == found


def test_no_content_is_nothing_and_an_answer_without_its_body_is_an_error() -> None:
    assert decoded(connector(), httpx.Response(204), list[str] | None) is None
    with pytest.raises(ProviderError):
        decoded(connector(), httpx.Response(200), list[str] | None)
    with pytest.raises(ProviderError):
        decoded(connector(), httpx.Response(204), list[str])
