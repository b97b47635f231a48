"""A whole House in this process, with Acme for a provider and a clock that stands still until it is moved: the rules without
a web framework and without a socket.
"""

from __future__ import annotations

import ssl
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx
import msgspec

from core import (
    assistants,
    audit,
    calls,
    confirming,
    connecting,
    grants,
    registrations,
    sessions,
    startup,
    workspaces,
)
from core.audit import Search
from core.clock import Clock
from core.connector import Connector
from core.house import House
from core.http import Outbound
from core.model import (
    Actor,
    Asked,
    Assistant,
    AuditEvent,
    ConnectSession,
    Grant,
    Policy,
    Registration,
    Workspace,
)
from core.registry import Registry
from core.secret import Secret
from core.store.sqlite import SqliteStore
from core.vault import KeyRing, Vault
from core.workspaces import KeyedAssistant
from tests.core.acme import Acme, Consent, connector

ORIGIN = "https://chat.acme.example"
RETURN_URL = "https://chat.acme.example/connected"
_TLS = ssl.create_default_context()  # making one takes longer than a test


class StillClock(Clock):
    def now_ms(self) -> int:
        return self.at + self.offset_ms

    def __init__(self) -> None:
        super().__init__()
        self.at = Clock().now_ms()


class Home:
    """`open_home` makes it. `grant()` goes the whole way; the steps are there one by one."""

    def __init__(self, house: House, provider: Acme) -> None:
        self.house, self.provider = house, provider
        self.browsers: dict[str, Secret] = {}  # session id -> the cookie of the browser that agreed
        self.workspace: Workspace
        self.workspace_key: str
        self.registration: Registration
        self.assistant: Assistant
        self.assistant_key: str

    @property
    def admin(self) -> Actor:
        return Actor("admin", "the-admin", self.workspace.id)

    @property
    def actor(self) -> Actor:
        return Actor("assistant", self.assistant.id, self.workspace.id, assistant=self.assistant.id)

    @property
    def now(self) -> int:
        return self.house.now_ms()

    def later(self, ms: int) -> None:
        self.house.clock.offset_ms += ms

    async def furnish(self, name: str = "Acme Inc") -> Home:
        """A workspace with a registration of the provider and an assistant; the home now speaks for it."""
        self.workspace, key = await workspaces.create(self.house, name)
        self.workspace_key = key.reveal()
        wish = registrations.Wish(client_id="valetkey", client_secret=Secret("client-secret"))
        self.registration = await registrations.put(self.house, self.admin, "acme", wish)
        self.assistant, self.assistant_key = await self.new_assistant("Acme Assist")
        return self

    async def new_assistant(self, name: str, **fields: Any) -> tuple[Assistant, str]:
        addresses = {"allowed_origins": (ORIGIN,), "return_urls": (RETURN_URL,)}
        wish = assistants.Wish(name=name, **{**addresses, **fields})
        made, key = await assistants.create(self.house, self.admin, wish)
        return made, key.reveal()

    async def policy(self, **rules: Any) -> None:
        self.workspace = await workspaces.put_policy(self.house, self.admin, Policy(**rules))

    async def keyed(self, key: str | None = None) -> KeyedAssistant:
        found = await workspaces.by_key(self.house, key or self.assistant_key)
        assert isinstance(found, KeyedAssistant)
        return found

    async def session(
        self, *tools: str, user: str = "u1", assistant: Assistant | None = None, **wish: Any
    ) -> ConnectSession:
        asked = tuple(Asked(f"acme.{tool}") for tool in tools or ("find_items",))
        wanted = sessions.SessionWish(user=user, connector="acme", asked=asked, **wish)
        return await sessions.create(self.house, assistant or self.assistant, wanted)

    async def agree(
        self, session: ConnectSession, *tools: str, duration: str = "30d"
    ) -> tuple[str, Secret, list[str]]:
        """The person agrees to these tools, or to all: the state, the browser's cookie, the scopes asked for."""
        page = await connecting.open_page(self.house, session.id, None)
        chosen = tuple(f"acme.{tool}" for tool in tools) or tuple(tool.name for tool in page.notice.tools)
        url = await connecting.approve(self.house, session.id, page.browser, chosen, duration)
        self.browsers[session.id] = page.browser
        query = parse_qs(urlsplit(url).query)
        return query["state"][0], page.browser, query.get("scope", [""])[0].split()

    async def authorize(
        self,
        session: ConnectSession,
        person: str = "ada",
        *,
        tools: Sequence[str] = (),
        duration: str = "30d",
        scopes: Sequence[str] | None = None,
    ) -> str:
        """To the completion code that the builder's page receives."""
        state, browser, asked = await self.agree(session, *tools, duration=duration)
        code = f"code-of-{session.id}"
        self.provider.codes[code] = Consent(person, tuple(asked if scopes is None else scopes))
        agreed = await sessions.find(self.house, session.id)
        answer = await connecting.callback(
            self.house, agreed.registration, {"state": state, "code": code}, lambda _: browser
        )
        assert answer.code is not None, answer.session.error
        return answer.code.reveal()

    async def grant(
        self,
        *tools: str,
        user: str = "u1",
        person: str = "ada",
        assistant: Assistant | None = None,
        duration: str = "30d",
        scopes: Sequence[str] | None = None,
    ) -> Grant:
        asking = assistant or self.assistant
        session = await self.session(*tools, user=user, assistant=asking)
        code = await self.authorize(session, person, duration=duration, scopes=scopes)
        return await confirming.confirm(self.house, asking, session.id, user, code)

    async def confirm(self, session: ConnectSession, code: str, user: str = "u1") -> Grant:
        """The builder's backend confirms for the user signed in there."""
        return await confirming.confirm(self.house, self.assistant, session.id, user, code)

    async def call(
        self, tool: str = "find_items", user: str = "u1", *, key: str | None = None, **fields: Any
    ) -> Any:
        """The result of a call, decoded; `arguments`, `account`, `idempotency_key` as fields."""
        return msgspec.json.decode((await self.called(tool, user, key=key, **fields)).result)

    async def called(
        self, tool: str = "find_items", user: str = "u1", *, key: str | None = None, **fields: Any
    ) -> calls.CallResult:
        wish = calls.CallWish(tool=f"acme.{tool}", user=user, **fields)
        return await calls.call(self.house, await self.keyed(key), wish)

    async def present(self, grant: Grant) -> Grant:
        """The grant as it stands now."""
        return await grants.get(self.house, grant.workspace, grant.id)

    async def events(self, **what: Any) -> list[AuditEvent]:
        return await audit.search(self.house.store, self.workspace.id, Search(**what), 1_000)

    async def actions(self, **what: Any) -> list[str]:
        return [event.action for event in await self.events(**what)]

    async def rows(self, sql: str, **params: Any) -> list[dict[str, Any]]:
        return await self.house.store.query(sql, dict, params)

    async def execute(self, sql: str, **params: Any) -> None:
        """Change the database from outside, as somebody with its file could."""
        import sqlite3

        with sqlite3.connect(self.house.store.path, timeout=5) as connection:  # type: ignore[attr-defined]
            connection.execute(sql, params)
        connection.close()


@asynccontextmanager
async def open_home(
    folder: Path, known: Connector | None = None, ring: KeyRing | None = None
) -> AsyncIterator[Home]:
    provider, made = Acme(), known or connector()
    house = House(
        store=SqliteStore.open(str(folder / "valetkey.db")),
        vault=Vault(ring or KeyRing.generate()),
        outbound=Outbound(ssl_context=_TLS, transport=httpx.MockTransport(provider.handle)),
        registry=Registry({made.slug: made}),
        public_url="https://keys.acme.example",
        clock=StillClock(),
    )
    try:
        await startup.prepare(house)
        yield await Home(house, provider).furnish()
    finally:
        await house.close(patience_s=5)
