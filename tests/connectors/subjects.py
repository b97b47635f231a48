"""Every connector that is proved here: one for each `<slug>_cases.py` beside this file that has a SUBJECT.

Such a module may hold, beside SUBJECT and CLIENT,
- DESCRIPTIONS: the provider's descriptions by name, each a folder below `../shared/providers`;
- NOT_DESCRIBED: by name, the requests a description leaves out, and where their form is taken from;
- SCOPES_BY_GUIDE: the scope of requests that no description gives one (several: a tuple);
- ROUTE: what of a path is an id, where that is not digits or `KEY-1`;
- LEFT_OUT: by name, the beginning of a path that a description does not have;
- MORE_MEMBERS: by name and request, members of the body that a subset leaves out;
- INCLUDES: what a scope contains besides itself by the provider's pages ("full access" contains "read only").
"""

from __future__ import annotations

import importlib
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import ModuleType

import httpx

from core.oauth import ClientRegistration
from tests.connectors.cases import Subject

_ID = re.compile(r"(?<=/)(?:[0-9]{2,}|[A-Z]+-[0-9]+)(?=/|$)")


@dataclass(frozen=True)
class Proof:
    """A connector, and what its proofs need to know of it."""

    subject: Subject
    client: ClientRegistration
    descriptions: Mapping[str, str] = field(default_factory=dict)
    not_described: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    scopes_by_guide: Mapping[str, str | tuple[str, ...]] = field(default_factory=dict)
    id: re.Pattern[str] = _ID
    left_out: Mapping[str, re.Pattern[str]] = field(default_factory=dict)
    includes: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    more_members: Mapping[str, Mapping[str, tuple[str, ...]]] = field(default_factory=dict)

    @property
    def slug(self) -> str:
        return self.subject.connector.slug

    def route(self, request: httpx.Request) -> str:
        """`GET /crm/v3/owners/{}`: a request without its ids."""
        return f"{request.method} {self.id.sub(_hidden, request.url.path)}"

    def opens(self, held: set[str]) -> set[str]:
        """The scopes held, and those they contain."""
        return held.union(*(self.includes.get(scope, ()) for scope in held))

    def members(self, name: str, request: httpx.Request) -> tuple[str, ...]:
        """Members of the body that the description leaves out."""
        return self.more_members.get(name, {}).get(self.route(request), ())

    def leaves_out(self, name: str, request: httpx.Request) -> bool:
        return self.route(request) in self.not_described.get(name, {})


def _hidden(id: re.Match[str]) -> str:
    return "/{}" if id[0].startswith("/") else "{}"


def _of(module: ModuleType) -> Proof:
    told = vars(module)
    return Proof(
        told["SUBJECT"],
        told["CLIENT"],
        told.get("DESCRIPTIONS", {}),
        told.get("NOT_DESCRIBED", {}),
        told.get("SCOPES_BY_GUIDE", {}),
        told.get("ROUTE", _ID),
        told.get("LEFT_OUT", {}),
        told.get("INCLUDES", {}),
        told.get("MORE_MEMBERS", {}),
    )


def _found() -> list[Proof]:
    files = sorted(Path(__file__).parent.glob("*_cases.py"))
    names = [file.stem for file in files if not file.stem.startswith("test_")]
    modules = [importlib.import_module(f"tests.connectors.{name}") for name in names]
    return [_of(module) for module in modules if hasattr(module, "SUBJECT")]


PROOFS: tuple[Proof, ...] = tuple(_found())
SUBJECTS: tuple[Subject, ...] = tuple(proof.subject for proof in PROOFS)
