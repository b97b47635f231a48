"""The provider's answer, caught in the browser on its way to us: what an attacker reads off a log, a referrer or a screen."""

from __future__ import annotations

from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

import httpx

from tests.flows.stage import Stage
from tests.harness.walker import Walker


class Caught(Exception):
    def __init__(self, url: str) -> None:
        super().__init__(url)
        self.url = url


def answer_of(stage: Stage, walker: Walker, session: dict[str, Any], login: str = "ada") -> str:
    """Consent and sign-in as a person would; the address the provider sends the browser to, which is not opened."""
    stage.approve(walker, session["url"])
    return caught(walker, lambda: stage.provider.consent(walker, login))


def caught(walker: Walker, go: Any) -> str:
    """Where the browser is sent on our service's callback while `go` runs."""
    walker.http.event_hooks = {"request": [_stop]}
    try:
        go()
    except Caught as stopped:
        return stopped.url
    finally:
        walker.http.event_hooks = {}
    raise AssertionError("the provider sent the browser nowhere")


def _stop(request: httpx.Request) -> None:
    if request.url.path.startswith("/oauth/callback/"):
        raise Caught(str(request.url))


def changed(url: str, **query: str | None) -> str:
    """The address with other parameters; None leaves one out."""
    parts = urlsplit(url)
    kept = {name: values[0] for name, values in parse_qs(parts.query).items()} | query
    said = urlencode({name: value for name, value in kept.items() if value is not None})
    return parts._replace(query=said).geturl()


def parameter(url: str, name: str) -> str:
    return parse_qs(urlsplit(url).query)[name][0]
