"""A bit of history for the demo: Ben and Cleo connected and used Acme Assist before, so that no page is empty.

Made the way it happens to people: connect session, consent page, Northwind's sign-in and consent, confirmation, calls. This is
a browser without script, as small as that allows. Cleo has stopped the access again.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from html.parser import HTMLParser
from typing import Any
from urllib.parse import parse_qs, urljoin, urlsplit

import httpx

from web.demo.assist.people import PEOPLE, Person
from web.demo.assist.valetkey import Problem, Valetkey
from web.demo.installation import DemoFailed
from web.demo.northwind import PASSWORD

_BEN: tuple[tuple[str, dict[str, str]], ...] = (
    ("northwind.find_deals", {}),
    ("northwind.find_deals", {"closing": "this_week"}),
    ("northwind.find_contacts", {"query": "Finance Director"}),
    ("northwind.my_tasks", {}),
)
_CLEO: tuple[tuple[str, dict[str, str]], ...] = (
    ("northwind.find_deals", {}),
    ("northwind.find_companies", {"industry": "Food"}),
)


@dataclass
class Form:
    action: str
    fields: list[tuple[str, str]] = field(default_factory=list)


class Forms(HTMLParser):
    """The forms of a page, every box ticked; of a choice the option that is selected, or the first."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.found: list[Form] = []
        self._select: tuple[str, list[str], list[str]] | None = None
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        has = {name: value or "" for name, value in attrs}
        if tag == "form":
            self.found.append(Form(has.get("action", "")))
        elif (
            tag == "input" and self.found and has.get("name") and has.get("type") not in ("submit", "button")
        ):
            self.found[-1].fields.append((has["name"], has.get("value", "on")))
        elif tag == "select" and has.get("name"):
            self._select = (has["name"], [], [])
        elif tag == "option" and self._select:
            self._select[1].append(has.get("value", ""))
            self._select[2].extend([has.get("value", "")] if "selected" in has else [])

    def handle_endtag(self, tag: str) -> None:
        if tag == "select" and self._select and self.found:
            name, values, selected = self._select
            self.found[-1].fields += [(name, value) for value in (selected or values)[:1]]
            self._select = None


class Steps:
    """One person's browser, until it is sent to `end`."""

    def __init__(self, end: str) -> None:
        self._http = httpx.AsyncClient(trust_env=False, timeout=30)
        self._end = end

    async def close(self) -> None:
        await self._http.aclose()

    async def open(self, url: str) -> httpx.Response:
        return await self._follow(await self._http.get(url))

    async def submit(self, page: httpx.Response, action: str, **changes: str) -> httpx.Response:
        """The page's form whose address ends with `action`. Raises DemoFailed when the page is another one."""
        for form in Forms(page.text).found:
            target = urljoin(str(page.url), form.action)
            if urlsplit(target).path.endswith(action):
                fields = [(name, value) for name, value in form.fields if name not in changes]
                content = str(httpx.QueryParams([*fields, *changes.items()]))
                origin = "{0.scheme}://{0.netloc}".format(urlsplit(target))
                headers = {"Content-Type": "application/x-www-form-urlencoded", "Origin": origin}
                return await self._follow(await self._http.post(target, content=content, headers=headers))
        raise DemoFailed(f"There is no form {action} at {page.url} ({page.status_code})")

    async def _follow(self, response: httpx.Response) -> httpx.Response:
        for _ in range(10):
            if not response.has_redirect_location:
                return response
            target = urljoin(str(response.url), response.headers["location"])
            if target.startswith(self._end):
                return httpx.Response(200, request=httpx.Request("GET", target))
            response = await self._http.get(target)
        raise DemoFailed(f"{response.url} leads round in circles")


async def make_history(valetkey_url: str, key: str, return_url: str) -> None:
    """Raises DemoFailed when the way through the house does not lead through."""
    valetkey = Valetkey(valetkey_url, key, return_url.rpartition("/")[0])
    try:
        await connect(
            valetkey, PEOPLE["ben"], [tool for tool, _ in _BEN], "to prepare the sales meeting", return_url
        )
        await _use(valetkey, "ben", _BEN)
        grant = await connect(
            valetkey,
            PEOPLE["cleo"],
            [tool for tool, _ in _CLEO],
            "to draft a letter to customers",
            return_url,
        )
        await _use(valetkey, "cleo", _CLEO)
        await valetkey.revoke(grant["id"])
    except Problem as problem:
        raise DemoFailed(f"The demo's history could not be made: {problem}") from problem
    finally:
        await valetkey.close()


async def connect(
    valetkey: Valetkey, person: Person, tools: list[str], purpose: str, return_url: str
) -> dict[str, Any]:
    """The whole way, as a person goes it in a browser without script; the grant. Raises DemoFailed, Problem."""
    asked = [{"tool": name} for name in dict.fromkeys(tools)]
    session = await valetkey.connect(person.as_user(), "northwind", asked, purpose, return_url)
    steps = Steps(return_url)
    try:
        page = await steps.open(session["url"])
        page = await steps.submit(page, "/approve")
        page = await steps.submit(page, "/sign-in", email=f"{person.id}@northwind.example", password=PASSWORD)
        page = await steps.submit(page, "/oauth/authorize", decision="allow")
    finally:
        await steps.close()
    query = parse_qs(urlsplit(str(page.url)).query)
    if "code" not in query:
        raise DemoFailed(f"No code came back at {page.url.copy_with(query=None)} ({page.status_code})")
    return await valetkey.confirm(session["id"], person.id, query["code"][0])


async def _use(valetkey: Valetkey, user: str, calls: tuple[tuple[str, dict[str, Any]], ...]) -> None:
    for tool, arguments in calls:
        await valetkey.call(user, tool, arguments)
