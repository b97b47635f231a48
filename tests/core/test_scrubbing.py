"""What is taken out of recordings, and what is found where it was not. tests/connectors/test_cassettes.py has the patterns."""

from __future__ import annotations

import base64
import json

import pytest

from core.scrubbing import findings, readable, strings, without_secrets


def test_a_link_within_json_loses_its_secret_and_nothing_more() -> None:
    text = '{"next":"https://acme.example/x?cursor=a&token=abc","total":3}'
    told = json.loads(without_secrets(text))
    assert told == {"next": "https://acme.example/x?cursor=a&token=***", "total": 3}


def test_an_address_loses_its_secret() -> None:
    assert without_secrets("https://a.example/cb?code=c1&state=s") == "https://a.example/cb?code=***&state=s"


def test_a_finding_never_shows_the_thing() -> None:
    assert findings('{"client_secret": "hunter2hunter2"}') == ["json member"]


def test_a_cursor_of_plain_json_is_readable_and_one_with_a_token_is_not() -> None:
    def encoded(tree: object) -> str:
        return base64.urlsafe_b64encode(json.dumps(tree).encode()).decode().rstrip("=")

    assert readable(encoded(["de_1296", "2026-11-25"])) == ["de_1296", "2026-11-25"]
    assert readable(encoded({"token": "Zm9vYmFy-QUJD-0123456789"})) is None


@pytest.mark.parametrize("word", ["not base64 !", "", "AAAA", "MTIzNDU2"])
def test_what_is_no_json_object_or_list_is_not_readable(word: str) -> None:
    assert readable(word) is None


def test_every_text_of_a_tree_is_looked_at() -> None:
    assert list(strings({"a": ["b", {"c": b"d"}], "e": 1})) == ["a:", "b", "c:", "d", "e:"]
