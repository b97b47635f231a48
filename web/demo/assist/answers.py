"""Results of tools as people read them: money, days, short tables, and the line that says where it came from.

Times arrive as RFC 3339 and are shown in the server's zone: this is a chat on one machine. Nothing here trusts what a
provider wrote: it is cut to a length and stays text.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime
from typing import Any

from web.demo.assist.chat import Cell, Column, Source, Table

MOST_TEXT = 120
_SIGNS = {"EUR": "€", "USD": "$", "GBP": "£"}
_WORDS = ("No", "One", "Two", "Three", "Four", "Five", "Six", "Seven", "Eight", "Nine", "Ten")


def short(value: Any) -> str:
    text = "" if value is None else " ".join(str(value).split())
    return text if len(text) <= MOST_TEXT else text[: MOST_TEXT - 1] + "…"


def lower_first(text: str) -> str:
    return text[:1].lower() + text[1:]


def plural(noun: str) -> str:
    return noun[:-1] + "ies" if noun.endswith("y") else noun + "s"


def counted(number: int, noun: str) -> str:
    """`3 deals`, `1 company`."""
    return f"{number} {noun if number == 1 else plural(noun)}"


def in_words(number: int, noun: str) -> str:
    """`Three deals`, `One company`; figures from eleven on."""
    said = _WORDS[number] if number < len(_WORDS) else str(number)
    return f"{said} {noun if number == 1 else plural(noun)}"


def money(amount: Any, currency: Any = None) -> str:
    try:
        number = float(amount)
    except (TypeError, ValueError):
        return ""
    code = str(currency or "").upper()
    shown = f"{number:,.0f}" if number == int(number) else f"{number:,.2f}"
    return _SIGNS[code] + shown if code in _SIGNS else f"{shown} {code}".strip()


def total(items: Sequence[dict[str, Any]]) -> str:
    """The amounts together, when they are all of one currency; else nothing."""
    currencies = {item.get("currency") for item in items}
    amounts = [item.get("amount") for item in items]
    if len(currencies) != 1 or not all(isinstance(amount, int | float) for amount in amounts):
        return ""
    return money(sum(a for a in amounts if isinstance(a, int | float)), currencies.pop())


def as_date(value: Any) -> date | None:
    """The day of a date or a time, in the server's zone."""
    try:
        moment = datetime.fromisoformat(str(value))
    except ValueError:
        return None
    return moment.astimezone().date() if moment.tzinfo else moment.date()


def day(value: Any, today: date | None = None) -> str:
    """`Wed 25` within the next week, else `2 Dec`, with the year where it is another."""
    when, today = as_date(value), today or date.today()
    if when is None:
        return short(value)
    if 0 <= (when - today).days < 7:
        return f"{when:%a} {when.day}"
    return f"{when.day} {when:%b}" + (f" {when.year}" if when.year != today.year else "")


def long_day(when: date) -> str:
    return f"{when:%A} {when.day} {when:%B}"


def until(expires_at: Any) -> str:
    """How long a grant lives, for the card: `until 24 December, 14:03`, `until you stop it`."""
    if not expires_at:
        return "until you stop it"
    moment = datetime.fromisoformat(str(expires_at)).astimezone()
    year = f" {moment.year}" if moment.year != date.today().year else ""
    return f"until {moment.day} {moment:%B}{year}, {moment:%H:%M}"


def account(grant: dict[str, Any]) -> str:
    return short((grant.get("account") or {}).get("label"))


def items(answer: dict[str, Any]) -> list[dict[str, Any]]:
    found = (answer.get("result") or {}).get("items")
    return [item for item in found if isinstance(item, dict)] if isinstance(found, list) else []


def source(answer: dict[str, Any], noun: str, title: str) -> Source:
    """`Read 5 deals from Northwind just now`, and that something was left out where it was."""
    cut = ", the rest was too much at once" if answer.get("truncated") else ""
    return Source(f"Read {counted(len(items(answer)), noun)} from {title} just now{cut}")


def _second(*parts: Any) -> str:
    return " · ".join(short(part) for part in parts if part)


def word(value: Any) -> str:
    """An enumerated value as a word: `on_hold` -> `On hold`."""
    return short(value).replace("_", " ").capitalize()


def deals(found: list[dict[str, Any]], caption: str) -> Table:
    columns = [Column("Deal"), Column("Amount", number=True), Column("Closes", number=True)]
    return Table(caption, columns, [_deal(deal) for deal in found])


def _deal(deal: dict[str, Any]) -> list[Cell]:
    """A title that begins with the company's name does not say it twice."""
    title, company = short(deal.get("title")), short(deal.get("company_name"))
    rest = title.removeprefix(f"{company}: ")
    name = rest[:1].upper() + rest[1:] if company else title
    return [
        Cell(name, _second(company, word(deal.get("stage")))),
        Cell(money(deal.get("amount"), deal.get("currency"))),
        Cell(day(deal.get("closes_on"))),
    ]


def contacts(found: list[dict[str, Any]], caption: str) -> Table:
    rows = [
        [
            Cell(short(person.get("name")), short(person.get("email"))),
            Cell(short(person.get("company_name")), short(person.get("job_title"))),
        ]
        for person in found
    ]
    return Table(caption, [Column("Person"), Column("Company")], rows)


def companies(found: list[dict[str, Any]], caption: str) -> Table:
    rows = [
        [
            Cell(short(each.get("name")), short(each.get("industry"))),
            Cell(_second(each.get("city"), each.get("country"))),
        ]
        for each in found
    ]
    return Table(caption, [Column("Company"), Column("Place")], rows)


def tasks(found: list[dict[str, Any]], caption: str) -> Table:
    rows = [
        [
            Cell(short(task.get("title")), _second(task.get("project_title"), _priority(task))),
            Cell(day(task["due_on"]) if task.get("due_on") else "No date"),
        ]
        for task in found
    ]
    return Table(caption, [Column("Task"), Column("Due", number=True)], rows)


def _priority(task: dict[str, Any]) -> str:
    return "High priority" if task.get("priority") == "high" else ""


def task_name(task: dict[str, Any]) -> str:
    """A task's title with its project: many tasks have the same title."""
    return f"{short(task.get('title'))} {short(task.get('project_title'))}".strip()


def projects(found: list[dict[str, Any]], caption: str) -> Table:
    rows = [
        [
            Cell(short(each.get("title")), _second(word(each.get("status")), each.get("owner_name"))),
            Cell(counted(int(each.get("open_tasks") or 0), "open task")),
            Cell(day(each.get("due_on"))),
        ]
        for each in found
    ]
    return Table(caption, [Column("Project"), Column("Work", number=True), Column("Due", number=True)], rows)
