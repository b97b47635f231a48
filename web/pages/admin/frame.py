"""What every admin page carries besides its own content, and the small things their views are made of."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Literal

import msgspec

Kind = Literal["", "ok", "warn", "bad", "info"]


class Frame(msgspec.Struct, frozen=True):
    """`here`: the entry of the navigation this page belongs to. `who`: the admin's session, as the audit trail names it."""

    workspace: str
    who: str
    here: str
    csrf: str


class State(msgspec.Struct, frozen=True):
    """A badge: always an icon and words, never colour alone."""

    kind: Kind
    icon: str
    text: str


class Line(msgspec.Struct, frozen=True):
    """A sentence with an icon; `href` and `link` where there is somewhere to go from it."""

    icon: str
    text: str
    kind: Kind = ""
    href: str = ""
    link: str = ""


class Event(msgspec.Struct, frozen=True):
    """One entry of a timeline."""

    at: int
    icon: str
    text: str
    kind: Kind = ""
    more: str = ""
    href: str = ""
    link: str = ""


class Fact(msgspec.Struct, frozen=True):
    """`at` instead of `value` where the fact is an instant."""

    name: str
    value: str = ""
    at: int | None = None


class Link(msgspec.Struct, frozen=True):
    label: str
    href: str


class Option(msgspec.Struct, frozen=True):
    value: str
    label: str
    on: bool


class Choice(msgspec.Struct, frozen=True):
    """A tool that can be switched on or off."""

    name: str
    title: str
    text: str
    kind: str
    on: bool


class Choices(msgspec.Struct, frozen=True):
    slug: str
    title: str
    tools: list[Choice]
    on: bool = True

    @property
    def chosen(self) -> int:
        return sum(tool.on for tool in self.tools)

    @property
    def some(self) -> bool:
        return self.chosen > 0


def options(pairs: Iterable[tuple[str, str]], chosen: str | None) -> list[Option]:
    return [Option(value, label, value == (chosen or "")) for value, label in pairs]
