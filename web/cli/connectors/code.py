"""A draft as Python: the connector's module, piece by piece. What a person has to see to carries `# DRAFT:`.

Words for the consent page stay empty: nobody but a person who knows the provider can write them, and a connector without
them does not start.
"""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from collections.abc import Iterable, Sequence
from pathlib import Path

from core.plain_text import clean
from web.cli.connectors.draft import Argument, Draft, Field, Record, Tool
from web.cli.connectors.shapes import literal

WIDTH = 105
_RESERVED = frozenset({"account", "annotations", "msgspec", "api", "me", "core"})
_KIT = ("Account", "Api", "Connector", "Limit", "OAuth2", "Page", "Rfc7009", "Scope")


def variable(draft: Draft) -> str:
    """The name of the connector in its module."""
    taken = _RESERVED | {tool.name for tool in draft.tools}
    return f"{draft.slug}_connector" if draft.slug in taken else draft.slug


def joined(head: str, parts: Sequence[str], tail: str, indent: str = "") -> str:
    """A call or list in one line, or one part a line."""
    line = f"{indent}{head}{', '.join(parts)}{tail}"
    if len(line) <= WIDTH and "\n" not in line and "#" not in line:
        return line
    inner = "".join(f"{indent}    {_comma(part)}\n" for part in parts)
    return f"{indent}{head}\n{inner}{indent}{tail}"


def _comma(part: str) -> str:
    """A comma before the comment, if there is one."""
    code, mark, comment = part.partition("  # ")
    return f"{code},{mark}{comment}"


# ---- structs -------------------------------------------------------------------------------------------------


def structs(draft: Draft) -> str:
    """Each once, in the order in which they need each other."""
    seen: dict[str, Record] = {}
    for record in _records(draft):
        seen.setdefault(record.name, record)
    return "\n\n\n".join(struct(record) for record in seen.values())


def _records(draft: Draft) -> Iterable[Record]:
    for tool in draft.tools:
        yield tool.record
        yield from tool.inner
        if tool.envelope:
            yield tool.envelope
    yield draft.me.record


def struct(record: Record) -> str:
    options = "frozen=True, kw_only=True" if any(one.optional for one in record.fields) else "frozen=True"
    doc = (
        ""
        if record.inner
        else '    """What may leave: the provider sends more, and the rest is dropped."""\n\n'
    )
    lines = "\n".join(f"    {_member(one)}" for one in record.fields)
    return f"class {record.name}(msgspec.Struct, {options}):\n{doc}{lines}"


def _member(field: Field) -> str:
    kind = f"{field.type} | None" if field.optional else field.type
    if field.name != field.wire:
        default = "default=None, " if field.optional else ""
        return f"{field.name}: {kind} = msgspec.field({default}name={literal(field.wire)})"
    return f"{field.name}: {kind}{' = None' if field.optional else ''}"


# ---- tools ---------------------------------------------------------------------------------------------------


def tool(draft: Draft, one: Tool) -> str:
    opening = "".join(f"# DRAFT: {words}\n" for words in open_places(one.open))
    decorator = joined(f"@{variable(draft)}.tool(", _declared(one), ")")
    signature = joined(f"async def {one.name}(", _parameters(one), f") -> {_returns(one)}:")
    body = "\n".join(f"    {line}" for line in _body(one))
    note = "  # DRAFT: what does the model have to know of it?" if one.unsaid else ""
    return f'{opening}{decorator}\n{signature}\n    """{one.summary}"""{note}\n{body}'


def open_places(words: Sequence[str]) -> list[str]:
    """Each in one line: names of a description stand in them."""
    return [clean(one, 110) for one in words]


def _declared(one: Tool) -> list[str]:
    note = "  # DRAFT: only the operation's name; what does a person call it?" if one.unsaid else ""
    told = [f"title={literal(one.title)}{note}"]
    if one.group:
        told.append(f"group={literal(one.group)}")
    told.append(f'risk="{one.risk}"')
    if len(one.scopes) == 1:
        told.append(f"scopes={_list(one.scopes[0])}")
    elif one.scopes:
        told.append(f"any_of=[{', '.join(_list(some) for some in one.scopes)}]")
    names = clean(", ".join(field.wire for field in one.record.fields), 60)
    word, hint = ("sees", names) if one.risk == "read" else ("changes", one.title[:1].lower() + one.title[1:])
    told.append(f'{word}=""  # what a person reads on the consent page; about: {hint}')
    return told


def _list(names: Sequence[str]) -> str:
    return f"[{', '.join(literal(name) for name in names)}]"


def _parameters(one: Tool) -> list[str]:
    told = ["api: Api"]
    for argument in one.arguments:
        default = f" = {argument.default}" if argument.default else ""
        told.append(f"{argument.name}: {argument.type}{default}")
    if one.cursor:
        told.append("cursor: str | None = None")
    return told


def _returns(one: Tool) -> str:
    return {
        "list": f"list[{one.record.name}]",
        "page": f"Page[{one.record.name}]",
        "linked": f"Page[{one.record.name}]",
    }.get(one.shape, one.record.name)


def _body(one: Tool) -> list[str]:
    lines = _query(one) + _content(one)
    call = [_path(one)]
    if any(line.startswith("asked = ") for line in lines):
        call.append("params=asked")
    if any(line.startswith("sent = ") for line in lines):
        call.append("form=sent" if one.as_form else "json=sent")
    if one.reads:
        call.append("reads=True")
    if one.shape == "linked":
        call += ["cursor=cursor", f"into=list[{one.record.name}]"]
        return [*lines, f"return await api.get_page({', '.join(call)})"]
    method = one.method.lower()
    if one.shape == "none":
        return [*lines, f"await api.{method}({', '.join(call)})", "return Done(True)"]
    if one.envelope is None:
        return [*lines, f"return await api.{method}({', '.join([*call, f'into={_returns(one)}'])})"]
    found = f"answer = await api.{method}({', '.join([*call, f'into={one.envelope.name}'])})"
    return [*lines, found, f"return {_unwrapped(one)}"]


def _unwrapped(one: Tool) -> str:
    assert one.envelope is not None
    inside = f"answer.{one.envelope.fields[0].name}"
    if one.shape != "page":
        return inside
    if not one.next:
        return f"Page({inside})"
    steps = [".".join(["answer", *one.next[: count + 1]]) for count in range(len(one.next))]
    return f"Page({inside}, {' and '.join(steps)})"


def _path(one: Tool) -> str:
    """With each argument as one segment."""
    given = [argument for argument in one.arguments if argument.where == "path"]
    path = one.path
    for argument in given:
        path = path.replace("{" + argument.wire + "}", "{" + argument.name + "}")
    if not given:
        return literal(path)
    return f"api.path({literal(path)}, {', '.join(f'{one.name}={one.name}' for one in given)})"


def _query(one: Tool) -> list[str]:
    pairs = [_pair(argument) for argument in one.arguments if argument.where == "query"]
    if one.cursor and one.cursor_in == "query" and one.shape != "linked":
        pairs.append(f"{literal(one.cursor)}: cursor")
    members = f'",".join({one.record.name}.__struct_encode_fields__)'
    pairs += [f"{literal(name)}: {members}" for name in one.selects]
    return joined("asked = {", pairs, "}").split("\n") if pairs else []


def _content(one: Tool) -> list[str]:
    pairs = [_pair(argument) for argument in one.arguments if argument.where == "body"]
    if one.cursor and one.cursor_in == "body":
        pairs.append(f"{literal(one.cursor)}: cursor")
    if not pairs:
        return ["sent = {}"] if one.method in ("POST", "PUT", "PATCH") and one.wrapped else []
    lines = joined("told = {", pairs, "}").split("\n")
    kept = "{name: value for name, value in told.items() if value is not None}"
    return [*lines, f"sent = {{{literal(one.wrapped)}: {kept}}}" if one.wrapped else f"sent = {kept}"]


def _pair(argument: Argument) -> str:
    return f"{literal(argument.wire)}: {argument.name}"


# ---- the whole -----------------------------------------------------------------------------------------------


def account(draft: Draft) -> str:
    me = draft.me
    note = f"# DRAFT: is {clean(me.path, 60)} the request that tells who signed in, and does its id never change?\n"
    by_wire = {field.wire: field for field in me.record.fields}
    id_, label = by_wire[me.id], by_wire[me.label]
    shown = f"me.{label.name} or str(me.{id_.name})" if label.optional else f"str(me.{label.name})"
    into, unwrap = me.record.name, ""
    if me.member:
        into, unwrap = f"dict[str, {me.record.name}]", f"[{literal(me.member)}]"
    got = f"await api.get({literal(me.path)}, into={into})"
    return (
        f"{note}@{variable(draft)}.account\n"
        "async def account(api: Api) -> Account:\n"
        '    """Who is behind the token: `id` never changes, `label` is what the person recognises."""\n'
        f"    me = {f'({got}){unwrap}' if unwrap else got}\n"
        f"    return Account(id=str(me.{id_.name}), label={shown})"
    )


def imports(body: str) -> str:
    """Those the module needs, in the order a formatter keeps."""
    typing = [name for name in ("Annotated", "Literal") if re.search(rf"\b{name}\[", body)]
    kit = [name for name in _KIT if re.search(rf"\b{name}\b", body)]
    told = f"from typing import {', '.join(typing)}\n\n" if typing else ""
    return f"{told}import msgspec\n\nfrom core.connector import {', '.join(kit)}"


def formatted(files: Sequence[Path]) -> None:
    """With ruff, where there is one; without, the files are right all the same."""
    beside = Path(sys.executable).with_name("ruff")
    ruff = str(beside) if beside.exists() else shutil.which("ruff")
    if ruff:
        options = ["--quiet", "--no-cache", "--line-length", "110", "--isolated"]
        subprocess.run([ruff, "format", *options, *map(str, files)], check=False, capture_output=True)
