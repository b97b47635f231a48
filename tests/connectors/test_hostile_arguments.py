"""Texts that mean something to somebody (a query language, a path, a parser), in every text argument of every tool.

Each is refused, clearly and before anything is sent in vain, or sent as what it is: the request has the same host, path,
parameters and members as one with a harmless text (`shapes.py`). Each connector's own tests go further into its language.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from typing import Any

import httpx
import pytest

from core.errors import ValetkeyError
from tests.connectors import shapes, wire
from tests.connectors.cases import Main, Subject
from tests.connectors.record import still_time
from tests.connectors.shapes import MARK, Shape
from tests.connectors.subjects import SUBJECTS

HARMLESS = (MARK, f"{MARK} two words", f"{MARK}\nsecond line\n\nthird", "", "7", "ab")
HOSTILE = (
    "'", '"', "''", '""', "\\", "\\'", '\\"', "`", "*", "%", "_", "?", "%25", "a'b", 'a"b', "x\\",
    "' OR '1'='1", "' OR Name LIKE '%", "') OR (Id != null", '" OR project is not EMPTY OR text ~ "', '") OR assignee != "x',
    'x" ORDER BY created DESC', "currentUser()", "x; DROP TABLE users", "x -- y", "x /* y */", "x' LIMIT 1 --", "FIND {x}",
    "repo:evil/x is:private", 'x" repo:evil/x "', "is:pr author:@me OR is:issue", "org:evil", "@me", "##x", "x & y | z !w",
    "(today | overdue)", "x & search: y", "x, y", "a:b", "\u00a0or\u00a0",
    '{"a": 1}', "}) { viewer { id } }", 'x") { id } mutation { y(a: "', "${x}", "{x}", "{{x}}", "$filter", "#{x}",
    "../../x", "..", ".", "/", "//evil.example/x", "https://evil.example/x", "a/b", "a?b=c", "a#b", "a&b=c", "a=b", "%2e%2e%2f",
    "..%2f..%2fx", "a%00b", "a;b=c", "a\\..\\b", "?", "#", " ", "\t", "\n", "\r\n", "x\r\nX-Evil: 1", "x\n\ny",
    "a\u2028b", "\ufeff",
    "\0", "a\0b", "\x1b[31m", "\x7f", "\u202ex", "🎉", "👩‍👩‍👧", "Ω≈ç√", "ﷺ", "İ", "ß", "\ud800", "a\udfffb",
    "x" * 9_000, "x" * 1_000_000,
    "<script>alert(1)</script>", "<b>", "&amp;", "[~accountid:x]", "@[Ada](user:1)", "null", "true", "-1", "1e9", "NaN", "[]",
)  # fmt: skip
TOOLS = [
    pytest.param(subject, main, id=f"{subject.connector.slug}-{main.tool}")
    for subject in SUBJECTS
    for main in subject.mains
]


@pytest.fixture(autouse=True)
def clock_stands() -> Iterator[None]:
    with still_time():
        yield


def text_arguments(subject: Subject, main: Main) -> dict[str, bool]:
    """The arguments that take a text, each with whether it is a list of texts."""
    schema = subject.connector.tools[f"{subject.connector.slug}.{main.tool}"].input_schema
    found = {}
    for name, about in schema.get("properties", {}).items():
        kinds = [about, *about.get("anyOf", [])]
        if any(one.get("type") == "string" for one in kinds):
            found[name] = False
        elif any(one.get("items", {}).get("type") == "string" for one in kinds if one.get("type") == "array"):
            found[name] = True
    return found


async def sent(subject: Subject, main: Main, arguments: dict[str, Any]) -> tuple[str, list[Shape]]:
    """How it ends, and the requests on the way. Anything but a clear problem is raised."""
    requests: list[Shape] = []
    fake = cache(lambda: subject.provider().fake)  # made only when there is something to answer

    def handle(request: httpx.Request) -> httpx.Response:
        requests.append(shapes.of(request))
        answer: httpx.Response = fake().handle(request)
        return answer

    http = wire.through(httpx.MockTransport(handle))
    try:
        await wire.run(subject.connector, http, main.tool, arguments, fields=subject.fields)
    except ValetkeyError as error:
        assert error.code in ("invalid_arguments", "not_found", "provider_error", "consent_required"), error
        return error.code, requests
    return "answer", requests


async def harmless(subject: Subject, main: Main, name: str, many: bool) -> tuple[list[Shape], str]:
    """The requests of harmless texts, of the cases' own, and of none; and the text to look for in them."""
    cases = [case.arguments for case in subject.cases() if case.tool == main.tool]
    own = [case[name] for case in cases if name in case]
    texts = [*([text] if many else text for text in HARMLESS), *own]
    without = {key: value for key, value in main.arguments.items() if key != name}
    tried = [{**main.arguments, name: text} for text in texts] + [*cases, without]
    found = [shape for arguments in tried for shape in (await sent(subject, main, arguments))[1]]
    if any(MARK in str(shape) for shape in found):
        return found, MARK
    first = next((one for one in own if one), "")
    return found, str(first[0] if isinstance(first, list) else first)


@pytest.mark.parametrize(("subject", "main"), TOOLS)
async def test_a_hostile_text_is_refused_or_stays_a_text(subject: Subject, main: Main) -> None:
    for name, many in text_arguments(subject, main).items():
        known, marker = await harmless(subject, main, name, many)
        for text in HOSTILE:
            code, found = await sent(subject, main, {**main.arguments, name: [text] if many else text})
            told = [fault for shape in found for fault in shapes.faults(shape, known, marker)]
            assert not told, f"{name}={text[:80]!r} ({code}): {told}"
            assert found or code != "answer", f"{name}={text[:80]!r} was answered without asking"


@pytest.mark.parametrize(("subject", "main"), TOOLS)
async def test_a_text_no_encoding_knows_or_with_a_nul_or_without_end_is_not_sent(
    subject: Subject, main: Main
) -> None:
    for name, many in text_arguments(subject, main).items():
        for text in ("\ud800", "a\0b", "x" * 1_000_000):
            code, found = await sent(subject, main, {**main.arguments, name: [text] if many else text})
            assert (code, found) == ("invalid_arguments", []), name


@pytest.mark.parametrize(("subject", "main"), TOOLS)
async def test_an_argument_nobody_declared_is_refused(subject: Subject, main: Main) -> None:
    """So that a model cannot pass members of the provider's own past the tool."""
    for name in ("user", "account", "scope", "access_token", "fields", "__class__", "api"):
        code, found = await sent(subject, main, {**main.arguments, name: "x"})
        assert (code, found) == ("invalid_arguments", []) or name in main_arguments(subject, main)


def main_arguments(subject: Subject, main: Main) -> set[str]:
    return set(
        subject.connector.tools[f"{subject.connector.slug}.{main.tool}"].input_schema.get("properties", {})
    )


# ---- the check itself ----------------------------------------------------------------------------------------

BASE = "https://api.acme.example"


def asked(path: str, query: str = "", json: Any = None) -> Shape:
    return shapes.of(
        httpx.Request("POST", f"{BASE}{path}", params={"q": query} if query else None, json=json)
    )


@pytest.mark.parametrize(
    ("harmless", "pasted"),
    [
        (asked(f"/issues/{MARK}"), asked("/issues/x/comments")),
        (asked(f"/issues/{MARK}"), asked("/issues/..")),
        (asked(f"/issues/{MARK}"), asked("/issues/%2e%2e%2fusers")),
        (asked(f"/issues/{MARK}"), shapes.of(httpx.Request("POST", "https://evil.example/issues/x"))),
        (asked("/x", f"Name = '{MARK}'"), asked("/x", "Name = 'a' OR 'b' = 'b'")),
        (asked("/x", f"Name = '{MARK}' LIMIT 5"), asked("/x", "Name = 'a' --' LIMIT 5")),
        (asked("/x", f'text ~ "{MARK}" AND mine'), asked("/x", 'text ~ "x\\" OR all OR "" AND mine')),
        (asked("/x", f"repo:{MARK}"), asked("/x", "repo:a/b is:private")),
        (asked("/x", f"{MARK} is:open"), asked("/x", "x is:open is:private")),
        (asked("/x", json={"filter": {"name": MARK}}), asked("/x", json={"filter": {"name": "x", "all": True}})),
        (asked("/x", json={"filter": {"name": MARK, "mine": "y"}}), asked("/x", json={"filter": {"name": "x"}})),
        (asked("/x", json={"filter": MARK}), asked("/x", json={"filter": {"$ne": ""}})),
    ],
)  # fmt: skip
def test_the_check_finds_a_text_that_became_more(harmless: Shape, pasted: Shape) -> None:
    assert shapes.faults(pasted, [harmless], MARK)


@pytest.mark.parametrize(
    ("harmless", "bound"),
    [
        (asked(f"/issues/{MARK}"), asked("/issues/a%2Fb")),
        (asked("/x", f"Name = '{MARK}' LIMIT 5"), asked("/x", "Name = '\\' OR \\\\' LIMIT 5")),
        (asked("/x", f"Name = '{MARK}' LIMIT 5"), asked("/x", "Name = ''' OR ''' LIMIT 5")),
        (asked("/x", f'"{MARK}" is:open'), asked("/x", '"a" "b" is:open')),
        (asked("/x", json={"filter": [{"name": MARK}]}), asked("/x", json={"filter": [{"name": "{}"}, {"name": "b"}]})),
    ],
)  # fmt: skip
def test_the_check_lets_a_bound_text_be(harmless: Shape, bound: Shape) -> None:
    assert shapes.faults(bound, [harmless], MARK) == []
