"""Row 16: secrets in what is written: logs, database, pages, error bodies, cassettes.

All of a misfortune's secrets are taken through every way to fail there is; then everything that was written and everything that
was answered is searched for them. Each mutation is a carelessness that is common elsewhere.
"""

from __future__ import annotations

import importlib
import logging
import traceback
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from core import calls, tickets
from tests.attacks.leaky import LeakyProvider, canary
from tests.attacks.misfortune import Misfortune
from tests.connectors import wire
from tests.harness.northwind import RunningNorthwind
from tests.harness.scene import CLIENT_SECRET
from tests.harness.waiting import until
from tests.harness.walker import Walker
from web import logs, middleware

token_endpoint = importlib.import_module("core.oauth.token_endpoint")


@pytest.fixture
def attacked(request: pytest.FixtureRequest) -> Any:
    weak = "log_file" in request.fixturenames
    return request.getfixturevalue("weak_service" if weak else "strong_service")


@pytest.fixture
def misfortune(attacked: Any, walker: Walker) -> Iterator[Misfortune]:
    provider = LeakyProvider()
    one = Misfortune(attacked, provider, walker)
    yield one
    one.close()
    provider.close()


def test_no_secret_is_written_or_answered_whatever_fails(misfortune: Misfortune) -> None:
    misfortune.all()
    kinds = {kind.split()[0] for kind in misfortune.secrets}
    assert kinds >= {
        "access_token",
        "refresh_token",
        "code",
        "code_verifier",
        "authorization",
        "state",
        "token",
    }
    assert len(misfortune.heard) > 100 and len(misfortune.secrets) > 100
    spans = misfortune.folder / "spans.otlp"
    until(lambda: b"outbox.tell" in spans.read_bytes() and b"GET /metrics" in spans.read_bytes())
    assert misfortune.leaks() == set()


# ---- carelessnesses -----------------------------------------------------------------------------------------


@pytest.fixture
def log_file(weak_service: Any) -> Iterator[None]:
    """The log of the service in this process, in the form `valetkey serve` gives it."""
    handler = logging.FileHandler(weak_service.folder / "serve.log")
    handler.setFormatter(logs.JsonLines())
    root, ours = logging.getLogger(), logging.getLogger("valetkey")
    level = ours.level
    root.addHandler(handler)
    ours.setLevel(logging.INFO)
    yield
    ours.setLevel(level)
    root.removeHandler(handler)
    handler.close()


def whole_traces(patch: pytest.MonkeyPatch) -> None:
    """As `logging` writes them: with the message of every exception."""
    patch.setattr(logs, "places", lambda record: "".join(traceback.format_exception(record.exc_info[1])))


def whole_addresses(patch: pytest.MonkeyPatch) -> None:
    """As access logs have them: with the query."""

    def note(scope: Any, *rest: Any) -> None:
        middleware.log.info("%s?%s", scope["path"], scope["query_string"].decode())

    patch.setattr(middleware.Envelope, "_note", staticmethod(note))


def the_providers_words(patch: pytest.MonkeyPatch) -> None:
    """What the token endpoint said, passed on so that somebody can see what is wrong."""
    refusal = token_endpoint.refusal

    def told(connector: Any, response: Any, error: Any) -> Any:
        found = refusal(connector, response, error)
        found.detail += f" It said: {response.text}"
        return found

    patch.setattr(token_endpoint, "refusal", told)


def the_connectors_words(patch: pytest.MonkeyPatch) -> None:
    """What the connector raised, passed on to whoever called."""
    failed = calls.ToolFailed

    def told(detail: str, **fields: Any) -> Any:
        return failed(f"{detail} {traceback.format_exc()}", **fields)

    patch.setattr(calls, "ToolFailed", told)


def kept_as_they_are(patch: pytest.MonkeyPatch) -> None:
    """Cookies of signed-in browsers in the database, not their hashes."""
    patch.setattr(tickets, "token_hash", lambda text: text.encode())


@pytest.mark.parametrize(
    ("carelessness", "part", "found"),
    [
        (whole_traces, "failing_calls", {"serve.log: access_token"}),
        (whole_addresses, "callbacks", {"serve.log: state", "serve.log: false code"}),
        (whole_addresses, "pages", {"serve.log: portal ticket", "serve.log: admin ticket"}),
        (the_providers_words, "redemptions", {"answer: code", "valetkey.db: code"}),
        (the_connectors_words, "failing_calls", {"answer: access_token"}),
        (kept_as_they_are, "pages", {"valetkey.db: me", "valetkey.db: admin"}),
    ],
    ids=lambda value: getattr(value, "__name__", ""),
)
def test_a_carelessness_is_found(
    misfortune: Misfortune,
    log_file: None,
    monkeypatch: pytest.MonkeyPatch,
    carelessness: Callable[[pytest.MonkeyPatch], None],
    part: str,
    found: set[str],
) -> None:
    carelessness(monkeypatch)
    getattr(misfortune, part)()
    leaks = [leak.replace(".db-wal", ".db") for leak in misfortune.leaks()]
    assert {one for one in found if not any(leak.startswith(one) for leak in leaks)} == set()


# ---- cassettes ----------------------------------------------------------------------------------------------


def test_a_cassette_keeps_no_token_of_what_it_recorded(
    northwind: RunningNorthwind, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, defended: bool
) -> None:
    """A refresh and a call with its token, recorded as connectors are. tests/connectors/test_cassettes.py looks at every one
    there is."""
    if not defended:
        monkeypatch.setattr(wire, "without_secrets", lambda text: text)
        monkeypatch.setattr(wire, "_KEPT_HEADERS", wire._KEPT_HEADERS | {"authorization"})
    access, refresh = canary("access"), canary("refresh")
    cassette = tmp_path / "recorded.yaml"
    with wire.recording(cassette, "northwind.example"), httpx.Client(trust_env=False) as http:
        form = {"grant_type": "refresh_token", "refresh_token": refresh, "client_secret": CLIENT_SECRET}
        http.post(f"{northwind.url}/oauth/token", data=form)
        http.get(f"{northwind.url}/api/v1/me", headers={"Authorization": f"Bearer {access}"})
    written = cassette.read_text()
    for secret in (access, refresh, CLIENT_SECRET):
        assert (secret in written) is not defended
