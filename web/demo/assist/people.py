"""Who is signed in at the chat: three people of a demo, kept in a session of this server's own.

A real application has its accounts here. What matters for Valetkey is only that the user id in every call comes from this
session and never from the page: that is what makes a connect link of somebody else's worthless. Sessions live in memory
and end with the process.
"""

from __future__ import annotations

import secrets
from collections import OrderedDict
from dataclasses import dataclass, field

from web.demo.assist.chat import Chat

COOKIE = "acme_assist"
MOST_VISITS = 500


@dataclass(frozen=True)
class Person:
    id: str
    name: str
    email: str

    @property
    def first(self) -> str:
        return self.name.split()[0]

    def as_user(self) -> dict[str, str]:
        return {"id": self.id, "name": self.name, "email": self.email}


PEOPLE = {
    person.id: person
    for person in (
        Person("ada", "Ada Lindholm", "ada@acme.example"),
        Person("ben", "Ben Okoye", "ben@acme.example"),
        Person("cleo", "Cleo Marchetti", "cleo@acme.example"),
    )
}


@dataclass
class Visit:
    """One browser: who is signed in, and a conversation for each of them."""

    token: str
    person: Person = PEOPLE["ada"]
    chats: dict[str, Chat] = field(default_factory=dict)

    @property
    def chat(self) -> Chat:
        return self.chats.setdefault(self.person.id, Chat())


class Visits:
    """The open sessions, newest kept."""

    def __init__(self) -> None:
        self._open: OrderedDict[str, Visit] = OrderedDict()

    def find(self, token: str | None) -> Visit | None:
        visit = self._open.get(token or "")
        if visit is not None:
            self._open.move_to_end(visit.token)
        return visit

    def start(self) -> Visit:
        visit = Visit(secrets.token_urlsafe(32))
        self._open[visit.token] = visit
        while len(self._open) > MOST_VISITS:
            self._open.popitem(last=False)
        return visit

    def rename(self, visit: Visit) -> None:
        """A new token for the same visit when another person signs in, so that an old one is worth nothing."""
        self._open.pop(visit.token, None)
        visit.token = secrets.token_urlsafe(32)
        self._open[visit.token] = visit
