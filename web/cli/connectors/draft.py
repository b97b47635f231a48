"""A connector before it is code: what a description told, and the places a person has to fill."""

from __future__ import annotations

from typing import Any, Literal

import msgspec

IDS = ("id", "gid", "accountId", "account_id", "user_id", "userId", "uid", "sub")  # how providers call an id
Shape = Literal["one", "list", "page", "linked", "none"]


class Field(msgspec.Struct, frozen=True):
    """A member of a record. `wire` is the provider's name, where Python cannot have it."""

    name: str
    wire: str
    type: str
    optional: bool
    example: Any


class Record(msgspec.Struct, frozen=True):
    """A result struct, or one that only unwraps an answer (`inner`)."""

    name: str
    fields: tuple[Field, ...]
    inner: bool = False


class Argument(msgspec.Struct, frozen=True):
    name: str
    wire: str
    where: Literal["path", "query", "body"]
    type: str
    required: bool
    default: str
    example: Any


class Tool(msgspec.Struct, frozen=True, kw_only=True):
    """`envelope`: the member of the answer that holds what is wanted. `next`: the members that lead to the next cursor.
    `wrapped`: the member of the body everything goes into. `selects`: query parameters that name the record's members.
    `unsaid`: title and summary are only the operation's name. `open`: what a person has to look at."""

    name: str
    title: str
    summary: str
    group: str
    risk: Literal["read", "write", "delete"]
    scopes: tuple[tuple[str, ...], ...]
    method: str
    path: str
    arguments: tuple[Argument, ...]
    record: Record
    shape: Shape
    envelope: Record | None = None
    member: str = ""
    next: tuple[str, ...] = ()
    inner: tuple[Record, ...] = ()
    wrapped: str = ""
    as_form: bool = False
    selects: tuple[str, ...] = ()
    cursor: str = ""
    cursor_in: Literal["path", "query", "body"] = "query"
    reads: bool = False
    unsaid: bool = False
    open: tuple[str, ...] = ()


class Scope(msgspec.Struct, frozen=True):
    name: str
    title: str
    description: str
    risk: Literal["read", "write", "delete"]


class Me(msgspec.Struct, frozen=True):
    """How the account is asked for. `known`: the description has it."""

    path: str
    record: Record
    id: str
    label: str
    member: str = ""
    scopes: tuple[str, ...] = ()
    known: bool = False


class Draft(msgspec.Struct, frozen=True, kw_only=True):
    slug: str
    title: str
    category: str
    source: str
    api_url: str
    authorize_url: str
    token_url: str
    revoke_url: str
    scopes: tuple[Scope, ...]
    tools: tuple[Tool, ...]
    me: Me
    open: tuple[str, ...] = ()
