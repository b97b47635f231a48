"""`/v1/connect-sessions`: a builder asks for a grant, waits for it, and confirms whose it is."""

from __future__ import annotations

from typing import Annotated

from litestar import Controller, get, post
from litestar.di import NamedDependency
from litestar.params import FromPath, JSONBody, QueryParameter

from core import confirming, sessions
from core.errors import (
    AccountMismatch,
    AlreadyConfirmed,
    ChoiceRequired,
    GrantRevoked,
    GrantSuspended,
    InvalidCode,
    InvalidReturnUrl,
    Missing,
    PolicyDenied,
    ProviderError,
    Refused,
    SessionEnded,
    UnknownConnector,
    UnknownTool,
    UserMismatch,
)
from core.house import House
from core.model import Asked
from core.sessions import SessionWish
from core.workspaces import KeyedAssistant
from web.api.grants import shown
from web.auth import ASSISTANT, needs_assistant
from web.problems import documented
from web.wire.connect_sessions import ConfirmIn, GrantAnswer, SessionIn, SessionOut, session_out

MAX_WAIT_S = 55


def wish_of(data: JSONBody[SessionIn]) -> SessionWish:
    return SessionWish(
        user=data.user.id,
        name=data.user.name,
        email=data.user.email,
        connector=data.connector,
        asked=tuple(
            Asked(one) if isinstance(one, str) else Asked(one.tool, one.required, one.reason)
            for one in data.tools
        ),
        purpose=data.purpose,
        return_url=data.return_url,
        origin=data.origin,
        expires_in_s=data.expires_in,
        account=data.account,
    )


class ConnectSessions(Controller):
    path = "/v1/connect-sessions"
    tags = ("Connect sessions",)
    guards = (needs_assistant,)
    dependencies = ASSISTANT

    @post(
        operation_id="createConnectSession",
        summary="Ask a user for access",
        responses=documented(Refused, UnknownConnector, UnknownTool, InvalidReturnUrl, PolicyDenied),
    )
    async def create(
        self,
        data: JSONBody[SessionIn],
        assistant: NamedDependency[KeyedAssistant],
        house: NamedDependency[House],
    ) -> SessionOut:
        """Open `url` in a popup of the user's browser, from a page of `origin`, or send the browser there with a `return_url`."""
        return session_out(house, await sessions.create(house, assistant, wish_of(data)))

    @get(
        "/{session_id:str}",
        operation_id="getConnectSession",
        summary="How far it is",
        responses=documented(Refused, Missing),
    )
    async def one(
        self,
        session_id: FromPath[str],
        assistant: NamedDependency[KeyedAssistant],
        house: NamedDependency[House],
        wait: Annotated[
            int, QueryParameter(ge=0, le=MAX_WAIT_S, description="Seconds to wait for a change")
        ] = 0,
    ) -> SessionOut:
        """With `wait`, answers as soon as the status changes."""
        return session_out(house, await sessions.wait(house, assistant, session_id, wait))

    @post(
        "/{session_id:str}/confirm",
        operation_id="confirmConnectSession",
        summary="Confirm whose grant it is",
        status_code=200,
        responses=documented(
            Refused,
            Missing,
            InvalidCode,
            UserMismatch,
            AlreadyConfirmed,
            ChoiceRequired,
            AccountMismatch,
            GrantRevoked,
            GrantSuspended,
            SessionEnded,
            ProviderError,
        ),
    )
    async def confirm(
        self,
        session_id: FromPath[str],
        data: JSONBody[ConfirmIn],
        assistant: NamedDependency[KeyedAssistant],
        house: NamedDependency[House],
    ) -> GrantAnswer:
        """`user` is the one signed in with you in the browser that brought the code: never the one you made the session for
        from memory. Only now the provider's code is redeemed.

        `account_required`: the sign-in covers several accounts, listed in `accounts`. The person chooses one at `connect.url`
        (the widget's window goes there by itself; otherwise send them); it ends as before, with a new code to confirm."""
        grant = await confirming.confirm(house, assistant, session_id, data.user, data.code)
        return GrantAnswer(await shown(house, grant))
