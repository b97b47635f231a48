"""Ada's sign-in covers two sites, each an account: to where she is asked which one, her choice, and how it ended."""

from __future__ import annotations

from typing import Any

import pytest

from core import choosing, outbox, sessions
from core.errors import ChoiceRequired
from core.model import ConnectSession
from tests.core.home import Home

SITES = ("north", "south")


async def asked(home: Home, *tools: str, **wish: Any) -> tuple[ConnectSession, str]:
    """To where the person has to choose; the session then, and the code that was confirmed."""
    session = await home.session(*tools, **wish)
    code = await home.authorize(session)
    with pytest.raises(ChoiceRequired):
        await home.confirm(session, code)
    return await sessions.find(home.house, session.id), code


async def choose(home: Home, session: ConnectSession, account: str = "south:ada") -> str:
    answer = await choosing.choose(home.house, session.id, home.browsers[session.id], account)
    assert answer.code is not None and answer.session.status == "authorized"
    return answer.code.reveal()


async def ended(home: Home, session: ConnectSession) -> str:
    """The session's status, once the outbox has run and nothing of it is left anywhere."""
    await outbox.run_due(home.house)
    assert home.provider.access == {} and home.provider.refresh == {}
    assert await home.rows("SELECT id FROM outbox") == []
    assert await home.rows("SELECT kind FROM secrets WHERE owner = :id", id=session.id) == []
    [row] = await home.rows("SELECT offered FROM connect_sessions WHERE id = :id", id=session.id)
    assert row["offered"] is None
    return (await sessions.find(home.house, session.id)).status
