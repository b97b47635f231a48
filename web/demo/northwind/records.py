"""What Northwind keeps about the world: a CRM (companies, contacts, deals, notes) and a project tool
(projects, tasks, comments).

Each record holds more than any assistant should see (birthdays, margins, budgets), so that minimising is
something one can watch. Dates are `2026-11-23`; `*_at` is milliseconds.
"""

from __future__ import annotations

from typing import Literal, get_args

import msgspec

Stage = Literal["lead", "qualified", "proposal", "negotiation", "won", "lost"]
STAGES: tuple[Stage, ...] = get_args(Stage)
OPEN_STAGES: tuple[Stage, ...] = ("lead", "qualified", "proposal", "negotiation")


class Person(msgspec.Struct, frozen=True):
    """A user of Northwind."""

    id: str
    name: str
    email: str
    team: str


class Record(msgspec.Struct, kw_only=True):
    """`owner_id` and the owner's team decide who sees a record; `shared` is seen by everybody."""

    id: str
    owner_id: str
    owner_name: str
    shared: bool = False


class Company(Record, kw_only=True):
    name: str
    industry: str
    city: str
    country: str
    website: str
    phone: str
    employees: int
    credit_limit: int


class Contact(Record, kw_only=True):
    name: str
    email: str
    job_title: str
    company_id: str
    company_name: str
    phone: str
    mobile: str
    birthday: str
    home_city: str
    last_contacted_on: str | None


class Deal(Record, kw_only=True):
    title: str
    company_id: str
    company_name: str
    contact_id: str
    contact_name: str
    amount: int
    currency: str
    stage: Stage
    closes_on: str
    probability: int
    margin_percent: int
    next_step: str
    updated_at: int


class Note(Record, kw_only=True):
    """A note about a contact or a deal; `owner_*` is who wrote it."""

    about_id: str
    text: str
    created_at: int


class Project(Record, kw_only=True):
    """`member_ids` see it besides the owner's team."""

    title: str
    company_name: str | None
    status: Literal["active", "on_hold", "done"]
    due_on: str
    budget: int
    member_ids: list[str]
    open_tasks: int = 0
    done_tasks: int = 0


class Task(Record, kw_only=True):
    """`owner_*` is who it is assigned to."""

    title: str
    project_id: str
    project_title: str
    status: Literal["open", "done"]
    priority: Literal["low", "normal", "high"]
    due_on: str | None
    description: str
    estimate_hours: int
    completed_at: int | None = None


class Comment(Record, kw_only=True):
    """`owner_*` is who wrote it."""

    task_id: str
    text: str
    created_at: int
