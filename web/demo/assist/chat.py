"""A conversation: messages made of blocks, and the questions that wait for the person's consent.

Blocks hold plain data; the template decides how they look, and escapes all of it: what came from a provider is text and
never markup. An `Ask` is the card in the chat. It keeps what has to be done once the person has agreed, so that nobody has
to ask again.
"""

from __future__ import annotations

import secrets
from dataclasses import dataclass, field
from typing import Any, Literal

MOST_MESSAGES = 200
AskState = Literal["open", "connected", "declined", "failed"]


@dataclass
class Text:
    text: str
    kind: str = "text"


@dataclass
class Column:
    title: str
    number: bool = False


@dataclass
class Cell:
    text: str
    second: str = ""


@dataclass
class Table:
    caption: str
    columns: list[Column]
    rows: list[list[Cell]]
    kind: str = "table"


@dataclass
class Source:
    """Where an answer came from: "Read 5 deals from Northwind CRM just now", with the link to everything ever read."""

    text: str
    link: str = "What can you see?"
    kind: str = "source"


@dataclass
class Choices:
    """Things to say next, as buttons."""

    sentences: list[str]
    kind: str = "choices"


@dataclass
class Retry:
    """Something outside failed: says so, keeps the question."""

    id: str
    title: str
    text: str
    again: Any
    kind: str = "retry"


@dataclass
class Access:
    """One connection as the person sees it: account, what it allows, until when, in what state."""

    title: str
    account: str
    tools: list[tuple[str, str]]  # (what it may do, risk)
    until: str
    state: str
    logo: str
    kind: str = "access"


@dataclass
class AskTool:
    name: str
    title: str
    risk: str


@dataclass
class Ask:
    """The card that asks for access. `again` is the pending question; `session` and `url` are Valetkey's."""

    id: str
    connector: str
    connector_title: str
    tools: list[AskTool]
    heading: str
    why: str
    session: str
    url: str
    again: Any
    reconnect: bool = False
    state: AskState = "open"
    account: str = ""
    until: str = ""
    note: str = ""
    kind: str = "ask"


Block = Text | Table | Source | Choices | Retry | Access | Ask


@dataclass
class Message:
    id: str
    mine: bool
    blocks: list[Any] = field(default_factory=list)


class Chat:
    """One person's log in one browser."""

    def __init__(self) -> None:
        self.messages: list[Message] = []
        # Tools the person said no to in this chat; not asked for again by itself.
        self.declined: set[str] = set()
        self.more: Any = None  # the question that "more" goes on with
        self.history: list[dict[str, Any]] = []  # what a real model has been told; empty without one

    def _add(self, message: Message) -> Message:
        self.messages.append(message)
        del self.messages[:-MOST_MESSAGES]
        return message

    def hear(self, text: str) -> Message:
        return self._add(Message(new_id("m"), True, [Text(text)]))

    def answer(self, blocks: list[Any]) -> Message:
        return self._add(Message(new_id("m"), False, blocks))

    def find(self, block_id: str) -> tuple[Message, Ask | Retry] | None:
        """The message and the block that wait under this id."""
        for message in reversed(self.messages):
            for block in message.blocks:
                if isinstance(block, Ask | Retry) and block.id == block_id:
                    return message, block
        return None

    def find_session(self, session: str) -> tuple[Message, Ask] | None:
        for message in reversed(self.messages):
            for block in message.blocks:
                if isinstance(block, Ask) and block.session == session:
                    return message, block
        return None


def new_id(kind: str) -> str:
    return f"{kind}-{secrets.token_hex(6)}"
