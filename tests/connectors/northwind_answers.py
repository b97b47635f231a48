"""What each tool of the Northwind connector answers to arguments that work, from the records of `northwind_provider.py`."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any


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
