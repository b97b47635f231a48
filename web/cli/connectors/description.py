"""An OpenAPI description (3.0 or 3.1, JSON or YAML) as far as a draft of a connector needs it: operations, schemas, security.

Source: OpenAPI 3.0.4 and 3.1.1, sections 4.7 and 4.8. Limits: references within the file only; of a security requirement the
OAuth 2.0 and OpenID Connect schemes; JSON and form bodies.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any
from urllib.parse import urljoin

import msgspec

from web.cli import Failed

Schema = dict[str, Any]
METHODS = ("get", "post", "put", "patch", "delete")
MAX_BYTES = 50_000_000
MAX_DEPTH = 12
_JSON = re.compile(r"application/(?:[\w.+-]+\+)?json\b|\*/\*")
_EXAMPLE = re.compile(r"//(?:your|example|acme|my)\b|\byour-", re.IGNORECASE)
_FORM = "application/x-www-form-urlencoded"


class Operation(msgspec.Struct, frozen=True):
    """`security`: the alternatives, each with the scopes it wants. `linked`: the answer names its next page in a Link header."""

    id: str
    method: str
    path: str
    summary: str
    tag: str
    parameters: list[Schema]
    body: Schema | None
    body_is_form: bool
    answer: Schema | None
    linked: bool
    security: list[list[str]]
    is_secured: bool


class Description:
    """One file. Raises Failed, naming the file, for what cannot be read."""

    def __init__(self, tree: Schema, name: str) -> None:
        self.tree, self.name = tree, name
        version = str(tree.get("openapi", ""))
        if not version.startswith(("3.0", "3.1")):
            said = f"OpenAPI {version}" if version else "no OpenAPI description"
            raise Failed(f"{name} is {said}: OpenAPI 3.0 or 3.1 is needed")

    @property
    def title(self) -> str:
        return str(self.tree.get("info", {}).get("title", ""))

    @property
    def version(self) -> str:
        return str(self.tree.get("info", {}).get("version", ""))

    # ---- references ----------------------------------------------------------------------------------------

    def followed(self, node: Any) -> Schema:
        """The node, or what its reference names, however many steps away."""
        for _ in range(MAX_DEPTH):
            if not isinstance(node, Mapping):
                return {}
            target = node.get("$ref")
            if not isinstance(target, str):
                return dict(node)
            node = self._target(target)
        raise Failed(f"{self.name}: a reference leads in a circle")

    def _target(self, pointer: str) -> Any:
        if not pointer.startswith("#/"):
            raise Failed(
                f"{self.name}: {pointer!r} is in another file: bundle the description into one first"
            )
        node: Any = self.tree
        for step in pointer[2:].split("/"):
            name = step.replace("~1", "/").replace("~0", "~")
            if not isinstance(node, Mapping) or name not in node:
                raise Failed(f"{self.name}: there is nothing at {pointer!r}")
            node = node[name]
        return node

    def schema(self, node: Any, depth: int = 0) -> Schema:
        """A schema with reference and `allOf` put together; of `oneOf` and `anyOf` the first that says something.

        `x-name` is what a reference called it; `nullable` is set for every way of saying so.
        """
        name = _last(node)
        told = self.followed(node)
        for part in reversed(told.pop("allOf", ()) if depth < MAX_DEPTH else ()):
            told = _joined(self.schema(part, depth + 1), told)
        for word in ("oneOf", "anyOf"):
            told = self._chosen(told, told.pop(word, None), depth)
        kinds = told.get("type")
        if isinstance(kinds, list):
            rest = [kind for kind in kinds if kind != "null"]
            told |= {"type": rest[0] if len(rest) == 1 else None, "nullable": len(rest) < len(kinds)}
        if "properties" in told:
            told.setdefault("type", "object")
        return {**told, "x-name": name} if name else told

    def _chosen(self, told: Schema, choices: Any, depth: int) -> Schema:
        if not isinstance(choices, list) or depth >= MAX_DEPTH:
            return told
        read = [self.schema(choice, depth + 1) for choice in choices]
        full = [one for one in read if one.get("type") not in (None, "null")]
        nullable = any(one.get("type") == "null" for one in read)
        joined = _joined(full[0], told) if full else told
        return joined | ({"nullable": True} if nullable else {})

    def properties(self, schema: Schema) -> dict[str, Schema]:
        return {str(name): self.schema(node) for name, node in schema.get("properties", {}).items()}

    # ---- operations ----------------------------------------------------------------------------------------

    def operations(self) -> Iterator[Operation]:
        for path, node in self.tree.get("paths", {}).items():
            item = self.followed(node)
            for method in METHODS:
                if method in item:
                    yield self._operation(path, method, item)

    def operation(self, name: str) -> Operation:
        """By `operationId`, or as `GET /contacts/{id}`."""
        for one in self.operations():
            if name in (one.id, f"{one.method} {one.path}", f"{one.method.lower()} {one.path}"):
                return one
        there = ", ".join(sorted(one.id for one in self.operations())[:40])
        raise Failed(f"{self.name} has no operation {name!r}. It has: {there}")

    def _operation(self, path: str, method: str, item: Schema) -> Operation:
        node = item[method]
        body, is_form = self._body(node)
        answer = self._answer(node)
        security = node.get("security", self.tree.get("security"))
        return Operation(
            id=str(node.get("operationId") or f"{method} {path}"),
            method=method.upper(),
            path=path,
            summary=str(node.get("summary") or node.get("description") or ""),
            tag=str((node.get("tags") or [""])[0]),
            parameters=self._parameters(item, node),
            body=body,
            body_is_form=is_form,
            answer=self._content(answer),
            linked=any(name.lower() == "link" for name in answer.get("headers", {})),
            security=self._alternatives(security),
            is_secured=bool(security),
        )

    def _parameters(self, item: Schema, node: Schema) -> list[Schema]:
        """Those of the path and of the operation, which wins."""
        found: dict[tuple[str, str], Schema] = {}
        for given in [*item.get("parameters", ()), *node.get("parameters", ())]:
            parameter = self.followed(given)
            inner: Any = parameter.get("schema") or next(
                (one.get("schema") for one in parameter.get("content", {}).values()), {}
            )
            told = {**parameter, "schema": self.schema(inner)}
            found[str(parameter.get("in")), str(parameter.get("name"))] = told
        return list(found.values())

    def _body(self, node: Schema) -> tuple[Schema | None, bool]:
        content = self.followed(node.get("requestBody", {})).get("content", {})
        for kind, media in content.items():
            if _JSON.match(kind) or kind == _FORM:
                return self.schema(media.get("schema", {})), kind == _FORM
        return None, False

    def _answer(self, node: Schema) -> Schema:
        """The first answer of success."""
        responses = node.get("responses", {})
        good = sorted(str(code) for code in responses if str(code).startswith("2"))
        return self.followed(responses[good[0]]) if good and good[0] in responses else {}

    def _content(self, answer: Schema) -> Schema | None:
        for kind, media in answer.get("content", {}).items():
            if _JSON.match(kind):
                return self.schema(media.get("schema", {}))
        return None

    # ---- security ------------------------------------------------------------------------------------------

    def schemes(self) -> dict[str, Schema]:
        """The schemes with scopes: OAuth 2.0 and OpenID Connect."""
        told = self.tree.get("components", {}).get("securitySchemes", {})
        read = {name: self.followed(node) for name, node in told.items()}
        return {name: one for name, one in read.items() if one.get("type") in ("oauth2", "openIdConnect")}

    def flow(self) -> Schema:
        """The authorization code flow: `authorizationUrl`, `tokenUrl`, `scopes`. Empty when there is none."""
        for scheme in self.schemes().values():
            flow = scheme.get("flows", {}).get("authorizationCode")
            if flow:
                return dict(flow)
        return {}

    def _alternatives(self, security: Any) -> list[list[str]]:
        names = self.schemes().keys()
        found: list[list[str]] = []
        for requirement in security or ():
            scopes = [[str(one) for one in requirement[name]] for name in requirement if name in names]
            if scopes:
                flat = [scope for some in scopes for scope in some]
                if flat not in found:
                    found.append(flat)
        return found

    def server(self) -> str | None:
        """The first server's address with its variables at their defaults; None when there is none that is whole."""
        for server in self.tree.get("servers", ()):
            url = str(server.get("url", ""))
            for name, variable in server.get("variables", {}).items():
                url = url.replace("{" + name + "}", str(variable.get("default", name)))
            if url.startswith(("https://", "http://")):
                return url.rstrip("/")
        return None

    def has_example_server(self) -> bool:
        """Whether the address is one of many: with variables, or somebody's."""
        first: Schema = next(iter(self.tree.get("servers", ())), {})
        return bool(first.get("variables")) or bool(_EXAMPLE.search(self.server() or ""))

    def absolute(self, url: str) -> str:
        return urljoin(f"{self.server() or ''}/", url)


def load(path: Path) -> Description:
    name = path.name
    if path.stat().st_size > MAX_BYTES:
        raise Failed(f"{name} is larger than {MAX_BYTES // 1_000_000} MB")
    text = path.read_bytes()
    try:
        tree = msgspec.json.decode(text) if text.lstrip()[:1] == b"{" else msgspec.yaml.decode(text)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise Failed(f"{name} is neither JSON nor YAML: {error}") from None
    if not isinstance(tree, dict):
        raise Failed(f"{name} is no OpenAPI description")
    return Description(tree, name)


def _last(node: Any) -> str:
    """The last step of a reference, else what one called the node before; empty for none."""
    if not isinstance(node, Mapping):
        return ""
    target = node.get("$ref")
    return target.rpartition("/")[2] if isinstance(target, str) else str(node.get("x-name", ""))


def _joined(one: Schema, other: Schema) -> Schema:
    """`other` on top of `one`; properties and required names of both."""
    properties = {**one.get("properties", {}), **other.get("properties", {})}
    required = list(dict.fromkeys([*one.get("required", ()), *other.get("required", ())]))
    return {
        **one,
        **other,
        **({"properties": properties} if properties else {}),
        **({"required": required} if required else {}),
    }
