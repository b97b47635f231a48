"""A draft of a connector from an OpenAPI description and the operations somebody chose.

What a description cannot say is guessed by rules that are written here, and each guess is left as an open place for a person.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Literal

import msgspec

from core.plain_text import clean
from web.cli import Failed
from web.cli.connectors import inputs, results, whose
from web.cli.connectors.description import Description, Operation
from web.cli.connectors.draft import Argument, Draft, Me, Record, Scope, Tool
from web.cli.connectors.results import Result
from web.cli.connectors.shapes import pascal, snake
from web.cli.connectors.wording import sentence, stopped

Risk = Literal["read", "write", "delete"]
RISKS: dict[str, Risk] = {"GET": "read", "DELETE": "delete"}
MAX_SUMMARY, MAX_TITLE = 200, 60
_SEARCH = re.compile(r"^(?:search|list|find|query|lookup)|search$", re.IGNORECASE)
_CURSORS = frozenset({
    "cursor", "after", "offset", "page_token", "pagetoken", "start_cursor", "next_page_token", "nextpagetoken",
})  # fmt: skip
_PAGING = frozenset({"page", "startat", "start", "skip"}) | _CURSORS
_READS = re.compile(r"read|view|get\b|:r$", re.IGNORECASE)
_WRITES = re.compile(
    r"write|manage|admin|full|create|edit|modify|update|add\b|everything|\ball\b|^api$", re.IGNORECASE
)


class Wanted:
    """What to draft. `fields`: the members of a result, by operation; the empty name is for every operation."""

    def __init__(self, slug: str, title: str, category: str, fields: Mapping[str, Sequence[str]]) -> None:
        self.slug, self.title, self.category, self.fields = slug, title, category, fields

    def members(self, operation: Operation) -> Sequence[str] | None:
        return self.fields.get(operation.id, self.fields.get(""))


def drafted(description: Description, operations: Sequence[str], wanted: Wanted) -> Draft:
    """Raises Failed for an operation that is not there."""
    chosen = [description.operation(name) for name in dict.fromkeys(operations)]
    me = whose.me(description)
    tools = _named_apart([_tool(description, one, wanted) for one in chosen], me.record)
    flow = description.flow()
    open_, tools = _common(tools)
    if not flow:
        open_.append(
            "the description names no addresses of OAuth 2.0: authorize_url and token_url are made up"
        )
    if description.server() is None:
        open_.append("the description names no whole address of a server: api_url is made up")
    elif description.has_example_server():
        open_.append(
            "api_url is an example: put the address in, or a {place} that an admin fills (`Setting`)"
        )
    made_up = f"https://{wanted.slug.replace('_', '-')}.example"
    return Draft(
        slug=wanted.slug,
        title=wanted.title,
        category=wanted.category,
        source=_source(description),
        api_url=description.server() or made_up,
        authorize_url=description.absolute(str(flow.get("authorizationUrl") or f"{made_up}/oauth/authorize")),
        token_url=description.absolute(str(flow.get("tokenUrl") or f"{made_up}/oauth/token")),
        revoke_url="",
        scopes=_scopes(description, tools, me),
        tools=tuple(tools),
        me=me,
        open=tuple(open_),
    )


def _named_apart(tools: list[Tool], account: Record) -> list[Tool]:
    """Tools with names of their own, and one record of a name: the fields of a second get the tool's name."""
    names: set[str] = set()
    records: dict[str, Record] = {account.name: account}
    told = []
    for tool in tools:
        if tool.name in names:
            raise Failed(f"two of the operations would be the tool {tool.name}: leave one out")
        names.add(tool.name)
        record = tool.record
        if records.get(record.name, record) != record:
            record = msgspec.structs.replace(record, name=f"{pascal(tool.name)}{record.name}")
        records[record.name] = record
        told.append(msgspec.structs.replace(tool, record=record))
    return told


def _source(description: Description) -> str:
    title, version = sentence(description.title, 60).rstrip("."), sentence(description.version, 20)
    return f"{title or 'a description'}, version {version or 'unknown'} ({sentence(description.name, 40)})"


def _common(tools: list[Tool]) -> tuple[list[str], list[Tool]]:
    """What is open in several tools is said once, of the connector."""
    words = [one for tool in tools for one in tool.open]
    often = list(dict.fromkeys(one for one in words if words.count(one) > 1))
    rest = [
        msgspec.structs.replace(tool, open=tuple(one for one in tool.open if one not in often))
        for tool in tools
    ]
    return often, rest


# ---- scopes --------------------------------------------------------------------------------------------------


def _scopes(description: Description, tools: Sequence[Tool], me: Me) -> tuple[Scope, ...]:
    """Those the tools and the account need, and no others."""
    said = {
        str(name): str(words)
        for scheme in description.schemes().values()
        for flow in scheme.get("flows", {}).values()
        for name, words in (flow.get("scopes") or {}).items()
    }
    order: dict[str, Risk] = dict.fromkeys(me.scopes, "read")
    for tool in tools:
        for name in (scope for alternative in tool.scopes for scope in alternative):
            order[name] = max(order.get(name, "read"), tool.risk, key=["read", "write", "delete"].index)
    return tuple(_scope(name, said.get(name, ""), risk) for name, risk in order.items())


def _scope(name: str, words: str, used_for: Risk) -> Scope:
    """Its risk is what its name says; where that says nothing, the worst it is used for."""
    risk = used_for
    if re.search("delete", name, re.IGNORECASE):
        risk = "delete"
    elif _WRITES.search(name):
        risk = "delete" if used_for == "delete" else "write"
    elif _READS.search(name):
        risk = "read"
    title = " ".join(re.findall(r"[A-Za-z0-9]+", name)).capitalize()
    return Scope(name, title, sentence(words, 160).rstrip("."), risk)


# ---- tools ---------------------------------------------------------------------------------------------------


def _tool(description: Description, operation: Operation, wanted: Wanted) -> Tool:
    open_: list[str] = []
    risk = _risk(operation, open_)
    told = results.result(description, operation, wanted.members(operation), open_)
    given, wrapped, selects = inputs.arguments(description, operation, open_)
    told, given, leading = _paged(told, given, open_)
    if not operation.security and (operation.is_secured or not description.flow()):
        open_.append("the description names no scope: take the smallest that works")
    name = snake(operation.id)
    words = name.replace("_", " ").capitalize()
    return Tool(
        name=name,
        title=sentence(operation.summary, MAX_TITLE).rstrip(".") or words,
        summary=stopped(sentence(operation.summary, MAX_SUMMARY)) or f"{words}.",
        group=clean(operation.tag, 40),
        risk=risk,
        scopes=tuple(tuple(one) for one in operation.security if one),
        method=operation.method,
        path=operation.path,
        arguments=tuple(given),
        record=told.record,
        shape=told.shape,
        envelope=results.envelope(name, told),
        member=told.member,
        next=told.next,
        inner=told.inner,
        wrapped=wrapped,
        as_form=operation.body_is_form,
        selects=selects,
        cursor=leading.wire if leading else "",
        cursor_in=leading.where if leading else "query",
        reads=operation.method == "POST" and risk == "read",
        unsaid=not sentence(operation.summary, MAX_TITLE),
        open=tuple(open_),
    )


def _paged(
    told: Result, given: list[Argument], open_: list[str]
) -> tuple[Result, list[Argument], Argument | None]:
    """A page whose next one can be asked for, with the parameter that does; it is no argument then, but the cursor."""
    names = frozenset({"page"}) if told.shape == "linked" else _CURSORS
    leading = next((one for one in given if one.wire.lower() in names), None)
    if leading and (told.shape == "linked" or told.next):
        return told, [one for one in given if one is not leading], leading
    if told.shape == "page" and any(one.wire.lower() in _PAGING for one in given):
        open_.append("the description does not say what leads to the next page: fill `next` of the Page")
    return msgspec.structs.replace(told, next=(), inner=()), given, None


def _risk(operation: Operation, open_: list[str]) -> Risk:
    if operation.method == "POST" and _SEARCH.search(re.sub(r"^.*/", "", operation.id)):
        open_.append("a search by POST: it is called as one that changes nothing (`reads=True`)")
        return "read"
    return RISKS.get(operation.method, "write")
