"""`DELETE /oauth/callback/{registration}`: a provider tells that a person removed our app there (Pipedrive does).

The provider proves itself with our own client id and secret (RFC 7617), which nobody else has. The route stands with the
other methods of its address (`web/pages/connect.py`).
"""

from __future__ import annotations

import base64
import binascii
from typing import Any

import msgspec
from litestar import Request

from core import registrations, revocation
from core.errors import BadRequest, Missing, Unauthenticated
from core.house import House
from core.secret import Secret


async def told(request: Request[Any, Any, Any], house: House, registration_id: str) -> None:
    """Raises Unauthenticated, Missing where the connector is not told of removals, BadRequest."""
    client_id, secret = _basic(request)
    registration = await registrations.proved(house, registration_id, client_id, secret)
    read = house.registry.connector(registration.slug).uninstalled_function
    if read is None:
        raise Missing("This connector is not told of removals.")
    try:
        body = msgspec.json.decode(await request.body())
    except (msgspec.DecodeError, RecursionError, UnicodeError):
        body = None
    named = isinstance(body, dict) and body.get("client_id") in (None, client_id)
    account = read(body) if named else None
    if account is None:
        raise BadRequest("The body does not say whose app was removed.")
    await revocation.uninstalled(house, registration, account)


def _basic(request: Request[Any, Any, Any]) -> tuple[str, Secret]:
    """Raises Unauthenticated when there is no single, plain pair."""
    given = request.headers.getall("authorization", [])
    scheme, _, text = given[0].partition(" ") if len(given) == 1 else ("", "", "")
    try:
        name, colon, secret = base64.b64decode(text.strip(), validate=True).decode().partition(":")
    except (binascii.Error, ValueError):
        raise Unauthenticated("Send the client's id and secret as Basic credentials.") from None
    if scheme.lower() != "basic" or not colon:
        raise Unauthenticated("Send the client's id and secret as Basic credentials.")
    return name, Secret(secret)
