"""What tools take and give: the bounded `Limit`, a `Page` of items, the `Account` behind a token, the `ToolError`."""

from __future__ import annotations

from typing import Annotated, Any, Generic, TypeVar, get_args, get_origin

import msgspec

from core.errors import InvalidArguments

T = TypeVar("T")

Limit = Annotated[int, msgspec.Meta(ge=1, le=100, description="How many items at most")]


class Page(msgspec.Struct, Generic[T], frozen=True):
    """Some items, and the cursor of those that follow (None: these were the last)."""

    items: list[T]
    next: str | None = None


class Account(msgspec.Struct, frozen=True):
    """Who is behind a token at the provider. `id` tells accounts apart for ever; `label` is what a person recognises.

    Where revoking ends all of an account's tokens, what dies together stands before the first `:` of the id.
    `fields`: what URL templates of the connector need and only the provider knows (a site's id); kept with the grant.
    A token that is good for several is answered with a list of all of them: then the person chooses one.
    """

    id: str
    label: str
    fields: dict[str, str] = {}

    def is_somebody(self) -> bool:
        """Whether the id tells anything: an optional member that is not there becomes "None" in `str(me.id)`."""
        return isinstance(self.id, str) and self.id.strip() not in ("", "None")


class ToolError(InvalidArguments):
    """Something the assistant's user can mend: "There are three deals of that name: say which". Shown as it is.

    `argument` names the argument at fault, where it is one.
    """

    title = "The tool cannot do this as asked"

    def __init__(self, message: str, *, argument: str | None = None) -> None:
        path = f"/{argument}" if argument else ""
        super().__init__(message, errors=[{"path": path, "message": message}])


def page_item(annotation: Any) -> Any | None:
    """The `T` of a return type `Page[T]`, else None."""
    return get_args(annotation)[0] if get_origin(annotation) is Page else None
