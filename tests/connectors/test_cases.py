"""Every case of every connector, against its fake in memory and from its cassette; and what a connector ships with."""

from __future__ import annotations

import pytest

from core.registry import cassette_problems, problems
from tests.connectors import wire
from tests.connectors.cases import Case, Subject
from tests.connectors.record import outcome
from tests.connectors.subjects import SUBJECTS

CASES = [
    pytest.param(subject, case, id=f"{subject.connector.slug}-{case.tool}__{case.name}")
    for subject in SUBJECTS
    for case in subject.cases()
]
every_connector = pytest.mark.parametrize("subject", SUBJECTS, ids=lambda one: one.connector.slug)


@pytest.mark.parametrize(("subject", "case"), CASES)
async def test_a_case_ends_as_its_table_says(subject: Subject, case: Case) -> None:
    provider = subject.provider()
    case.prepare(provider)
    assert await outcome(subject, case, wire.in_memory(provider.fake)) == case.expected


@pytest.mark.parametrize(("subject", "case"), CASES)
async def test_a_cassette_replays_without_network(subject: Subject, case: Case) -> None:
    path = wire.path_of(subject.connector.slug, case.tool, case.name)
    with wire.replaying(path, subject.host) as cassette:
        assert await outcome(subject, case, wire.on_the_wire()) == case.expected
    assert cassette.all_played


@every_connector
def test_nothing_is_wrong_with_the_connector(subject: Subject) -> None:
    assert problems(subject.connector) == []


@every_connector
def test_every_tool_has_its_line_and_the_cassettes_a_connector_ships_with(subject: Subject) -> None:
    assert {main.tool for main in subject.mains} == {
        tool.function_name for tool in subject.connector.tools.values()
    }
    assert cassette_problems(subject.connector, wire.CASSETTES) == []


@every_connector
def test_every_cassette_belongs_to_one_case(subject: Subject) -> None:
    names = [f"{case.tool}__{case.name}" for case in subject.cases()]
    assert len(names) == len(set(names))
    assert {path.stem for path in (wire.CASSETTES / subject.connector.slug).glob("*.yaml")} == set(names)


@every_connector
def test_no_scope_is_declared_that_no_tool_needs(subject: Subject) -> None:
    connector = subject.connector
    needed = {scope for tool in connector.tools.values() for scope in tool.all_scopes()}
    assert set(connector.scopes) == needed | set(connector.oauth.always_scopes)


@every_connector
async def test_a_tool_works_with_its_own_scopes_alone(subject: Subject) -> None:
    """With each of the alternatives, at a provider that refuses what was not given."""
    for main in subject.mains:
        tool = subject.connector.tools[f"{subject.connector.slug}.{main.tool}"]
        for alternative in tool.any_of or ((),):
            provider = subject.provider()
            provider.fake.sign_in(wire.TOKEN, subject.user, [*tool.scopes, *alternative])
            case = Case(main.tool, "success", main.arguments, main.result)
            got = await outcome(subject, case, wire.in_memory(provider.fake))
            assert got == main.result, f"{main.tool} with {tool.scopes} and {alternative}"
