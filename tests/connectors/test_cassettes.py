"""No cassette of any connector holds anything like a secret. Each pattern is also shown to find what it is for."""

from __future__ import annotations

import base64
import re
from pathlib import Path

import pytest
import yaml

from core import cassettes, scrubbing
from core.scrubbing import strings
from tests.connectors import wire
from tests.connectors.subjects import SUBJECTS

CASSETTES = sorted(wire.CASSETTES.rglob("*.yaml"))
HOSTS = {subject.connector.slug: subject.host for subject in SUBJECTS}
_OUR_OWN = re.compile(re.escape(wire.TOKEN) + "|the-client-secret|the-code")


def findings(text: str) -> list[str]:
    return scrubbing.findings(text) + (["the tests' own token"] if _OUR_OWN.search(text) else [])


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
        '{"code": "4/0AbC"}',
        "client_secret=abc",
        '{"state": "4f1c09d2aa71"}',
        "https://acme.example/?state=4f1c09d2aa71",
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
        '{"state": "closed"}',
        "https://gitlab.com/api/v4/issues?state=opened",
        '{"next":"WyJhZjdkYmU1ZCIsWyIyMDI2LTExLTI1IiwiZGVfMTI5NiJdXQ"}',
        '{"code": "INVALID_TOKEN", "status": "error"}',
        "?q=SELECT+Id+FROM+Task+WHERE+IsClosed+%3D+false+ORDER+BY+ActivityDate+ASC+NULLS+LAST%2C+Id+LIMIT+11",
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
    assert findings(text) and findings(scrubbing.without_secrets(text)) == []


def test_the_scrubber_leaves_the_rest() -> None:
    text = '{"id": "501", "token_type": "bearer", "code": "x", "properties": {"email": "ada@acme.example"}}'
    assert scrubbing.without_secrets(text) == text.replace('"x"', '"***"')


@pytest.mark.parametrize("slug", sorted(HOSTS))
def test_a_cassette_says_what_it_is_and_names_the_providers_host(slug: str) -> None:
    paths = sorted((wire.CASSETTES / slug).glob("*.yaml"))
    assert paths
    for path in paths:
        raw = path.read_text()
        assert raw.startswith((wire.HEADER, cassettes.MADE_UP)) or cassettes.is_live(raw)
        for one in yaml.safe_load(raw)["interactions"]:
            assert one["request"]["uri"].startswith(f"https://{HOSTS[slug]}/")
