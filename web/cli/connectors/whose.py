"""Whose account a token is for: the operation of a description that tells, or a place to be filled."""

from __future__ import annotations

import re

import msgspec

from web.cli.connectors import shapes
from web.cli.connectors.description import Description, Operation
from web.cli.connectors.draft import IDS, Field, Me, Record

_SELF = re.compile(r"/(?:me|myself|self|whoami|user|userinfo|current_user)/?$")
_LABELS = (
    "email", "emailAddress", "email_address", "login", "username", "displayName", "display_name", "name", "full_name",
)  # fmt: skip


def me(description: Description) -> Me:
    """The operation that tells who is behind a token, or a place to be filled."""
    for operation in description.operations():
        if operation.method != "GET" or "{" in operation.path or not _SELF.search(operation.path):
            continue
        if found := _told(description, operation):
            return found
    record = Record(
        "Me", (Field("id", "id", "str", False, "1"), Field("email", "email", "str", True, "ada@example.com"))
    )
    return Me("/me", record, "id", "email")


def _told(description: Description, operation: Operation) -> Me | None:
    answer, member = operation.answer or {}, ""
    properties = description.properties(answer)
    objects = [name for name, one in properties.items() if one.get("type") == "object"]
    if len(objects) == 1 and not any(shapes.is_scalar(one) for one in properties.values()):
        member, answer = objects[0], properties[objects[0]]
        properties = description.properties(answer)
    plain = [name for name, one in properties.items() if shapes.is_scalar(one)]
    id_ = next((name for name in IDS if name in plain), None)
    label = next((name for name in _LABELS if name in plain), None)
    if id_ is None:
        return None
    names = [id_, label] if label else [id_]
    fields = shapes.chosen(description, answer, names)
    # many descriptions call every member optional; an id that may be missing would be everybody's "None"
    needed = [msgspec.structs.replace(one, optional=False) if one.wire == id_ else one for one in fields]
    record = Record("Me", tuple(needed))
    scopes = tuple(operation.security[0]) if operation.security else ()
    return Me(operation.path, record, id_, label or id_, member, scopes, known=True)
