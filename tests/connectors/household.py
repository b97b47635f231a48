"""A whole Valetkey around a fake provider, without sockets: a workspace, its registration, an assistant, a person."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import msgspec

from core import (
    assistants,
    calls,
    choosing,
    confirming,
    connecting,
    registrations,
    revocation,
    sessions,
    startup,
    workspaces,
)
from core.errors import ChoiceRequired
from core.house import House
from core.model import Actor, Asked, Assistant, ConnectSession, Grant
from core.registry import Registry
from core.secret import Secret
from core.store.sqlite import SqliteStore
from core.vault import KeyRing, Vault
from tests.connectors import wire
from tests.connectors.fakes.fake import Token

RETURN_URL = "https://chat.acme.example/connected"


@dataclass
class Household:
    house: House
    admin: Actor
    assistant: Assistant
    key: str
    slug: str
    provider: Any

    async def session(self, user: str, *tools: str) -> ConnectSession:
        asked = tuple(Asked(f"{self.slug}.{tool}", required=True) for tool in tools)
        wish = sessions.SessionWish(user=user, connector=self.slug, asked=asked, return_url=RETURN_URL)
        return await sessions.create(self.house, self.assistant, wish)

    async def agree(self, session: ConnectSession) -> tuple[list[str], str, str, Secret]:
        """The person says yes on our page: the scopes that are asked for (all, where the app decides), the state, the
        address, the browser's cookie."""
        page = await connecting.open_page(self.house, session.id, None)
        tools = tuple(tool.name for tool in page.notice.tools)
        duration = page.notice.durations[0].value
        url = await connecting.approve(self.house, session.id, page.browser, tools, duration)
        query = parse_qs(urlsplit(url).query)
        connector = self.house.registry.connectors[self.slug]
        asked = re.split("[ ,]", query["scope"][0]) if "scope" in query else list(connector.scopes)
        return asked, query["state"][0], query["redirect_uri"][0], page.browser

    async def connect(
        self, user: str, person: str, *tools: str, but: Sequence[str] = (), account: str | None = None
    ) -> Grant:
        """All the way: `person` signs in at the provider, which gives every scope asked for except `but`; of several accounts
        they choose the one whose label ends with `account`.
        """
        session = await self.session(user, *tools)
        scopes, state, redirect, browser = await self.agree(session)
        code = f"code-of-{session.id}"
        self.provider.codes[code] = Token(person, frozenset(scopes) - set(but))
        answer = await connecting.callback(
            self.house, redirect.rpartition("/")[2], {"state": state, "code": code}, lambda _: browser
        )
        assert answer.code is not None, answer.session.error
        try:
            return await confirming.confirm(
                self.house, self.assistant, session.id, user, answer.code.reveal()
            )
        except ChoiceRequired as several:
            if account is None:
                raise
            [id] = [one["id"] for one in several.fields["accounts"] if one["label"].endswith(account)]
        answer = await choosing.choose(self.house, session.id, browser, id)
        assert answer.code is not None
        return await confirming.confirm(self.house, self.assistant, session.id, user, answer.code.reveal())

    async def call(self, user: str, tool: str, **arguments: Any) -> Any:
        keyed = await workspaces.by_key(self.house, self.key)
        assert isinstance(keyed, workspaces.KeyedAssistant)
        wish = calls.CallWish(tool=f"{self.slug}.{tool}", user=user, arguments=arguments)
        return msgspec.json.decode((await calls.call(self.house, keyed, wish)).result)

    async def stop(self, grant: Grant) -> Grant:
        return await revocation.revoke(self.house, self.admin, grant.id, "enough")


@asynccontextmanager
async def household(
    folder: Path,
    connector: Any,
    provider: Any,
    client: tuple[str, str],
    *,
    config: Mapping[str, str] | None = None,
    read_client: tuple[str, str] | None = None,
) -> AsyncIterator[Household]:
    KeyRing.init(folder / "keyring.json")
    house = House(
        store=SqliteStore.open(str(folder / "valetkey.db")),
        vault=Vault(KeyRing.load(folder / "keyring.json")),
        outbound=wire.in_memory(provider.fake),
        registry=Registry({connector.slug: connector}),
        public_url="https://keys.acme.example",
    )
    try:
        await startup.prepare(house)
        workspace, _ = await workspaces.create(house, "Acme")
        admin = Actor("admin", "the-admin", workspace.id)
        small = (
            registrations.ReadClient(client_id=read_client[0], client_secret=Secret(read_client[1]))
            if read_client
            else None
        )
        fixed = tuple(connector.scopes) if connector.oauth.scope_mode == "app_fixed" else None
        wish = registrations.Wish(
            client_id=client[0],
            client_secret=Secret(client[1]),
            max_scopes=fixed,
            config=config or {},
            **({"read_client": small} if small else {}),
        )
        await registrations.put(house, admin, connector.slug, wish)
        assistant, key = await assistants.create(
            house, admin, assistants.Wish(name="Acme Assist", return_urls=(RETURN_URL,))
        )
        yield Household(house, admin, assistant, key.reveal(), connector.slug, provider)
    finally:
        await house.close(patience_s=5)
