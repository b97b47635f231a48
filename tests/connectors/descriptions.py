"""The providers' own descriptions (OpenAPI), which stand beside the project in `../shared/providers`, not in it.

`Description.check` is stricter than the descriptions are: a query parameter, or a member at the top of a body,
that they do not name is a fault, too.
"""

from __future__ import annotations

import json
import re
from collections.abc import Collection
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import httpx
import pytest
from openapi_core import OpenAPI
from openapi_core.testing import MockRequest

PROVIDERS = Path(__file__).parents[3] / "shared" / "providers"
HERE = PROVIDERS.is_dir()
needed = pytest.mark.skipif(not HERE, reason="the providers' descriptions (../shared/providers) are not here")
quiet = pytest.mark.filterwarnings("ignore:Unsupported scheme type", "ignore:Use of allowEmptyValue")


@dataclass(frozen=True)
class Description:
    """`left_out`: the beginning of a path that this description does not have."""

    name: str
    document: dict[str, Any]
    left_out: re.Pattern[str] | None = None

    @property
    def server(self) -> str:
        return str(self.document["servers"][0]["url"]).rstrip("/")

    def path(self, request: httpx.Request) -> str:
        """The request's path as the description writes it: behind its server's own."""
        path = self.left_out.sub("", request.url.path, count=1) if self.left_out else request.url.path
        return path.removeprefix(urlsplit(self.server).path)

    def template(self, request: httpx.Request) -> str | None:
        """The described path that fits, the one with the fewest places first."""
        path = self.path(request)
        for template in sorted(self.document["paths"], key=lambda one: str(one).count("{")):
            if re.fullmatch(re.sub(r"\\\{[^}]+\\\}", "[^/]+", re.escape(template)), path):
                return str(template)
        return None

    def operation(self, request: httpx.Request) -> dict[str, Any] | None:
        template = self.template(request)
        methods = self.document["paths"][template] if template else {}
        found: dict[str, Any] | None = methods.get(request.method.lower())
        return found

    def parameters(self, request: httpx.Request, place: str) -> set[str]:
        """The names that may stand in the `query` (or `header`, `path`), of the path and of the operation; in a query also
        those that only the operation's words name, as "the `limit` query parameter"."""
        template, operation = self.template(request), self.operation(request)
        shared = self.document["paths"][template].get("parameters", []) if template else []
        told = [self.resolved(one) for one in (*shared, *(operation or {}).get("parameters", []))]
        in_words = re.findall(r"`([\w.]+)` query parameter", (operation or {}).get("description", ""))
        return {one["name"] for one in told if one.get("in") == place} | set(
            in_words if place == "query" else ()
        )

    def check(self, request: httpx.Request, more: Collection[str] = ()) -> None:
        """Raises on a request the description does not allow: path, query, headers, body and its required
        members. `more`: members of the body that a subset leaves out."""
        operation = self.operation(request)
        assert operation is not None, f"{request.method} {request.url.path} is not described by {self.name}"
        unknown = set(request.url.params) - self.parameters(request, "query")
        assert not unknown, f"unknown query members {unknown}"
        server = urlsplit(self.server)
        mock = MockRequest(
            f"{server.scheme}://{server.netloc}",
            request.method.lower(),
            server.path + self.path(request),
            args=dict(request.url.params),
            headers=dict(request.headers),
            data=request.content,
            content_type=request.headers.get("content-type", ""),
        )
        validator(self.name, self.left_out).validate_request(mock)
        self._check_members(operation, request, more)

    def _check_members(
        self, operation: dict[str, Any], request: httpx.Request, more: Collection[str]
    ) -> None:
        body = self.resolved(operation.get("requestBody", {}))
        media = body.get("content", {}).get("application/json", {})
        named = self._members(media.get("schema", {}))
        if named and request.headers.get("content-type") == "application/json":
            unknown = set(json.loads(request.content)) - named - set(more)
            assert not unknown, f"unknown members of the body {unknown}"

    def _members(self, schema: dict[str, Any]) -> set[str]:
        """The members a schema names, of all it is put together from; empty where it names none."""
        schema = self.resolved(schema)
        inner = [one for way in ("allOf", "anyOf", "oneOf") for one in schema.get(way, [])]
        return set(schema.get("properties", {})).union(*(self._members(one) for one in inner))

    def resolved(self, node: dict[str, Any]) -> dict[str, Any]:
        while "$ref" in node:
            found: Any = self.document
            for step in node["$ref"].removeprefix("#/").split("/"):
                found = found[step.replace("~1", "/").replace("~0", "~")]
            node = found
        return node


def folder(name: str) -> str:
    from tests.connectors.subjects import PROOFS

    return next(proof.descriptions[name] for proof in PROOFS if name in proof.descriptions)


@cache
def description(name: str, left_out: re.Pattern[str] | None = None) -> Description:
    document = json.loads((PROVIDERS / folder(name) / "openapi.json").read_text())
    return Description(name, document, left_out)


@cache
def validator(name: str, left_out: re.Pattern[str] | None) -> OpenAPI:
    return OpenAPI.from_dict(description(name, left_out).document)
