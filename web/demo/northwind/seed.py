"""The demo's records: the same on every machine for the same day, several hundred of them, around "today"."""

from __future__ import annotations

import random
import re
import unicodedata
from collections.abc import Iterator
from datetime import date, timedelta
from itertools import count
from typing import Any

from core.clock import DAY_MS, HOUR_MS
from web.demo.northwind import names
from web.demo.northwind.records import (
    OPEN_STAGES,
    Comment,
    Company,
    Contact,
    Deal,
    Note,
    Person,
    Project,
    Record,
    Task,
)

PEOPLE = (
    Person(id="us_ada", name="Ada Lindholm", email="ada@northwind.example", team="north"),
    Person(id="us_ben", name="Ben Okoye", email="ben@northwind.example", team="north"),
    Person(id="us_cleo", name="Cleo Marchetti", email="cleo@northwind.example", team="south"),
)
_PROBABILITY = {"lead": 10, "qualified": 30, "proposal": 50, "negotiation": 75, "won": 100, "lost": 0}


def seeded(now_ms: int, seed: int = 7) -> list[Record]:
    """Every record of a fresh Northwind, as of `now_ms`."""
    return list(_Seeder(now_ms, seed).records())


class _Seeder:
    """Puts words together by one seeded generator; the order of the calls is part of the result."""

    def __init__(self, now_ms: int, seed: int) -> None:
        self.random = random.Random(seed)  # noqa: S311 -- not for secrets: the same records every time
        self.now_ms = now_ms
        self.today = date(1970, 1, 1) + timedelta(milliseconds=now_ms)
        self.ids = count(1001)

    def records(self) -> Iterator[Record]:
        companies = [self.company(*each) for each in names.COMPANIES]
        contacts = [self.contact(companies[n % len(companies)], n) for n in range(160)]
        deals = [self.deal(contacts[n % len(contacts)], n) for n in range(120)]
        projects = [self.project(title, n) for n, title in enumerate(names.PROJECTS)]
        tasks = [task for project in projects for task in self.tasks(project)]
        yield from (*companies, *contacts, *deals, *projects, *tasks)
        yield from (self.note(about) for about in (*contacts[::3], *deals[::2]))
        yield from (self.comment(task) for task in tasks for _ in range(self.random.randint(0, 2)))

    def company(self, name: str, industry: str, city: str, country: str) -> Company:
        domain = _slug(name)
        return Company(
            **self.owned("co", self.random.choice(PEOPLE)),
            shared=True,
            name=name,
            industry=industry,
            city=city,
            country=country,
            website=f"https://{domain}.example",
            phone=self.phone(),
            employees=self.random.choice((8, 14, 25, 40, 75, 120, 260, 600)),
            credit_limit=self.random.randrange(5, 120) * 1000,
        )

    def contact(self, company: Company, n: int) -> Contact:
        first = names.FIRST_NAMES[(n * 7) % len(names.FIRST_NAMES)]
        last = names.LAST_NAMES[(n * 11 + n // 40) % len(names.LAST_NAMES)]
        return Contact(
            **self.owned("pe", PEOPLE[n % 3]),
            name=f"{first} {last}",
            email=f"{_slug(first)}.{_slug(last)}@{_slug(company.name)}.example",
            job_title=self.random.choice(names.JOBS),
            company_id=company.id,
            company_name=company.name,
            phone=company.phone[:-2] + f"{n % 90 + 10}",
            mobile=self.phone(),
            birthday=str(date(1960, 1, 1) + timedelta(days=self.random.randrange(14_000))),
            home_city=company.city,
            last_contacted_on=self.day(-90, -1) if self.random.random() < 0.8 else None,
        )

    def deal(self, contact: Contact, n: int) -> Deal:
        """Every fourth deal is over; of the open ones many close within a few weeks, some this week."""
        stage = self.random.choice(("won", "won", "lost")) if n % 4 == 3 else self.random.choice(OPEN_STAGES)
        monday = self.today - timedelta(days=self.today.weekday())
        is_close = n % 14 < 2
        closes_on = str(monday + timedelta(days=(n // 7 + n) % 5)) if is_close else self.day(7, 80)
        owner = PEOPLE[(n // 2) % 3]
        return Deal(
            **self.owned("de", owner),
            title=f"{contact.company_name}: {self.random.choice(names.DEALS).lower()}",
            company_id=contact.company_id,
            company_name=contact.company_name,
            contact_id=contact.id,
            contact_name=contact.name,
            amount=self.random.randrange(12, 960) * 100,
            currency="EUR",
            stage=stage,
            closes_on=closes_on if stage in OPEN_STAGES else self.day(-70, -1),
            probability=_PROBABILITY[stage],
            margin_percent=self.random.randrange(8, 45),
            next_step=self.random.choice(names.NEXT_STEPS),
            updated_at=self.ago(20),
        )

    def project(self, title: str, n: int) -> Project:
        others = [person.id for person in PEOPLE if self.random.random() < 0.5]
        return Project(
            **self.owned("pr", PEOPLE[n % 3]),
            title=title,
            company_name=names.COMPANIES[n * 3 % len(names.COMPANIES)][0] if n % 3 == 1 else None,
            status="done" if n % 8 == 7 else "on_hold" if n % 8 == 5 else "active",
            due_on=self.day(10, 120),
            budget=self.random.randrange(3, 90) * 1000,
            member_ids=sorted({PEOPLE[n % 3].id, *others}),
        )

    def tasks(self, project: Project) -> list[Task]:
        titles = self.random.sample(names.TASKS, self.random.randint(7, 15))
        return [self.task(project, title, n) for n, title in enumerate(titles)]

    def task(self, project: Project, title: str, n: int) -> Task:
        assignee = self.random.choice([person for person in PEOPLE if person.id in project.member_ids])
        is_done = project.status == "done" or n % 3 == 0
        return Task(
            **self.owned("ta", assignee),
            title=title,
            project_id=project.id,
            project_title=project.title,
            status="done" if is_done else "open",
            priority=self.random.choice(("low", "normal", "normal", "high")),
            due_on=self.day(-6, 40) if self.random.random() < 0.9 else None,
            description=f"Part of {project.title}, agreed in the kick-off.",
            estimate_hours=self.random.choice((1, 2, 3, 5, 8)),
            completed_at=self.ago(15) if is_done else None,
        )

    def note(self, about: Record) -> Note:
        author = next(person for person in PEOPLE if person.id == about.owner_id)
        text = self.random.choice(names.NOTES)
        return Note(**self.owned("no", author), about_id=about.id, text=text, created_at=self.ago(60))

    def comment(self, task: Task) -> Comment:
        author, text = self.random.choice(PEOPLE), self.random.choice(names.COMMENTS)
        return Comment(**self.owned("cm", author), task_id=task.id, text=text, created_at=self.ago(10))

    def owned(self, kind: str, owner: Person) -> dict[str, Any]:
        return {"id": f"{kind}_{next(self.ids)}", "owner_id": owner.id, "owner_name": owner.name}

    def day(self, first: int, last: int) -> str:
        return str(self.today + timedelta(days=self.random.randint(first, last)))

    def ago(self, days: int) -> int:
        return self.now_ms - self.random.randrange(HOUR_MS, days * DAY_MS)

    def phone(self) -> str:
        """Numbers of the range kept free for fiction (+44 1632 960xxx)."""
        return f"+44 1632 960{self.random.randrange(1000):03d}"


def _slug(text: str) -> str:
    plain = unicodedata.normalize("NFKD", text).encode("ascii", "ignore").decode().lower()
    return re.sub(r"[^a-z0-9]+", "", plain)
