"""`POST /v1/portal-sessions`: the way from a chat to the user's own page."""

from __future__ import annotations

from litestar import Controller, post
from litestar.di import NamedDependency
from litestar.params import JSONBody

from core import sessions, tickets
from core.clock import rfc3339
from core.errors import InvalidReturnUrl, Refused
from core.house import House
from core.workspaces import KeyedAssistant
from web.auth import ASSISTANT, needs_assistant
from web.problems import documented
from web.wire.portal_sessions import PortalIn, PortalOut


class PortalSessions(Controller):
    path = "/v1/portal-sessions"
    tags = ("Portal",)
    guards = (needs_assistant,)
    dependencies = ASSISTANT

    @post(
        operation_id="createPortalSession",
        summary="A link to the user's own page",
        responses=documented(Refused, InvalidReturnUrl),
    )
    async def create(
        self,
        data: JSONBody[PortalIn],
        assistant: NamedDependency[KeyedAssistant],
        house: NamedDependency[House],
    ) -> PortalOut:
        """Send the signed-in user's browser there. The link works once, within five minutes, for this assistant's grants."""
        sessions.check_user(data.user)
        ticket, ends = await tickets.portal(house, assistant, data.user, data.return_url)
        return PortalOut(f"{house.public_url}/me?ticket={ticket.reveal()}", rfc3339(ends))
