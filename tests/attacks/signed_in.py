"""Browsers of people who are signed in with us: on their own page, and at the admin's desk. And the tokens their forms need."""

from __future__ import annotations

import asyncio
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from core import tickets
from core.browsers import csrf_token
from core.house import House
from core.http import Outbound
from core.registry import Registry
from core.secret import Secret
from core.store.sqlite import SqliteStore
from core.vault import KeyRing, Vault
from tests.harness.scene import Scene
from tests.harness.tenant import Assistant, made
from tests.harness.walker import Page, Walker


def portal(walker: Walker, assistant: Assistant, user: str, **fields: str) -> Page:
    """Signed in by the builder's link; the list of what this user gave this assistant."""
    answer = assistant.http.post("/v1/portal-sessions", json={"user": user, **fields})
    return walker.open(made(answer)["url"])


def admin_link(scene: Scene) -> str:
    """What `valetkey sign-in-link` prints, without the second that a command takes."""
    with ThreadPoolExecutor(1) as pool:  # Playwright keeps a loop running in this thread
        ticket = pool.submit(asyncio.run, _ticket(scene)).result()
    return f"{scene.service.url}/admin/sign-in?ticket={ticket}"


def admin(walker: Walker, scene: Scene) -> Page:
    walker.open(admin_link(scene))
    return walker.submit("/admin/sign-in")


async def _ticket(scene: Scene) -> str:
    service: Any = scene.service
    house = House(
        store=SqliteStore.open(str(service.database)),
        vault=Vault(KeyRing.load(service.database.parent / "keyring.json")),
        outbound=Outbound(development=True),
        registry=Registry({}),
        public_url=service.url,
    )
    try:
        ticket, _ = await tickets.admin(house, scene.workspace.id)
        return ticket.reveal()
    finally:
        await house.close()


def cookie(walker: Walker, kind: str) -> str:
    """`me`, `admin`, `admin-door` or `cs-...`: what the browser holds, "" when nothing."""
    return walker.http.cookies.get(f"vk-{kind}") or ""


def token(walker: Walker, kind: str) -> str:
    """The token in the forms of this browser's own page (`me`) or desk (`admin`)."""
    return csrf_token(Secret(cookie(walker, kind)), kind)
