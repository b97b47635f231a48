"""Reading a request's body: what cannot be read is the sender's fault, told as such, and never an error of ours."""

from __future__ import annotations

from typing import Any

from litestar import Request
from litestar.datastructures import FormMultiDict

from core.errors import BadRequest


class ReadableRequest(Request[Any, Any, Any]):
    """Text that is no UTF-8, or nested deeper than anybody means, raises errors Litestar takes for ours."""

    async def json(self) -> Any:
        try:
            return await super().json()
        except (UnicodeDecodeError, RecursionError) as error:
            raise BadRequest(
                "The body cannot be read: it must be JSON in UTF-8, nested a few levels deep."
            ) from error

    async def form(self) -> FormMultiDict:
        try:
            return await super().form()
        except UnicodeDecodeError as error:
            raise BadRequest("The form cannot be read: it must be UTF-8.") from error
