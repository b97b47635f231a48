"""Answers that were not written for us: made by schemathesis' generator from the response schemas of the providers'
descriptions, and the fakes' own answers with one thing changed everywhere. Each decodes, or is a clear problem.

Sources: the descriptions beside the project (skipped without them); for the changed answers the fakes alone.
Limits: only JSON; a description's bounds of numbers and patterns of text are not kept to (`schemas.py`).
"""

from __future__ import annotations

import asyncio
import copy
import itertools
import json
from collections.abc import Callable, Coroutine, Iterator
from functools import cache, partial
from typing import Any

import httpx
import msgspec
import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from schemathesis.generation.jsonschema.builder import build

from core.connector import Account, Api
from core.errors import ValetkeyError
from core.oauth import TokenSet, introspect
from core.secret import Secret
from tests.connectors import descriptions, schemas, wire
from tests.connectors.cases import Main, Subject
from tests.connectors.fakes.fake import answer
from tests.connectors.record import still_time
from tests.connectors.subjects import PROOFS, SUBJECTS, Proof

EXAMPLES, FEWER = 100, 12  # of the answer that the work gets, of others that are documented
CLEAR = {"provider_error", "not_found", "invalid_arguments"}
REFUSED = CLEAR | {"consent_required", "reconnect_required", "provider_rate_limited", "provider_timeout"}
TOOLS = [
    pytest.param(proof, main, id=f"{proof.slug}-{main.tool}")
    for proof in PROOFS
    if proof.descriptions
    for main in proof.subject.mains
]
Handle = Callable[[httpx.Request], httpx.Response]


@pytest.fixture(autouse=True)
def clock_stands() -> Iterator[None]:
    with still_time():
        yield


@pytest.fixture
def loop() -> Iterator[asyncio.Runner]:
    with asyncio.Runner() as runner:
        yield runner


async def naming(proof: Proof, handle: Handle) -> str:
    """As `ending`, for the function that says whose account it is."""
    connector, http = proof.subject.connector, wire.through(httpx.MockTransport(handle))
    tokens = TokenSet(Secret(wire.TOKEN), fields=proof.subject.fields)
    asked = partial(introspect, http, connector, proof.client, tokens)
    fields = {**connector.filled(proof.client.config), **_of_the_token(proof)}
    api = Api(connector, http, wire.HeldToken(), fields=fields, deadline_s=1, introspection=asked)
    assert connector.account_function is not None
    try:
        told = await connector.account_function(api)
    except ValetkeyError as error:
        return error.code
    for account in told if isinstance(told, list) else [told]:  # of several the person chooses
        msgspec.convert(msgspec.to_builtins(account), Account)
        assert account.id and "\0" not in account.id
    return "answer"


def _of_the_token(proof: Proof) -> dict[str, str]:
    """The kept fields of the token answer; those that the account brings are not known yet."""
    names = proof.subject.connector.oauth.token_fields
    return {name: value for name, value in proof.subject.fields.items() if name in names}


async def ending(subject: Subject, main: Main, handle: Handle) -> str:
    """`answer`, of the declared form, or the problem's code. Anything else is raised."""
    tool = subject.connector.tools[f"{subject.connector.slug}.{main.tool}"]
    http = wire.through(httpx.MockTransport(handle))
    api = Api(subject.connector, http, wire.HeldToken(), fields=subject.fields, deadline_s=1)
    try:
        came = await tool.run(api, tool.check(main.arguments))
    except ValetkeyError as error:
        return error.code
    tool.declared(came)
    return "answer"


Told = list[tuple[httpx.Request, httpx.Response]]


def told(subject: Subject, run: Callable[[Handle], Coroutine[Any, Any, str]], loop: asyncio.Runner) -> Told:
    """What is sent when all goes well, and what the fake answers."""
    provider, found = subject.provider(), []

    def handle(request: httpx.Request) -> httpx.Response:
        found.append((request, provider.fake.handle(request)))
        return found[-1][1]

    assert loop.run(run(handle)) == "answer"
    return found


def but(found: Told, place: int, status: int, body: Any) -> Handle:
    """The same answers in the same order, but for one: its body is another. What is asked beyond gets the last."""
    count, spoilt = itertools.count(), json.dumps(body)

    def handle(request: httpx.Request) -> httpx.Response:
        now = min(next(count), len(found) - 1)
        return answer(status, spoilt) if now == place else found[now][1]

    return handle


# ---- made from the schemas -----------------------------------------------------------------------------------


@descriptions.needed
@pytest.mark.parametrize(("proof", "main"), TOOLS)
def test_every_answer_a_description_allows_decodes_or_is_a_clear_problem(
    proof: Proof, main: Main, loop: asyncio.Runner
) -> None:
    """And of those to the request that does the work one at least is understood."""
    found, described = told(proof.subject, partial(ending, proof.subject, main), loop), 0
    understood: dict[str, bool] = {}
    for name in proof.descriptions:
        of = descriptions.description(name, proof.left_out.get(name))
        for place, (request, came) in enumerate(found):
            operation = of.operation(request) or {}
            for status, schema in schemas.responses(of, operation):
                described += 1
                many = EXAMPLES if status == came.status_code else FEWER
                codes = _codes(
                    proof.subject, main, loop, found, place, status, bodies(json.dumps(schema), many)
                )
                assert codes <= ({"answer"} | (CLEAR if status < 300 else REFUSED)), (name, status, codes)
            full = dict(schemas.responses(of, operation, full=True)).get(came.status_code)
            if full and place == len(found) - 1:
                whole = bodies(json.dumps(full), FEWER)
                codes = _codes(proof.subject, main, loop, found, place, came.status_code, whole)
                understood[name] = "answer" in codes
    assert any(understood.values()) or not understood, "no answer that a description allows is understood"
    if not described:
        pytest.skip("no description has these requests with a JSON answer")


def _codes(
    subject: Subject, main: Main, loop: asyncio.Runner, found: Told, place: int, status: int, these: list[Any]
) -> set[str]:
    """What the tool ends with when its answer number `place` is each of `these`."""
    return {loop.run(ending(subject, main, but(found, place, status, body))) for body in these}


@cache
def bodies(schema: str, many: int) -> list[Any]:
    """As many as asked for, each followed by itself with something changed."""
    made: list[Any] = []

    @settings(
        max_examples=many, derandomize=True, deadline=None, database=None, phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )  # fmt: skip
    @given(build(json.loads(schema), draft=7, formats={}), st.randoms(use_true_random=False))
    def draw(body: Any, chance: Any) -> None:
        made.extend(
            [body, _with(body, chance.choice(list(_paths(body))), chance.choice((GONE, None, *STRANGE)))]
        )

    draw()
    return made


# ---- the fakes' answers, changed -----------------------------------------------------------------------------

GONE = object()
DEEP: Any = "x"
for _ in range(200):
    DEEP = [DEEP]
STRANGE: tuple[Any, ...] = (
    "", "x" * 100_000, "\ud800", "../..", 0, -1, 10**30, 1e308, True, [], {}, [None], {"id": None}, DEEP,
)  # fmt: skip


def _paths(node: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """Every place of a body; of a list only what its first item has."""
    yield path
    inside = node.items() if isinstance(node, dict) else enumerate(node[:1]) if isinstance(node, list) else ()
    for key, value in inside:
        yield from _paths(value, (*path, key))


def _with(body: Any, path: tuple[Any, ...], value: Any) -> Any:
    """The body, with `value` at that place."""
    if not path:
        return None if value is GONE else value
    made = copy.deepcopy(body)
    parent = made
    for step in path[:-1]:
        parent = parent[step]
    if value is GONE:
        del parent[path[-1]]
    else:
        parent[path[-1]] = value
    return made


@pytest.mark.parametrize(
    ("subject", "main"),
    [
        pytest.param(subject, main, id=f"{subject.connector.slug}-{main.tool}")
        for subject in SUBJECTS
        for main in subject.mains
    ],
)
def test_an_answer_with_anything_changed_in_it_decodes_or_is_a_clear_problem(
    subject: Subject, main: Main, loop: asyncio.Runner
) -> None:
    run = partial(ending, subject, main)
    assert _changed(told(subject, run, loop), run, loop) >= 5


@pytest.mark.parametrize("proof", PROOFS, ids=lambda one: one.slug)
def test_an_account_with_anything_changed_in_it_is_named_or_is_a_clear_problem(
    proof: Proof, loop: asyncio.Runner
) -> None:
    run = partial(naming, proof)
    assert _changed(told(proof.subject, run, loop), run, loop) >= 5


def _changed(found: Told, run: Callable[[Handle], Coroutine[Any, Any, str]], loop: asyncio.Runner) -> int:
    """How many changed answers were tried. Raises on one that ends in anything but an answer or a clear problem."""
    tried = 0
    for place, (_, came) in enumerate(found):
        body = json.loads(came.content) if came.content else None
        for number, path in enumerate(_paths(body)):
            for strange in (GONE, None, *(STRANGE[(number + step) % len(STRANGE)] for step in (0, 5, 10))):
                handle = but(found, place, came.status_code, _with(body, path, strange))
                assert loop.run(run(handle)) in {"answer"} | REFUSED, (path, strange)
                tried += 1
    return tried
