"""What a connector has to satisfy before it may be used: each fault with file, line and mend.

`valetkey connectors check` prints them, and the start stops at them (`core/registry.py`). Cassettes are checked apart, since an
installed connector need not bring its tests along.
"""

from __future__ import annotations

import inspect
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from core.connector import templates
from core.connector.connector import Connector
from core.connector.oauth import OAuth2, PkceOff, Rfc7009, patterns
from core.connector.problems import Problem, place_of
from core.connector.scopes import RISKS
from core.connector.tool import Tool
from core.destinations import url_fault

Fault = tuple[str, str]
CATEGORIES = ("crm", "project", "other")
MAX_TOOL_NAME = 64  # `slug__function`; the shortest limit of the model vendors
CASES = ("success", "unauthorized", "missing_scope", "not_found", "rate_limited", "server_error")
PAGE_CASES = ("empty", "next_page")
_SLUG = re.compile(r"[a-z][a-z0-9]*(?:_[a-z0-9]+)*\Z")
_FUNCTION = re.compile(r"[a-z][a-z0-9_]*\Z")
_FORBIDDEN_HEADERS = frozenset({"authorization", "proxy-authorization", "cookie", "host"})


def problems(connector: Connector, *, development: bool = False) -> list[Problem]:
    """Everything that is wrong, in the order of the lines. [] for a connector that may be used."""
    found = list(connector.faults)
    own = [*_identity(connector), *_scopes(connector), *_oauth(connector), *_urls(connector, development)]
    found += [connector.place.problem(*fault) for fault in own]
    found += _account(connector)
    for tool in connector.tools.values():
        found += [
            tool.place.problem(f"{tool.function_name}: {what}", mend) for what, mend in _tool(connector, tool)
        ]
    return sorted(set(found))


def _identity(connector: Connector) -> Iterator[Fault]:
    if not _SLUG.match(connector.slug) or len(connector.slug) > 40:
        yield (
            f"the slug {connector.slug!r} is not one",
            "use lower-case letters, digits and single `_`, at most 40",
        )
    if not connector.title.strip():
        yield "the connector has no title", "write the provider's name as people know it"
    if connector.category not in CATEGORIES:
        yield f"there is no category {connector.category!r}", f"use one of {', '.join(CATEGORIES)}"
    for name in connector.headers:
        if name.lower() in _FORBIDDEN_HEADERS:
            yield f"the header {name} is not a connector's to set", "leave it to Api"
    if not connector.tools and not connector.faults:
        yield "the connector has no tools", "add one with `@connector.tool(...)`"


def _scopes(connector: Connector) -> Iterator[Fault]:
    names = [scope.name for scope in connector.scope_list]
    for name in sorted({name for name in names if names.count(name) > 1}):
        yield f"the scope {name!r} is declared twice", "keep one"
    for scope in connector.scope_list:
        if not scope.name or re.search(r"\s", scope.name):
            yield f"the scope name {scope.name!r} has blanks or is empty", "write the provider's own name"
        if not scope.title.strip() or not scope.description.strip():
            yield f"the scope {scope.name!r} has no title or description", "say in plain words what it opens"
        if scope.risk not in RISKS:
            yield f"the scope {scope.name!r} has the risk {scope.risk!r}", f"use one of {', '.join(RISKS)}"
    for name in connector.oauth.always_scopes:
        if name not in connector.scopes:
            yield f"the scope {name!r} of always_scopes is not declared", "add it to `scopes`"


def _oauth(connector: Connector) -> Iterator[Fault]:
    oauth = connector.oauth
    if isinstance(oauth.pkce, PkceOff) and not oauth.pkce.reason.strip():
        yield "PKCE is off without a reason", 'write PkceOff("why")'
    for name, annotation in (
        ("client_auth", ("client_secret_basic", "client_secret_post", "private_key_jwt", "none")),
        ("token_body", ("form", "json")),
        ("scope_mode", ("request", "app_fixed", "none")),
        ("revocation_scope", ("token", "account")),
    ):
        if getattr(oauth, name) not in annotation:
            yield f"oauth.{name} is {getattr(oauth, name)!r}", f"use one of {', '.join(annotation)}"
    if oauth.revocation is None and not connector.manage_url:
        yield (
            "there is no revocation and no manage_url",
            "set `manage_url`, where a person ends the access by hand",
        )
    own = None if isinstance(oauth.revocation, Rfc7009) else oauth.revocation
    if own is not None and not inspect.iscoroutinefunction(own):
        yield "the revocation is no async function", "write `async def revoke(context): ...`"
    yield from _token_fields(oauth)


def _token_fields(oauth: OAuth2) -> Iterator[Fault]:
    for name, pattern in (
        (name, one) for name, allowed in oauth.token_fields.items() for one in patterns(allowed)
    ):
        if "://" not in pattern:
            if pattern.strip("*") == pattern == "":
                yield f"token_fields[{name!r}] has an empty pattern", "write what its values look like"
            continue
        host = pattern.partition("://")[2].removeprefix("*.").rstrip("/")
        if templates.origin(f"https://{host}") is None or ("*." in pattern and "." not in host):
            yield (
                f"token_fields[{name!r}] has a pattern that fits too much or nothing",
                ("write an origin such as https://*.acme.example"),
            )


def _urls(connector: Connector, development: bool) -> Iterator[Fault]:
    for url in connector.templates():
        example = _example(url)
        fault = url_fault(example, development=development)
        if fault:
            yield f"the URL {url!r} is refused: {fault}", "write the provider's https address"
    for origin in connector.origins:
        if templates.origin(_example(origin)) != _example(origin).rstrip("/").lower():
            yield f"{origin!r} is no origin", "write scheme, host and port only: https://files.acme.example"


def _example(template: str) -> str:
    """A URL such as the template would give: whole addresses at its start, a label elsewhere."""
    started = re.sub(r"^\{[a-z][a-z0-9_]*\}", "https://filled.example", template)
    return re.sub(r"\{[a-z][a-z0-9_]*\}", "filled", started)


def _account(connector: Connector) -> Iterator[Problem]:
    function = connector.account_function
    if function is None:
        yield connector.place.problem(
            "nothing says whose account it is", "add `@connector.account` above a function"
        )
    elif not inspect.iscoroutinefunction(function) or len(inspect.signature(function).parameters) != 1:
        yield place_of(function).problem(
            f"{function.__name__}: this cannot say whose account it is",
            "write `async def account(api: Api) -> Account`",
        )


def _tool(connector: Connector, tool: Tool) -> Iterator[Fault]:
    if not _FUNCTION.match(tool.function_name):
        yield "the name is not one a model can use", "use lower-case letters, digits and `_`"
    if len(tool.name) + 1 > MAX_TOOL_NAME:
        yield f"the full name is longer than {MAX_TOOL_NAME} characters", "shorten the function's name"
    if not inspect.iscoroutinefunction(tool.function):
        yield "the tool is not an async function", "write `async def`"
    if not inspect.signature(tool.function).parameters:
        yield "the tool takes no `api`", "make `api: Api` its first argument"
    if not tool.description:
        yield "the tool has no docstring", "write in one line what it does: the model reads it"
    yield from _wording(tool)
    for name in tool.all_scopes():
        if name not in connector.scopes:
            yield (
                f"the scope {name!r} is not declared",
                f"add Scope({name!r}, ...) to the connector's `scopes`",
            )
    if any(not alternative for alternative in tool.any_of):
        yield "an alternative of any_of is empty", "name its scopes, or leave it out"
    for path in _undeclared(tool.output_schema):
        yield f"the result may hold anything at {path}", "return a struct that names its fields"


def _wording(tool: Tool) -> Iterator[Fault]:
    if tool.risk not in RISKS:
        yield f"there is no risk {tool.risk!r}", f"use one of {', '.join(RISKS)}"
    elif tool.risk == "read" and not tool.sees.strip():
        yield "the tool does not say what it sees", 'write sees="names of contacts", for the consent page'
    elif tool.risk != "read" and not tool.changes.strip():
        yield "the tool does not say what it changes", 'write changes="adds a contact", for the consent page'


def _undeclared(schema: Any, path: str = "result") -> Iterator[str]:
    """Where a result's schema allows anything: `Any`, `object`, a bare `dict` or `list`."""
    if not isinstance(schema, dict):
        return
    told = schema.keys() - {"$schema", "$defs", "title", "description", "default"}
    open_object = schema.get("type") == "object" and not schema.keys() & {
        "properties",
        "additionalProperties",
    }
    if (
        not told
        or open_object
        or (schema.get("type") == "array" and not schema.keys() & {"items", "prefixItems"})
    ):
        yield path
    for name, member in schema.get("properties", {}).items():
        yield from _undeclared(member, f"{path}.{name}")
    for name, member in schema.get("$defs", {}).items():
        yield from _undeclared(member, name)
    for inside in (schema.get("items"), schema.get("additionalProperties"), *schema.get("prefixItems", ())):
        yield from _undeclared(inside, f"{path}[]")
    for alternative in schema.get("anyOf", ()):
        yield from _undeclared(alternative, path)


def cassette_problems(connector: Connector, folder: Path | str) -> list[Problem]:
    """The recordings a connector lacks below `folder` (`cassettes/`), and those that belong to no tool."""
    shelf = Path(folder) / connector.slug
    there = {path.stem for path in shelf.glob("*.yaml")}
    found, known = [], set()
    for tool in connector.tools.values():
        cases = (*CASES, *(PAGE_CASES if tool.is_page else ()))
        lacking = [case for case in cases if f"{tool.function_name}__{case}" not in there]
        if lacking:
            mend = f"`valetkey connectors record {connector.slug} {tool.function_name} --case {lacking[0]}`"
            what = f"{tool.function_name}: no cassettes for {', '.join(lacking)}"
            found.append(tool.place.problem(what, f"{mend}, and so on" if lacking[1:] else mend))
        known.add(tool.function_name)
    for name in sorted(there):
        if name.rpartition("__")[0] not in known | {"account"}:
            place = f"{connector.slug}/{name}.yaml"
            found.append(
                Problem(str(shelf / f"{name}.yaml"), 1, f"{place} belongs to no tool", "rename or remove it")
            )
    return sorted(found)
