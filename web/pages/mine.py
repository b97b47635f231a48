"""What one person may see: the grants, receipts and activity of their own, with the assistant that asked."""

from __future__ import annotations

from collections.abc import AsyncIterator

import msgspec

from core import audit, grants, receipts, registrations
from core.connector import Connector, Tool
from core.errors import InvalidCursor, Missing
from core.grants import GrantFilter
from core.house import House
from core.ids import is_id
from core.model import LIVE_STATUSES, Actor, Assistant, AuditEvent, Grant, Receipt, User
from core.tickets import BrowserSession

PAGE_ROWS = 50


class Gone(msgspec.Struct, frozen=True):
    """Stands in for a connector this build no longer has: its grants are still there to be seen and stopped."""

    slug: str
    title: str
    tools: dict[str, Tool] = {}
    manage_url: str | None = None


Known = Connector | Gone
Shown = tuple[Grant, Assistant, Known]


class Mine:
    """Bound to a signed-in browser: nothing of another person, assistant or workspace can be asked for through it."""

    def __init__(self, house: House, session: BrowserSession) -> None:
        self.house, self.session = house, session
        self._assistant: Assistant | None = None

    @property
    def actor(self) -> Actor:
        return self.session.actor

    async def name(self) -> str:
        """As the person is called: name, else e-mail, else the builder's id."""
        found = await self.house.store.one(
            "user_get", User, workspace=self.session.workspace, user=self.session.user
        )
        return (found and (found.email or found.name)) or self.session.user or ""

    async def assistant(self) -> Assistant:
        """The assistant that made the ticket, also when it was deleted since: what it had stays to be seen."""
        if self._assistant is None:
            self._assistant = await self.house.store.one(
                "assistant_get_any", Assistant, workspace=self.session.workspace, id=self.session.assistant
            )
        if self._assistant is None:
            raise Missing("There is no such assistant.")
        return self._assistant

    async def grants(self, before: str | None) -> tuple[list[Shown], str | None]:
        """A page of grants, newest first, and where the next begins."""
        if before is not None and not is_id(before, "gr"):
            raise InvalidCursor("This is not a place in the list.")
        found = await self._search(GrantFilter(), (before, before) if before else None)
        more = found[-2].id if len(found) > PAGE_ROWS else None
        return [await self._shown(grant) for grant in found[:PAGE_ROWS]], more

    async def live(self) -> list[Shown]:
        return [await self._shown(grant) async for grant in self.all_grants() if self._is_live(grant)]

    async def all_grants(self) -> AsyncIterator[Grant]:
        cursor = None
        while found := await self._search(GrantFilter(), cursor):
            for grant in found:
                yield grant
            cursor = grants.cursor_of(found[-1], "newest")

    async def _search(self, wanted: GrantFilter, cursor: tuple[str, str] | None) -> list[Grant]:
        own = msgspec.structs.replace(wanted, user=self.session.user, assistant=self.session.assistant)
        return await grants.search(
            self.house, self.session.workspace, own, limit=PAGE_ROWS + 1, cursor=cursor
        )

    def _is_live(self, grant: Grant) -> bool:
        return grant.status_at(self.house.now_ms()) in LIVE_STATUSES

    async def grant(self, grant_id: str) -> Shown:
        """Raises Missing for one that is not there or not this person's."""
        who = self.session
        found = await grants.get(self.house, who.workspace, grant_id, assistant=who.assistant, user=who.user)
        return await self._shown(found)

    async def _shown(self, grant: Grant) -> Shown:
        connector = self.house.registry.connectors.get(grant.connector)
        return grant, await self.assistant(), connector or Gone(grant.connector, grant.connector)

    async def manage_url(self, grant: Grant) -> str | None:
        return await registrations.manage_url(self.house, grant.connector, grant.registration)

    async def events(self, grant_id: str, before: str | None) -> tuple[list[AuditEvent], str | None]:
        """A page of what happened under a grant, newest first, and where the next begins."""
        what = audit.Search(grant=grant_id, before=before, newest_first=True)
        found = await audit.search(self.house.store, self.session.workspace, what, PAGE_ROWS + 1)
        return found[:PAGE_ROWS], found[PAGE_ROWS - 1].id if len(found) > PAGE_ROWS else None

    async def all_events(self) -> AsyncIterator[AuditEvent]:
        """Everything in the trail about this person and this assistant, oldest first."""
        after = None
        who = self.session
        while True:
            what = audit.Search(user=who.user, assistant=who.assistant, after=after)
            found = await audit.search(self.house.store, who.workspace, what, audit.CHUNK_ROWS)
            for event in found:
                yield event
            if len(found) < audit.CHUNK_ROWS:
                return
            after = found[-1].id

    async def receipt(self, receipt_id: str) -> Receipt:
        found = await receipts.get(self.house, self.session.workspace, receipt_id)
        if (found.assistant, found.user) != (self.session.assistant, self.session.user):
            raise Missing("There is no such receipt.")
        return found

    async def receipts_of(self, grant: Grant) -> list[Receipt]:
        """Newest first: the first consent and each that came on top."""
        return await receipts.of_grant(self.house, grant.workspace, grant.id)
