"""Acme, a provider in memory with state: codes, tokens, items. And a connector for it.

`provider.codes["c1"] = Consent("ada", scopes)` is what a person's sign-in there would make; `provider.fail("/token", 503)` is
answered instead, as often as said; `provider.slow` holds the answers of a path back until it is set.
"""

from __future__ import annotations

import asyncio
import json
from collections import defaultdict
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qsl

import httpx
import msgspec

from core.connector import Account, Api, Connector, Limit, OAuth2, Page, Rfc7009, Scope


class Item(msgspec.Struct, frozen=True):
    id: str
    name: str


class Me(msgspec.Struct, frozen=True):
    id: str
    name: str
    sites: list[str] = []


def connector(**changes: Any) -> Connector:
    oauth = {
        "authorize_url": "https://acme.example/authorize",
        "token_url": "https://acme.example/token",
        "revocation": Rfc7009("https://acme.example/revoke"),
        "rotates_refresh_tokens": True,
        **changes.pop("oauth", {}),
    }
    acme = Connector(
        slug="acme",
        title="Acme",
        category="crm",
        api_url="https://acme.example/api",
        oauth=OAuth2(**oauth),
        scopes=[
            Scope("items.read", "Read items", "find and read your items"),
            Scope("items.write", "Edit items", "add items", risk="write"),
            Scope("people.read", "Read people", "find people"),
        ],
        cannot=["delete anything"],
        **changes,
    )

    @acme.account
    async def account(api: Api) -> Account | list[Account]:
        """Who it is; where Acme has sites, on each of them."""
        me = await api.get("/me", into=Me)
        if not me.sites:
            return Account(id=me.id, label=me.name)
        return [Account(f"{site}:{me.id}", f"{me.name} in {site}", {"site": site}) for site in me.sites]

    @acme.tool(scopes=["items.read"], risk="read", sees="names of items")
    async def find_items(api: Api, query: str = "", limit: Limit = 10) -> Page[Item]:
        """Find items."""
        found: Page[Item] = await api.get("/items", params={"q": query, "limit": limit}, into=Page[Item])
        return found

    @acme.tool(scopes=["items.read"], risk="read", sees="the name of an item")
    async def get_item(api: Api, item_id: str) -> Item:
        """Get an item. The author did not think of ids that are no numbers."""
        found: Item = await api.get(f"/items/{int(item_id)}", into=Item)
        return found

    @acme.tool(scopes=["items.write"], risk="write", sees="nothing", changes="adds an item")
    async def add_item(api: Api, name: str) -> Item:
        """Add an item."""
        made: Item = await api.post("/items", json={"name": name}, into=Item)
        return made

    @acme.tool(scopes=["people.read"], risk="read", sees="names of people")
    async def find_people(api: Api) -> Page[Item]:
        """Find people."""
        found: Page[Item] = await api.get("/people", into=Page[Item])
        return found

    return acme


@dataclass(frozen=True)
class Consent:
    person: str
    scopes: tuple[str, ...]


@dataclass
class Acme:
    """`access` and `refresh` hold the living tokens; `asked` every path in order. `sites`: those a sign-in covers."""

    sites: tuple[str, ...] = ()
    life_s: int | None = 3600
    codes: dict[str, Consent] = field(default_factory=dict)
    access: dict[str, Consent] = field(default_factory=dict)
    refresh: dict[str, Consent] = field(default_factory=dict)
    items: list[str] = field(default_factory=lambda: ["Anvil", "Bucket"])
    asked: list[str] = field(default_factory=list)
    slow: dict[str, asyncio.Event] = field(default_factory=dict)
    faults: dict[str, list[int]] = field(default_factory=lambda: defaultdict(list))
    made: int = 0

    def fail(self, path: str, status: int, times: int = 1) -> None:
        self.faults[path] += [status] * times

    def times(self, path: str) -> int:
        return self.asked.count(path)

    async def reached(self, path: str) -> None:
        """Wait until somebody asks there."""
        async with asyncio.timeout(5):
            while not self.times(path):  # noqa: ASYNC110
                await asyncio.sleep(0.002)

    async def handle(self, request: httpx.Request) -> httpx.Response:
        path = request.url.path
        self.asked.append(path)
        if path in self.slow:
            await self.slow[path].wait()
        if self.faults[path]:
            return httpx.Response(self.faults[path].pop(0), json={"error": "server_error"})
        form = dict(parse_qsl(request.content.decode())) if path in ("/token", "/revoke") else {}
        if path == "/token":
            return self._token(form)
        if path == "/revoke":
            consent = self.refresh.pop(form["token"], None) or self.access.pop(form["token"], None)
            self.access = {token: one for token, one in self.access.items() if one is not consent}
            return httpx.Response(200)
        return self._api(request, path.removeprefix("/api"))

    def _token(self, form: dict[str, str]) -> httpx.Response:
        kept = self.codes if form["grant_type"] == "authorization_code" else self.refresh
        consent = kept.pop(form.get("code") or form.get("refresh_token", ""), None)
        if consent is None:
            return httpx.Response(400, json={"error": "invalid_grant"})
        if "scope" in form:  # fewer, for good (RFC 6749 section 6)
            assert set(form["scope"].split()) <= set(consent.scopes)
            consent = Consent(consent.person, tuple(form["scope"].split()))
        self.made += 1
        access, refresh = f"access-{self.made}", f"refresh-{self.made}"
        self.access[access], self.refresh[refresh] = consent, consent
        told: dict[str, Any] = {"access_token": access, "refresh_token": refresh, "token_type": "Bearer"}
        told["scope"] = " ".join(consent.scopes)
        if self.life_s is not None:
            told["expires_in"] = self.life_s
        return httpx.Response(200, json=told)

    def _api(self, request: httpx.Request, path: str) -> httpx.Response:
        consent = self.access.get(request.headers.get("authorization", "").removeprefix("Bearer "))
        if consent is None:
            return httpx.Response(401, json={})
        if path == "/me":
            me = {"id": consent.person, "name": f"{consent.person}@acme.example", "sites": self.sites}
            return httpx.Response(200, json=me)
        if request.method == "POST":
            self.items.append(json.loads(request.content)["name"])
            return httpx.Response(200, json={"id": str(len(self.items)), "name": self.items[-1]})
        everything = [{"id": str(n), "name": name, "secret": "no"} for n, name in enumerate(self.items, 1)]
        if path.startswith("/items/"):
            return httpx.Response(200, json=everything[int(path.rpartition("/")[2]) - 1])
        return httpx.Response(200, json={"items": everything, "next": None})
