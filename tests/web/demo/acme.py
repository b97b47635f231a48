"""A chat of Acme Assist on a port, before a Valetkey of the tests, and one person's browser at it."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any

import httpx
import pytest
from bs4 import BeautifulSoup
from bs4.element import Tag

from tests.harness.ports import free_port
from tests.web.demo.fake_valetkey import KEY, Fake
from web.demo.assist import Settings, create_app
from web.demo.northwind import serving

PORT = free_port()
HOME = f"http://127.0.0.1:{PORT}"
DEALS = [
    {
        "id": f"de_{n}",
        "title": f"{company}: {name}",
        "company_name": company,
        "amount": amount,
        "currency": "EUR",
        "stage": "proposal",
        "closes_on": "2031-03-05",
    }
    for n, (company, name, amount) in enumerate(
        [("Quayside Foods", "cold storage", 41_000), ("Harbor Hotel", "linen service", 21_800)], start=1
    )
]
TASKS = [
    {"id": "ta_1", "title": "Call Ada", "project_title": "Office move", "due_on": None, "priority": "normal"}
]


@dataclass
class Browser:
    """One person's browser at the chat. `script`: as assist.js asks, else as plain forms."""

    http: httpx.AsyncClient
    script: bool = True

    async def open(self, path: str = "/") -> BeautifulSoup:
        return BeautifulSoup((await self.http.get(path)).text, "html.parser")

    async def post(self, path: str, **fields: str) -> Tag:
        """The newest answer in the page that comes back."""
        headers = {"Origin": HOME} | ({"X-Fragment": "1"} if self.script else {})
        answer = await self.http.post(path, data=fields, headers=headers)
        assert answer.status_code < 400, (answer.status_code, answer.text)
        return BeautifulSoup(answer.text, "html.parser").select(".msg--bot")[-1]

    async def say(self, text: str) -> Tag:
        return await self.post("/say", text=text)

    async def confirm(self, session: str, code: str) -> Any:
        """As the widget brings a code."""
        return await self.http.post(
            "/api/connect", json={"session": session, "code": code}, headers={"Origin": HOME}
        )

    async def sign_in(self, person: str) -> None:
        await self.http.post("/sign-in", data={"person": person}, headers={"Origin": HOME})


@pytest.fixture
async def valetkey() -> AsyncIterator[Fake]:
    fake = Fake()
    await fake.server.start_server()
    fake.results["northwind.find_deals"] = lambda arguments: {"items": matching(arguments)}
    fake.results["northwind.move_deal"] = lambda arguments: {**DEALS[0], **arguments}
    fake.results["northwind.my_tasks"] = {"items": TASKS}
    fake.results["northwind.find_projects"] = lambda _: {"items": [{"id": "pr_7", "title": "Office move"}]}
    yield fake
    await fake.server.close()


def matching(arguments: dict[str, Any]) -> list[dict[str, Any]]:
    words = str(arguments.get("query", "")).lower().split()
    return [deal for deal in DEALS if all(word in str(deal["title"]).lower() for word in words)]


@pytest.fixture
async def chatter(valetkey: Fake) -> AsyncIterator[Browser]:
    app = create_app(Settings(HOME, valetkey.url, KEY))
    async with serving(app, port=PORT), httpx.AsyncClient(base_url=HOME, follow_redirects=True) as http:
        browser = Browser(http)
        await browser.open()
        yield browser


def words(tag: Tag) -> str:
    return " ".join(tag.get_text(" ").split())


def card(message: Tag) -> Tag:
    found = message.select_one("valetkey-connect")
    assert found is not None, words(message)
    return found


async def go_on(browser: Browser, valetkey: Fake, message: Tag) -> Tag:
    """The person agrees in the popup; the widget confirms and the page goes on."""
    ask = card(message)
    answer = await browser.confirm(str(ask["session-id"]), valetkey.consent(str(ask["session-id"])))
    assert answer.status_code == 200, answer.text
    return await browser.post(f"/asks/{ask['data-ask']}/go-on")
