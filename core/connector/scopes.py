"""Scopes: what a provider can be asked for, in a person's words, and the arithmetic of "enough" and "missing"."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from typing import Literal

import msgspec

Risk = Literal["read", "write", "delete"]
RISKS: tuple[Risk, ...] = ("read", "write", "delete")


class Scope(msgspec.Struct, frozen=True):
    """One scope of a provider. `title` names the kind of data, `description` goes on after "may": "find and read people".

    `wide`: it opens about all that the person can reach there, since the provider has nothing smaller. The consent page says
    so; that a scope may change more than a tool does is seen from `risk` without it.
    """

    name: str
    title: str
    description: str
    risk: Risk = "read"
    wide: bool = False

    def is_wider_than(self, risk: Risk) -> bool:
        """Whether a tool of this risk has to be given more than it needs."""
        return self.wide or RISKS.index(self.risk) > RISKS.index(risk)


def missing(needed: Iterable[str], granted: Collection[str]) -> list[str]:
    """What `granted` lacks of `needed`, in the order of `needed`, each once."""
    return [scope for scope in dict.fromkeys(needed) if scope not in granted]


def missing_of_any(alternatives: Sequence[Sequence[str]], granted: Collection[str]) -> list[str]:
    """What the nearest alternative lacks: [] as soon as one is whole, else the shortest list, the first of equals."""
    return min((missing(one, granted) for one in alternatives), key=len, default=[])


def union(wanted: Iterable[Iterable[str]]) -> tuple[str, ...]:
    """Every scope once, in the order of first mention."""
    return tuple(dict.fromkeys(scope for scopes in wanted for scope in scopes))
