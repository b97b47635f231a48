"""Northwind's own errors: `{error, message, request_id}`. It is another company's API and has its own
manner.
"""

from __future__ import annotations

from typing import ClassVar

from core.errors import ValetkeyError


class NorthwindError(ValetkeyError):
    code: ClassVar[str] = "server_error"
    status: ClassVar[int] = 500


class BadField(NorthwindError):
    """`field` is the parameter or member of the body that is wrong."""

    code = "invalid_field"
    status = 400


class NoSuchRecord(NorthwindError):
    code = "not_found"
    status = 404


class KeyReused(NorthwindError):
    """An Idempotency-Key was sent again with another body."""

    code = "idempotency_key_reused"
    status = 422


class TooFast(NorthwindError):
    code = "rate_limited"
    status = 429


class SwitchedOff(NorthwindError):
    """A trouble a test switched on. Field: status."""

    code = "unavailable"


class BadForm(NorthwindError):
    """A form that is not one our page gave to this browser."""

    code = "form_expired"
    status = 403
