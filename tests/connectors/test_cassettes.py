"""No cassette of any connector holds anything like a secret. Each pattern is also shown to find what it is for."""

from __future__ import annotations

import base64
import json
import math
import re
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.connectors import wire
from tests.connectors.subjects import SUBJECTS

CASSETTES = sorted(wire.CASSETTES.rglob("*.yaml"))
HOSTS = {subject.connector.slug: subject.host for subject in SUBJECTS}
_MEMBERS = "|".join((*wire.SECRET_MEMBERS, "password", "secret", "api_key", "apikey", "state", "session"))
PATTERNS = {
    "authorization header": re.compile(r"(?i)\b(authorization|proxy-authorization|cookie|set-cookie|x-api-key)['\"]?\s*:"),
    "bearer or basic": re.compile(r"(?i)\b(bearer|basic)\s+[A-Za-z0-9._~+/=-]{8,}"),
    "json member": re.compile(rf'(?i)"({_MEMBERS})"\s*:\s*"(?!\*\*\*")[^"]+"'),
    "form member": re.compile(rf"(?i)(?:^|[?&\s])({_MEMBERS})=(?!\*\*\*)[^&\s\"']+"),
    "jwt": re.compile(r"\beyJ[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]{8,}"),
    "valetkey key": re.compile(r"\bvk[awp]_[0-9A-Za-z]{10,}"),
    "provider's key": re.compile(
        r"\b(gh[oprsu]_|github_pat_|glpat-|pat-[a-z]{2}\d-|sk-|xox[abprs]-|lin_|ATATT|ATOA|AKIA)[A-Za-z0-9]{6,}"
    ),
    "private key": re.compile(r"-----BEGIN [A-Z ]*PRIVATE KEY"),
    "password in an address": re.compile(r"://[^/\s:@]+:[^/\s@]+@"),
    "the tests' own token": re.compile(re.escape(wire.TOKEN) + "|the-client-secret|the-code"),
}  # fmt: skip
_WORD = re.compile(r"[A-Za-z0-9_+-]{24,}")


def strings(node: Any) -> Iterator[str]:
    """Every text of a cassette, whole: YAML folds long ones over lines."""
    if isinstance(node, (bytes, str)):
        yield node.decode("utf-8", "replace") if isinstance(node, bytes) else node
    elif isinstance(node, dict):
        for key, value in node.items():
            yield f"{key}:"
            yield from strings(value)
    elif isinstance(node, list):
        for value in node:
            yield from strings(value)


def findings(text: str) -> list[str]:
    found = [name for name, pattern in PATTERNS.items() if pattern.search(text)]
    return found + [
        "random letters" for word in _WORD.findall(text) if _looks_random(word) and not _readable(word)
    ]


def _readable(word: str) -> bool:
    """Whether it is JSON in base64, as cursors are: what that says is looked at instead."""
    try:
        told = base64.urlsafe_b64decode(word + "=" * (-len(word) % 4)).decode()
        json.loads(told)
    except ValueError:
        return False
    return findings(told) == []


def _looks_random(word: str) -> bool:
    """Capitals, small letters and digits mixed, with the entropy of base64: no name, path or UUID is like that."""
    kinds = (re.search("[A-Z]", word), re.search("[a-z]", word), re.search("[0-9]", word))
    counts = Counter(word).values()
    entropy = -sum(count / len(word) * math.log2(count / len(word)) for count in counts)
    return all(kinds) and entropy > 3.9


@pytest.mark.parametrize("path", CASSETTES, ids=lambda path: f"{path.parent.name}/{path.stem}")
def test_a_cassette_holds_nothing_like_a_secret(path: Path) -> None:
    raw = path.read_text()
    assert findings(raw) == []
    for text in strings(yaml.safe_load(raw)):
        assert findings(text) == [], f"{path.name} holds something like a secret"


@pytest.mark.parametrize(
    "text",
    [
        "authorization:",
        "Set-Cookie: a=b",
        '"Authorization": "x"',
        "Bearer abcdefgh12",
        '{"access_token": "x"}',
        '{"refresh_token":"rt-1"}',
        "grant_type=refresh_token&refresh_token=rt1",
        "https://acme.example/?code=123",
        "client_secret=abc",
        "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.x",
        "vka_0123456789abcdefghij",
        "ghp_abcdefghijkl",
        "-----BEGIN RSA PRIVATE KEY-----",
        "https://user:pass@acme.example",
        wire.TOKEN,
        base64.urlsafe_b64encode(b'{"refresh_token": "Zm9vYmFy-QUJD-0123456789"}').decode(),
        "CfDJ8OW5OI0CPGJBgSNlGwO0x4YF7qbYKVv7KOO-N0eFtDUzXOrL7F9Xd9W1otVi4ueJOkAmAhuoHFWNkqRaFD7zvAMHMSKncl6Vo5QXKmpvy6v",
    ],
)  # fmt: skip
def test_a_planted_secret_is_found(text: str) -> None:
    assert findings(text)


@pytest.mark.parametrize(
    "text",
    [
        '{"access_token": "***", "expires_in": 1800}',
        "refresh_token=***&grant_type=refresh_token",
        "11111111-aaaa-bbbb-cccc-222222222222",
        "https://api.atlassian.com/ex/jira/11111111-aaaa-bbbb-cccc-222222222222/rest/api/3/issue/ACME-1/comment",
        '{"propertyName":"hubspot_owner_id","operator":"EQ"}',
        '{"next":"WyJhZjdkYmU1ZCIsWyIyMDI2LTExLTI1IiwiZGVfMTI5NiJdXQ"}',
    ],
)
def test_what_is_no_secret_is_let_be(text: str) -> None:
    assert findings(text) == []


@pytest.mark.parametrize(
    "text",
    [
        '{"access_token": "at-1", "refresh_token":"rt-1","client_secret" : "s", "id_token":"t"}',
        "grant_type=authorization_code&code=c1&code_verifier=v1&client_secret=s1&token=t1",
    ],
)
def test_the_scrubber_leaves_no_secret(text: str) -> None:
    assert findings(text) and findings(wire.without_secrets(text)) == []


def test_the_scrubber_leaves_the_rest() -> None:
    text = '{"id": "501", "token_type": "bearer", "code": "x", "properties": {"email": "ada@acme.example"}}'
    assert wire.without_secrets(text) == text.replace('"x"', '"***"')


@pytest.mark.parametrize("slug", sorted(HOSTS))
def test_a_cassette_says_what_it_is_and_names_the_providers_host(slug: str) -> None:
    paths = sorted((wire.CASSETTES / slug).glob("*.yaml"))
    assert paths
    for path in paths:
        raw = path.read_text()
        assert raw.startswith(wire.HEADER)
        for one in yaml.safe_load(raw)["interactions"]:
            assert one["request"]["uri"].startswith(f"https://{HOSTS[slug]}/")
