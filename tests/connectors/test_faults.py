"""What a provider can do wrong, tried on every tool of every connector: each fault has its problem code, none ends in a
traceback, and what is not safe to repeat is sent once.

The fault strikes the request that does the tool's work (`Main.path`); others before it are answered properly. Where it is
about connections, it happens on a real one. Limits: 401, a missing scope and the provider's own words for its refusals are in
each connector's cases too.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import httpx
import pytest

from core.errors import ValetkeyError
from core.secret import Secret
from tests.connectors import wire
from tests.connectors.cases import Main, Subject
from tests.connectors.fakes import broken as on_socket
from tests.connectors.fakes.fake import answer
from tests.connectors.record import still_time
from tests.connectors.subjects import SUBJECTS

ELSEWHERE = "https://evil.example/next"
MENDABLE = (
    "invalid_arguments"  # where a tool knows what the provider's refusal means, it says it as a ToolError
)
Change = Callable[[httpx.Response], httpx.Response]


@dataclass(frozen=True)
class Fault:
    """An answer that goes wrong. `codes`: what may come of it; `times`: how often the request may be sent, when it is safe
    to repeat and when it is not; `silent`: a tool that needs no answer may go on."""

    name: str
    status: int
    body: Any
    codes: tuple[str, ...]
    headers: dict[str, str] | None = None
    times: tuple[int, int] = (1, 1)
    silent: bool = False


NO_JSON = {"content-type": "text/html; charset=utf-8"}
FAULTS = (
    Fault("403_forbidden", 403, {"message": "not for you"}, ("provider_error", MENDABLE, "not_found")),
    Fault("404", 404, {"message": "nothing there"}, ("not_found", MENDABLE)),
    Fault("409", 409, {"message": "changed meanwhile"}, ("provider_error", MENDABLE)),
    Fault("422", 422, {"message": "no such stage"}, ("provider_error", MENDABLE)),
    Fault("429_at_once", 429, {}, ("provider_rate_limited",), {"retry-after": "0"}, (3, 1)),
    Fault("429_in_an_hour", 429, {}, ("provider_rate_limited",), {"retry-after": "3600"}),
    Fault("429", 429, {}, ("provider_rate_limited",)),
    Fault("500", 500, {"message": "kaboom"}, ("provider_error",)),
    Fault("500_at_once", 500, {"message": "kaboom"}, ("provider_error",), {"retry-after": "0"}),
    Fault("503", 503, "", ("provider_error",)),
    Fault("503_at_once", 503, "", ("provider_error",), {"retry-after": "0"}, (3, 1)),
    Fault("half_a_json", 200, '{"data": [{"id": "5', ("provider_error",), silent=True),
    Fault("html", 200, "<!doctype html><title>Sign in</title>", ("provider_error",), NO_JSON, silent=True),
    Fault("html_500", 500, "<h1>Bad gateway</h1>", ("provider_error",), NO_JSON),
    Fault("another_type", 200, "<feed/>", ("provider_error",), {"content-type": "application/xml"}, silent=True),
    Fault("deep", 200, "[" * 100_000 + "]" * 100_000, ("provider_error",), silent=True),
    Fault("no_body", 200, "", ("provider_error",), silent=True),
    Fault("redirect", 302, "", ("provider_error",), {"location": ELSEWHERE}),
    Fault("redirect_of_a_write", 307, "", ("provider_error",), {"location": ELSEWHERE}),
)  # fmt: skip
TOOLS = [
    pytest.param(subject, main, id=f"{subject.connector.slug}-{main.tool}")
    for subject in SUBJECTS
    for main in subject.mains
]
every_tool = pytest.mark.parametrize(("subject", "main"), TOOLS)
every_connector = pytest.mark.parametrize("subject", SUBJECTS, ids=lambda one: one.connector.slug)


@pytest.fixture(autouse=True)
def clock_stands() -> Iterator[None]:
    with still_time():
        yield


class Refreshed(wire.HeldToken):
    """A token that can be had anew; the provider takes none of them."""

    async def after_rejection(self, rejected: Secret) -> Secret:
        self.rejections += 1
        return Secret("another-token")


def strikes(main: Main) -> Callable[[httpx.Request], bool]:
    return lambda request: request.method == main.method and request.url.path.endswith(main.path)


def struck(provider: Any, main: Main) -> list[httpx.Request]:
    """The requests that met the fault."""
    return [request for request in provider.fake.requests if strikes(main)(request)]


def is_safe(subject: Subject, main: Main, request: httpx.Request) -> bool:
    """Whether the provider is left as it was when this request comes twice."""
    if subject.connector.idempotency_key_header or request.method == "GET":
        return True
    if subject.connector.tools[f"{subject.connector.slug}.{main.tool}"].risk == "read":
        return True
    return request.url.path.endswith("/graphql") and not _mutates(request)


def _mutates(request: httpx.Request) -> bool:
    return str(json.loads(request.content)["query"]).lstrip().startswith("mutation")


async def ending(subject: Subject, main: Main, http: Any, **more: Any) -> tuple[str, Any]:
    """`("answer", what came)`, or the problem's code and the problem; anything else is raised."""
    try:
        came = await wire.run(
            subject.connector, http, main.tool, main.arguments, fields=subject.fields, **more
        )
    except ValetkeyError as error:
        return error.code, error
    return "answer", came


# ---- answers that are wrong ----------------------------------------------------------------------------------


@every_tool
@pytest.mark.parametrize("fault", FAULTS, ids=lambda one: one.name)
async def test_a_wrong_answer_has_its_code_and_is_asked_for_again_only_where_that_is_safe(
    subject: Subject, main: Main, fault: Fault
) -> None:
    provider = subject.provider()
    provider.fake.fail(fault.status, fault.body, fault.headers, path=main.path, method=main.method, times=9)
    code, told = await ending(subject, main, wire.in_memory(provider.fake))
    silent = fault.silent and main.tool in subject.silent
    assert code in (*fault.codes, *(["answer"] if silent else [])), told
    requests = struck(provider, main)
    assert requests, f"no request ends with {main.path}"
    safe, unsafe = fault.times
    assert len(requests) == (safe if is_safe(subject, main, requests[0]) else unsafe)
    assert {request.url.host for request in provider.fake.requests} == {provider.fake.host}
    if fault.status >= 400 and code == "provider_error":
        assert told.fields["provider_status"] == fault.status
    if code == "provider_rate_limited":
        assert told.fields["retry_after"] == int((fault.headers or {}).get("retry-after", "10"))
    if isinstance(told, ValetkeyError):
        assert not any(word in str(told) for word in ("kaboom", "Bad gateway", "evil")), "the body is told"


@every_tool
async def test_json_is_read_whatever_it_is_called(subject: Subject, main: Main) -> None:
    """Providers label their answers as they like; what counts is whether it is the JSON that was asked for."""
    provider = subject.provider()

    def handle(request: httpx.Request) -> httpx.Response:
        came: httpx.Response = provider.fake.handle(request)
        return httpx.Response(came.status_code, content=came.content, headers={"content-type": "text/plain"})

    assert await ending(subject, main, wire.through(httpx.MockTransport(handle))) == ("answer", main.result)


@every_tool
async def test_a_rejected_token_is_refreshed_once_and_then_the_person_has_to_connect_again(
    subject: Subject, main: Main
) -> None:
    """A 401 means that nothing was done, so that a write is sent again, too: once."""
    provider, tokens = subject.provider(), Refreshed()
    provider.fake.fail(401, {"message": "expired"}, path=main.path, method=main.method, times=9)
    provider.fake.sign_in("another-token", subject.user, subject.scopes)
    sent: list[str] = []

    def handle(request: httpx.Request) -> httpx.Response:
        if strikes(main)(request):
            sent.append(request.headers["authorization"].partition(" ")[2])
        return provider.fake.handle(request)

    code, _ = await ending(subject, main, wire.through(httpx.MockTransport(handle)), tokens=tokens)
    assert (code, tokens.rejections) == ("reconnect_required", 1)
    assert sent == [wire.TOKEN, "another-token"]


@every_tool
async def test_a_refreshed_token_does_the_work(subject: Subject, main: Main) -> None:
    provider, tokens = subject.provider(), Refreshed()
    provider.fake.fail(401, {"message": "expired"}, path=main.path, method=main.method)
    provider.fake.sign_in("another-token", subject.user, subject.scopes)
    code, came = await ending(subject, main, wire.in_memory(provider.fake), tokens=tokens)
    assert (code, came) == ("answer", main.result)


@every_tool
async def test_a_missing_scope_is_told_in_the_providers_own_words_and_nothing_is_repeated(
    subject: Subject, main: Main
) -> None:
    """Where it is said with 401, no token is refreshed for it."""
    own = [case for case in subject.cases() if (case.tool, case.name) == (main.tool, "missing_scope")]
    if not own:
        pytest.skip("this provider has no such answer")
    provider, tokens = subject.provider(), Refreshed()
    refused = provider.fake.refusal("missing_scope", [main.scope])
    provider.fake.faults += [(main.method, main.path, refused)] * 9
    code, _ = await ending(subject, main, wire.in_memory(provider.fake), tokens=tokens)
    assert code == own[0].expected.code
    assert (len(struck(provider, main)), tokens.rejections) == (1, 0)


# ---- a next page elsewhere -----------------------------------------------------------------------------------


@every_tool
async def test_a_link_to_another_host_is_never_followed(subject: Subject, main: Main) -> None:
    """Neither one in a Link header nor one in the body, nor when an assistant hands back what came of it."""
    provider = subject.provider()

    def handle(request: httpx.Request) -> httpx.Response:
        came = provider.fake.handle(request)
        return _led_elsewhere(came) if strikes(main)(request) else came

    http = wire.through(httpx.MockTransport(handle))
    code, came = await ending(subject, main, http)
    assert code in ("answer", "provider_error", MENDABLE), came
    following = came.get("next") if isinstance(came, dict) else None
    if code == "answer" and following:
        assert "evil" not in following
        again = Main(
            main.tool, {**main.arguments, "cursor": following}, None, main.path, main.scope, main.method
        )
        await ending(subject, again, http)
    assert {request.url.host for request in provider.fake.requests} == {provider.fake.host}


def _led_elsewhere(came: httpx.Response) -> httpx.Response:
    headers = {**came.headers, "link": f'<{ELSEWHERE}?page=2>; rel="next"'}
    headers.pop("content-length", None)
    body = _with_links(json.loads(came.content)) if came.content else None
    return answer(came.status_code, body, headers)


def _with_links(node: Any, name: str = "") -> Any:
    """Every address under a name that speaks of a next page, changed; and such names added where a list stands."""
    if isinstance(node, dict):
        changed = {key: _with_links(value, f"{name}.{key}") for key, value in node.items()}
        if any(isinstance(value, list) for value in node.values()):
            changed |= {key: ELSEWHERE for key in ("nextRecordsUrl", "next_page_url") if key not in node}
        return changed
    if isinstance(node, list):
        return [_with_links(one, name) for one in node]
    points = isinstance(node, str) and "next" in name.lower() and ("://" in node or node.startswith("/"))
    return ELSEWHERE if points else node


# ---- connections that break ----------------------------------------------------------------------------------

BREAKS = (
    on_socket.resets_in_the_body, on_socket.resets_before_the_answer, on_socket.ends_in_the_body,
    on_socket.speaks_no_http, on_socket.floods, on_socket.bombs,
)  # fmt: skip


@every_tool
@pytest.mark.parametrize("way", BREAKS, ids=lambda way: way.__name__)
async def test_a_broken_connection_has_its_code_and_a_write_is_sent_once(
    subject: Subject, main: Main, way: on_socket.Way
) -> None:
    provider = subject.provider()
    async with on_socket.broken(provider.fake, way, strikes(main)) as (served, http):
        code, told = await ending(subject, main, http)
    without_body = main.tool in subject.silent and way.__name__.endswith("in_the_body")
    assert code == "provider_error" or (without_body and code == "answer"), told
    requests = struck(provider, main)
    may_repeat = requests[0].method == "GET" and way.__name__.startswith("resets")
    assert 1 <= len(requests) <= (2 if may_repeat else 1)
    assert served.sent_bytes < on_socket.FLOOD_BYTES / 4, "the body was read to its end"


@every_connector
async def test_a_provider_that_says_nothing_is_a_timeout_that_tells_whether_to_try_again(
    subject: Subject,
) -> None:
    """All tools at once, so that they wait together."""

    async def waits(main: Main) -> None:
        provider = subject.provider()
        async with on_socket.broken(provider.fake, on_socket.hangs, strikes(main)) as (_, http):
            code, told = await ending(subject, main, http, deadline_s=1.0)
        assert code == "provider_timeout", told
        (request,) = struck(provider, main)
        assert told.fields["retryable"] == is_safe(subject, main, request), main.tool

    await asyncio.gather(*(waits(main) for main in subject.mains))
