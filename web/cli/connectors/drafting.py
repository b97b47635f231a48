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
from web.cli.connectors import shapes
from web.cli.connectors.description import Description, Operation, Schema
from web.cli.connectors.draft import Argument, Draft, Field, Me, Record, Scope, Shape, Tool
from web.cli.connectors.shapes import pascal, snake

Risk = Literal["read", "write", "delete"]
RISKS: dict[str, Risk] = {"GET": "read", "DELETE": "delete"}
MAX_SUMMARY, MAX_TITLE = 200, 60
_SELF = re.compile(r"/(?:me|myself|self|whoami|user|userinfo|current_user)/?$")
_SEARCH = re.compile(r"^(?:search|list|find|query|lookup)|search$", re.IGNORECASE)
_LIMITS = frozenset(
    {
        "limit",
        "per_page",
        "perpage",
        "page_size",
        "pagesize",
        "max_results",
        "maxresults",
        "first",
        "count",
        "top",
    }
)
_CURSORS = frozenset(
    {
        "cursor",
        "after",
        "offset",
        "page_token",
        "pagetoken",
        "start_cursor",
        "next_page_token",
        "nextpagetoken",
    }
)
_FOLLOWING = frozenset(
    {"next", "next_cursor", "nextcursor", "next_page_token", "nextpagetoken", "cursor", "after", "offset"}
)
_PAGING = frozenset({"page", "startat", "start", "skip"}) | _CURSORS
_COSMETIC = frozenset({"opt_pretty", "pretty"})
_SELECTS = frozenset({"opt_fields", "fields", "select"})
_IDS = ("id", "gid", "accountId", "account_id", "user_id", "userId", "uid", "sub")
_LABELS = (
    "email",
    "emailAddress",
    "email_address",
    "login",
    "username",
    "displayName",
    "display_name",
    "name",
    "full_name",
)
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
    tools = _named_apart([_tool(description, one, wanted) for one in chosen])
    me = _me(description)
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


def _named_apart(tools: list[Tool]) -> list[Tool]:
    """Tools with names of their own, and one record of a name: the fields of a second get the tool's name."""
    names: set[str] = set()
    records: dict[str, Record] = {}
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
    title, version = _sentence(description.title, 60).rstrip("."), _sentence(description.version, 20)
    return f"{title or 'a description'}, version {version or 'unknown'} ({_sentence(description.name, 40)})"


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
    return Scope(name, title, _sentence(words, 160).rstrip("."), risk)


# ---- tools ---------------------------------------------------------------------------------------------------


def _tool(description: Description, operation: Operation, wanted: Wanted) -> Tool:
    open_: list[str] = []
    risk = _risk(operation, open_)
    record, shape, member, following, inner = _result(description, operation, wanted, open_)
    arguments, wrapped, selects = _arguments(description, operation, open_)
    leading = next((one for one in arguments if one.wire.lower() in _CURSORS), None)
    cursor = "page" if shape == "linked" else leading.wire if leading else ""
    if shape in ("page", "linked") and cursor and (following or shape == "linked"):
        arguments = [one for one in arguments if one.wire != cursor]
    else:
        if shape == "page" and any(one.wire.lower() in _PAGING for one in arguments):
            open_.append("the description does not say what leads to the next page: fill `next` of the Page")
        cursor, following = "", ()
    if not operation.security and (operation.is_secured or not description.flow()):
        open_.append("the description names no scope: take the smallest that works")
    name = snake(operation.id)
    envelope = _envelope(record, name, member, shape, following, inner)
    return Tool(
        name=name,
        title=_sentence(operation.summary, MAX_TITLE).rstrip(".") or name.replace("_", " ").capitalize(),
        summary=_stopped(_sentence(operation.summary, MAX_SUMMARY))
        or f"{name.replace('_', ' ').capitalize()}.",
        group=clean(operation.tag, 40),
        risk=risk,
        scopes=tuple(tuple(one) for one in operation.security if one),
        method=operation.method,
        path=operation.path,
        arguments=tuple(_apart(arguments)),
        record=record,
        shape=shape,
        envelope=envelope,
        member=member,
        next=following,
        inner=inner if following else (),
        wrapped=wrapped,
        as_form=operation.body_is_form,
        selects=selects,
        cursor=cursor,
        cursor_in=leading.where if leading else "query",
        reads=operation.method == "POST" and risk == "read",
        open=tuple(open_),
    )


def _sentence(text: str, limit: int) -> str:
    """The first sentence of a description's words, without markup."""
    plain = clean(re.sub(r"<[^>]*>|[*`_>#]|\[!?\w+\]", " ", text), 2_000)
    first = re.split(r"(?<=[.!?])\s", plain)[0]
    return clean(first, limit).replace("\\", "").replace('"', "'")


def _stopped(text: str) -> str:
    return f"{text}." if text and text[-1] not in ".!?…" else text


def _risk(operation: Operation, open_: list[str]) -> Risk:
    if operation.method == "POST" and _SEARCH.search(re.sub(r"^.*/", "", operation.id)):
        open_.append("a search by POST: it is called as one that changes nothing (`reads=True`)")
        return "read"
    return RISKS.get(operation.method, "write")


def _result(
    description: Description, operation: Operation, wanted: Wanted, open_: list[str]
) -> tuple[Record, Shape, str, tuple[str, ...], tuple[Record, ...]]:
    """The record, how it comes, the member it is in, what leads on, and the structs on the way there."""
    answer = operation.answer
    if answer is None or not answer.get("type"):
        return Record("Done", (Field("done", "done", "bool", False, True),)), "none", "", (), ()
    members = wanted.members(operation)
    if answer["type"] == "array":
        item = description.schema(answer.get("items", {}))
        pages = any(one.get("name") == "page" for one in operation.parameters)
        shape: Shape = "linked" if operation.linked and pages else "list"
        return _record(description, operation, item, members, open_), shape, "", (), ()
    properties = description.properties(answer)
    lists = [
        name
        for name, one in properties.items()
        if one.get("type") == "array" and description.schema(one.get("items", {})).get("type") == "object"
    ]
    objects = [name for name, one in properties.items() if one.get("type") == "object"]
    scalars = [name for name, one in properties.items() if shapes.is_scalar(one)]
    if len(lists) == 1 and (operation.method in ("GET", "POST") and _is_envelope(lists[0], scalars)):
        item = description.schema(properties[lists[0]].get("items", {}))
        following, inner = _following(description, answer, operation)
        return _record(description, operation, item, members, open_), "page", lists[0], following, inner
    if len(objects) == 1 and not scalars:
        inside = properties[objects[0]]
        return _record(description, operation, inside, members, open_), "one", objects[0], (), ()
    return _record(description, operation, answer, members, open_), "one", "", (), ()


def _is_envelope(name: str, scalars: Sequence[str]) -> bool:
    """Whether an object is there for its list, and not a thing that also has one."""
    usual = {"data", "items", "results", "values", "records", "entries", "list", "nodes", "elements"}
    return name.lower() in usual or not any(one.lower() in _IDS for one in scalars)


def _record(
    description: Description,
    operation: Operation,
    schema: Schema,
    members: Sequence[str] | None,
    open_: list[str],
) -> Record:
    name = pascal(str(schema.get("x-name") or f"{snake(operation.id)}_result"))
    fields = shapes.chosen(description, schema, members)
    if members is not None and (
        strange := [one for one in members if one not in {each.wire for each in fields}]
    ):
        raise Failed(
            f"{operation.id} answers no plain {', '.join(strange)}; it has: {_plain(description, schema)}"
        )
    if not fields:
        open_.append("the answer has no plain member: name the fields that may leave")
        fields = [Field("id", "id", "str", True, "1")]
    return Record(name, tuple(fields))


def _plain(description: Description, schema: Schema) -> str:
    return ", ".join(one.wire for one in shapes.chosen(description, schema, None)) or "none"


def _following(
    description: Description, answer: Schema, operation: Operation
) -> tuple[tuple[str, ...], tuple[Record, ...]]:
    """The members that lead to the next cursor, `("paging", "next", "after")`, with a struct for each on the way."""
    for path in _paths(description, answer, 3):
        if path[-1].lower() in _FOLLOWING and any(
            "next" in step.lower() or "cursor" in step.lower() for step in path
        ):
            base = pascal(snake(operation.id))
            names = [
                f"{base}{''.join(pascal(step) for step in path[: count + 1])}"
                for count in range(len(path) - 1)
            ]
            inner = []
            for count, name in enumerate(names):
                step = path[count + 1]
                kind = names[count + 1] if count + 1 < len(names) else "str"
                inner.append(Record(name, (Field(step, step, kind, True, None),), inner=True))
            return path, tuple(reversed(inner))
    return (), ()


def _paths(description: Description, schema: Schema, depth: int) -> list[tuple[str, ...]]:
    """Every way to a text, within objects; the shortest first."""
    found: list[tuple[str, ...]] = []
    for name, one in description.properties(schema).items():
        if not name.isidentifier():
            continue
        if one.get("type") == "string":
            found.append((name,))
        elif one.get("type") == "object" and depth > 1:
            found += [(name, *rest) for rest in _paths(description, one, depth - 1)]
    return sorted(found, key=len)


def _envelope(
    record: Record,
    tool: str,
    member: str,
    shape: Shape,
    following: tuple[str, ...],
    inner: tuple[Record, ...],
) -> Record | None:
    """The struct an answer is read into, when what is wanted stands in a member of it."""
    if not member:
        return None
    kind = f"list[{record.name}]" if shape == "page" else record.name
    fields = [Field(shapes._member(member), member, kind, False, None)]
    if following:
        told = inner[-1].name if inner else "str"
        fields.append(Field(following[0], following[0], told, True, None))
    return Record(f"{pascal(tool)}Answer", tuple(fields), inner=True)


# ---- arguments -----------------------------------------------------------------------------------------------


def _arguments(
    description: Description, operation: Operation, open_: list[str]
) -> tuple[list[Argument], str, tuple[str, ...]]:
    """The arguments; the member of the body they go into; the query parameters that name what is wanted."""
    found: list[Argument] = []
    selects: list[str] = []
    for parameter in operation.parameters:
        name, where = str(parameter.get("name")), parameter.get("in")
        if where not in ("path", "query") or parameter.get("deprecated") or name in _COSMETIC:
            continue
        if where == "query" and name in _SELECTS:
            selects.append(name)
            open_.append(f"`{name}` asks for no more than may leave: see that the provider reads it so")
            continue
        found += _argument(description, parameter, "query" if where == "query" else "path", open_)
    body, wrapped = _unwrapped(description, operation.body or {})
    left_out = []
    for name, schema in description.properties(body).items():
        needed = name in body.get("required", ())
        told = {
            "name": name,
            "schema": schema,
            "required": needed,
            "description": schema.get("description", ""),
        }
        if not schema.get("readOnly"):
            made = _argument(description, told, "body", open_)
            found += made
            left_out += [] if made or needed else [f"`{name}`"]
    if left_out:
        open_.append(
            f"the body also takes {', '.join(left_out)}, no plain values: add what is wanted of them"
        )
    return sorted(found, key=lambda one: not one.required), wrapped, tuple(selects)


def _unwrapped(description: Description, body: Schema) -> tuple[Schema, str]:
    properties = description.properties(body)
    objects = [
        name for name, one in properties.items() if one.get("type") == "object" and one.get("properties")
    ]
    if len(properties) == 1 and objects:
        return properties[objects[0]], objects[0]
    return body, ""


def _argument(
    description: Description,
    parameter: Schema,
    where: Literal["path", "query", "body"],
    open_: list[str],
) -> list[Argument]:
    name, schema = str(parameter["name"]), dict(parameter.get("schema", {}))
    required = bool(parameter.get("required")) or where == "path"
    items = description.schema(schema.get("items", {})) if schema.get("type") == "array" else None
    if items is not None and shapes.is_scalar(items) and where != "path":
        schema["items"] = items
    elif not shapes.is_scalar(schema):
        if required:
            open_.append(f"`{name}` is needed and is no plain value: write how it is made")
        return []
    if name.lower() in _LIMITS and schema.get("type") == "integer":
        most = min(int(schema.get("maximum", shapes.MAX_LIMIT)), shapes.MAX_LIMIT)
        return [Argument(snake(name), name, where, _limit(most), False, str(min(10, most)), 2)]
    said = _sentence(str(parameter.get("description") or ""), 120) if required else ""
    kind = shapes.annotation(schema, said)
    value = [shapes.example(items, name)] if items is not None else shapes.example(schema, name)
    if required:
        return [Argument(snake(name), name, where, kind, True, "", value)]
    return [Argument(snake(name), name, where, f"{kind} | None", False, "None", value)]


def _limit(most: int) -> str:
    return "Limit" if most == shapes.MAX_LIMIT else f"Annotated[int, msgspec.Meta(ge=1, le={most})]"


def _apart(arguments: Sequence[Argument]) -> list[Argument]:
    """The same name of a path and a body parameter is one argument too many: the second gets a number."""
    seen: dict[str, int] = {}
    told = []
    for one in arguments:
        seen[one.name] = seen.get(one.name, 0) + 1
        name = one.name if seen[one.name] == 1 else f"{one.name}_{seen[one.name]}"
        told.append(msgspec.structs.replace(one, name=name))
    return told


# ---- the account ---------------------------------------------------------------------------------------------


def _me(description: Description) -> Me:
    """The operation that tells who is behind a token, or a place to be filled."""
    for operation in description.operations():
        if operation.method != "GET" or "{" in operation.path or not _SELF.search(operation.path):
            continue
        if me := _told(description, operation):
            return me
    record = Record(
        "Me", (Field("id", "id", "str", False, "1"), Field("email", "email", "str", True, "ada@example.com"))
    )
    return Me("/me", record, "id", "email")


def _told(description: Description, operation: Operation) -> Me | None:
    answer, member = operation.answer or {}, ""
    properties = description.properties(answer)
    objects = [name for name, one in properties.items() if one.get("type") == "object"]
    if len(objects) == 1 and not any(shapes.is_scalar(one) for one in properties.values()):
        member, answer = objects[0], properties[objects[0]]
        properties = description.properties(answer)
    plain = [name for name, one in properties.items() if shapes.is_scalar(one)]
    id_ = next((name for name in _IDS if name in plain), None)
    label = next((name for name in _LABELS if name in plain), None)
    if id_ is None:
        return None
    names = [id_, label] if label else [id_]
    record = Record("Me", tuple(shapes.chosen(description, answer, names)))
    scopes = tuple(operation.security[0]) if operation.security else ()
    return Me(operation.path, record, id_, label or id_, member, scopes, known=True)
