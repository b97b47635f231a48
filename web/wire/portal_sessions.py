"""Links that sign a user in to "Who may use my data"."""

from __future__ import annotations

import msgspec

from web.wire.body import Body
from web.wire.fields import Text, Time, UserId


class PortalIn(Body, frozen=True):
    examples = ({"user": "u_42"}, {"user": "u_42", "return_url": "https://chat.acme.example/connected"})

    user: UserId
    return_url: Text | None = None


class PortalOut(msgspec.Struct, frozen=True):
    url: str
    expires_at: Time
