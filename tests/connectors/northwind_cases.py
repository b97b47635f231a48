"""What is recorded of the Northwind connector, and what has to come back. The provider is the bundled one
itself, at a fixed moment, so that its records, ids and cursors are always the same.

A `Case` prepares a fresh Northwind and calls one tool; `next_page` calls it twice, the second time with the
cursor it got.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

from core.authserver import Authorization, Client, Token
from core.errors import ValetkeyError
from core.http import Outbound
from core.ids import token_hash
from core.secret import Secret
from tests.connectors import wire
from tests.connectors.cases import Refusal
from web.demo.northwind import Northwind, create_app
from web.demo.northwind.permissions import PERMISSIONS

HOST = "northwind.example"
BASE_URL = f"https://{HOST}"
NOW_MS = 1_795_500_000_000  # Tuesday 24 November 2026, 06:00 UTC, at the beginning of a minute
SCOPES = tuple(permission.scope for permission in PERMISSIONS)


@dataclass(frozen=True)
class Case:
    tool: str
    name: str
    arguments: dict[str, Any]
    expected: Any
    prepare: Callable[[Northwind], None] = lambda northwind: None


@dataclass(frozen=True)
class Main:
    """A tool with arguments that work and what comes back; `nowhere` asks for something that is not there."""

    tool: str
    scope: str
    arguments: dict[str, Any]
    result: Any
    nowhere: dict[str, Any] | None = None
    nothing: dict[str, Any] = field(default_factory=dict)
    """Arguments for which a list is empty."""

    @property
    def is_page(self) -> bool:
        return isinstance(self.result, dict) and "items" in self.result


def provider() -> Any:
    """The application; the test's token is Ada's, with every scope."""
    client = Client.confidential(
        "valetkey", Secret("not used here"), name="Valetkey", redirect_uris=("https://x.example/",)
    )
    app = create_app(BASE_URL, [client], now=lambda: NOW_MS)
    sign_in(app.state.northwind, SCOPES)
    return app


def sign_in(northwind: Northwind, scopes: tuple[str, ...]) -> None:
    authorization = Authorization(
        id="one",
        client_id="valetkey",
        subject="us_ada",
        scopes=scopes,
        resources=(northwind.api_url,),
        created_at=0,
    )
    token = Token(
        token_hash=token_hash(wire.TOKEN),
        kind="access",
        authorization_id="one",
        scopes=scopes,
        resources=(northwind.api_url,),
        issued_at=0,
        expires_at=NOW_MS + 1,
    )
    northwind.store.all_authorizations["one"] = authorization
    northwind.store.all_tokens[token.token_hash] = token


async def outcome(case: Case, http: Outbound) -> Any:
    """What the tool answers (both pages of `next_page`), or the refusal it ends with."""
    from connectors.northwind import northwind

    async def run(**more: Any) -> Any:
        return await wire.run(
            northwind, http, case.tool, {**case.arguments, **more}, fields={"base_url": BASE_URL}
        )

    try:
        first = await run()
        if case.name != "next_page":
            return first
        pages = (first, await run(cursor=first["next"]))
        return [[item["id"] for item in page["items"]] for page in pages]
    except ValetkeyError as error:
        scopes = getattr(error, "scopes", None)
        return Refusal(error.code, None if scopes is None else tuple(scopes))


def _signed_out(northwind: Northwind) -> None:
    northwind.store.all_tokens.clear()


def _too_fast(northwind: Northwind) -> None:
    northwind.limits.per_minute = 0


def _failing(status: int) -> Callable[[Northwind], None]:
    return lambda northwind: northwind.faults.fail("api", status)


def _without(scope: str) -> Callable[[Northwind], None]:
    return lambda northwind: sign_in(northwind, tuple(name for name in SCOPES if name != scope))


def cases() -> Iterator[Case]:
    for main in MAINS:
        tool, arguments = main.tool, main.arguments
        yield Case(tool, "success", arguments, main.result)
        yield Case(tool, "unauthorized", arguments, Refusal("reconnect_required"), _signed_out)
        yield Case(
            tool, "missing_scope", arguments, Refusal("consent_required", (main.scope,)), _without(main.scope)
        )
        yield Case(tool, "rate_limited", arguments, Refusal("provider_rate_limited"), _too_fast)
        yield Case(tool, "server_error", arguments, Refusal("provider_error"), _failing(500))
        gone = _failing(404) if main.nowhere is None else lambda northwind: None
        yield Case(tool, "not_found", main.nowhere or arguments, Refusal("not_found"), gone)
        if main.is_page:
            yield Case(tool, "empty", {**arguments, **main.nothing}, {"items": [], "next": None})
    yield from PAGES


MAINS: tuple[Main, ...] = (
    Main(
        "find_contacts",
        "contacts.read",
        {"query": "robotics", "limit": 2},
        {
            "items": [
                {
                    "id": "pe_1118",
                    "name": "Darius Sandoval",
                    "email": "darius.sandoval@finchrobotics.example",
                    "job_title": "Facilities Manager",
                    "company_name": "Finch Robotics",
                },
                {
                    "id": "pe_1168",
                    "name": "Tilda Jansen",
                    "email": "tilda.jansen@finchrobotics.example",
                    "job_title": "Marketing Lead",
                    "company_name": "Finch Robotics",
                },
            ],
            "next": None,
        },
        nothing={"query": "nobody has this name"},
    ),
    Main(
        "get_contact",
        "contacts.read",
        {"contact_id": "pe_1118"},
        {
            "id": "pe_1118",
            "name": "Darius Sandoval",
            "email": "darius.sandoval@finchrobotics.example",
            "job_title": "Facilities Manager",
            "company_name": "Finch Robotics",
            "owner_name": "Ben Okoye",
            "last_contacted_on": "2026-08-31",
        },
        nowhere={"contact_id": "pe_1"},
    ),
    Main(
        "add_contact_note",
        "contacts.write",
        {"contact_id": "pe_1118", "text": "Wants a call next week"},
        {"id": "no_1840", "about_id": "pe_1118"},
        nowhere={"contact_id": "pe_1", "text": "x"},
    ),
    Main(
        "find_companies",
        "companies.read",
        {"query": "finch"},
        {
            "items": [
                {
                    "id": "co_1001",
                    "name": "Alder & Finch Interiors",
                    "industry": "Furniture",
                    "city": "Copenhagen",
                    "country": "DK",
                    "website": "https://alderfinchinteriors.example",
                },
                {
                    "id": "co_1018",
                    "name": "Finch Robotics",
                    "industry": "Manufacturing",
                    "city": "Eindhoven",
                    "country": "NL",
                    "website": "https://finchrobotics.example",
                },
            ],
            "next": None,
        },
        nothing={"query": "no such company"},
    ),
    Main(
        "find_deals",
        "deals.read",
        {"closing": "this_week", "limit": 5},
        {
            "items": [
                {
                    "id": "de_1211",
                    "title": "Alder & Finch Interiors: site survey",
                    "company_name": "Alder & Finch Interiors",
                    "amount": 66300,
                    "currency": "EUR",
                    "stage": "proposal",
                    "closes_on": "2026-11-23",
                },
                {
                    "id": "de_1212",
                    "title": "Aurora Cold Chain: support renewal",
                    "company_name": "Aurora Cold Chain",
                    "amount": 54900,
                    "currency": "EUR",
                    "stage": "lead",
                    "closes_on": "2026-11-24",
                },
                {
                    "id": "de_1295",
                    "title": "Northgate Security: annual service plan",
                    "company_name": "Northgate Security",
                    "amount": 55600,
                    "currency": "EUR",
                    "stage": "lead",
                    "closes_on": "2026-11-24",
                },
                {
                    "id": "de_1296",
                    "title": "Oakum Boatyards: fleet tracking rollout",
                    "company_name": "Oakum Boatyards",
                    "amount": 7100,
                    "currency": "EUR",
                    "stage": "qualified",
                    "closes_on": "2026-11-25",
                },
                {
                    "id": "de_1253",
                    "title": "Saltmarsh Seafood: fleet tracking rollout",
                    "company_name": "Saltmarsh Seafood",
                    "amount": 64700,
                    "currency": "EUR",
                    "stage": "proposal",
                    "closes_on": "2026-11-26",
                },
            ],
            "next": None,
        },
        nothing={"query": "no such deal"},
    ),
    Main(
        "get_deal",
        "deals.read",
        {"deal_id": "de_1211"},
        {
            "id": "de_1211",
            "title": "Alder & Finch Interiors: site survey",
            "company_name": "Alder & Finch Interiors",
            "contact_name": "Alma Abel",
            "amount": 66300,
            "currency": "EUR",
            "stage": "proposal",
            "closes_on": "2026-11-23",
            "probability": 50,
            "next_step": "Call about delivery dates",
        },
        nowhere={"deal_id": "de_1213"},
    ),
    Main(
        "move_deal",
        "deals.write",
        {"deal_id": "de_1211", "stage": "won"},
        {
            "id": "de_1211",
            "title": "Alder & Finch Interiors: site survey",
            "company_name": "Alder & Finch Interiors",
            "amount": 66300,
            "currency": "EUR",
            "stage": "won",
            "closes_on": "2026-11-23",
        },
        nowhere={"deal_id": "de_1213", "stage": "won"},
    ),
    Main(
        "add_note",
        "deals.write",
        {"deal_id": "de_1211", "text": "Signed today"},
        {"id": "no_1840", "about_id": "de_1211"},
        nowhere={"deal_id": "de_1213", "text": "x"},
    ),
    Main(
        "find_projects",
        "projects.read",
        {"query": "portal"},
        {
            "items": [
                {
                    "id": "pr_1332",
                    "title": "New partner portal",
                    "status": "active",
                    "due_on": "2027-01-11",
                    "owner_name": "Ben Okoye",
                    "open_tasks": 10,
                    "done_tasks": 5,
                }
            ],
            "next": None,
        },
        nothing={"query": "no such project"},
    ),
    Main(
        "my_tasks",
        "tasks.read",
        {"due_before": "2026-11-26"},
        {
            "items": [
                {
                    "id": "ta_1367",
                    "title": "Prepare the slides",
                    "project_title": "New partner portal",
                    "status": "open",
                    "priority": "normal",
                    "due_on": "2026-11-19",
                },
                {
                    "id": "ta_1376",
                    "title": "Order samples",
                    "project_title": "New partner portal",
                    "status": "open",
                    "priority": "low",
                    "due_on": "2026-11-20",
                },
                {
                    "id": "ta_1419",
                    "title": "Call the printer",
                    "project_title": "Website refresh",
                    "status": "open",
                    "priority": "low",
                    "due_on": "2026-11-21",
                },
                {
                    "id": "ta_1438",
                    "title": "Send the reminder",
                    "project_title": "Price list 2027",
                    "status": "open",
                    "priority": "normal",
                    "due_on": "2026-11-23",
                },
            ],
            "next": None,
        },
        nothing={"query": "no such task"},
    ),
    Main(
        "read_comments",
        "tasks.read",
        {"task_id": "ta_1348"},
        {
            "items": [
                {"id": "cm_1654", "owner_name": "Ada Lindholm", "text": "Looks good to me."},
                {
                    "id": "cm_1655",
                    "owner_name": "Cleo Marchetti",
                    "text": "The figures are in the shared folder.",
                },
            ],
            "next": None,
        },
        nowhere={"task_id": "ta_1"},
        nothing={"task_id": "ta_1470"},
    ),
    Main(
        "add_task",
        "tasks.write",
        {"project_id": "pr_1332", "title": "Write the invitation", "due_on": "2026-12-01"},
        {
            "id": "ta_1840",
            "title": "Write the invitation",
            "project_title": "New partner portal",
            "status": "open",
            "priority": "normal",
            "due_on": "2026-12-01",
        },
        nowhere={"project_id": "pr_1", "title": "x"},
    ),
    Main(
        "complete_task",
        "tasks.write",
        {"task_id": "ta_1367"},
        {
            "id": "ta_1367",
            "title": "Prepare the slides",
            "project_title": "New partner portal",
            "status": "done",
            "priority": "normal",
            "due_on": "2026-11-19",
        },
        nowhere={"task_id": "ta_1"},
    ),
    Main(
        "delete_task",
        "tasks.write",
        {"task_id": "ta_1367"},
        {"deleted": "ta_1367"},
        nowhere={"task_id": "ta_1"},
    ),
    Main(
        "add_comment",
        "comments.write",
        {"task_id": "ta_1367", "text": "Done on Friday"},
        {"id": "cm_1840", "owner_name": "Ada Lindholm", "text": "Done on Friday"},
        nowhere={"task_id": "ta_1", "text": "x"},
    ),
)

PAGES: tuple[Case, ...] = (
    Case("find_contacts", "next_page", {"company": "finch", "limit": 1}, [["pe_1051"], ["pe_1118"]]),
    Case("find_companies", "next_page", {"query": "finch", "limit": 1}, [["co_1001"], ["co_1018"]]),
    Case(
        "find_deals",
        "next_page",
        {"closing": "this_week", "limit": 2},
        [["de_1211", "de_1212"], ["de_1295", "de_1296"]],
    ),
    Case("find_projects", "next_page", {"status": "on_hold", "limit": 1}, [["pr_1344"], ["pr_1336"]]),
    Case("my_tasks", "next_page", {"due_before": "2026-11-26", "limit": 1}, [["ta_1367"], ["ta_1376"]]),
    Case("read_comments", "next_page", {"task_id": "ta_1348", "limit": 1}, [["cm_1654"], ["cm_1655"]]),
)
