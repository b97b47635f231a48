"""The columns of a Notion data source: which to ask for, which name the user, and what may be written into one.

Sources and limits: `connectors/notion.py`. Names of columns and options are a person's own words: they travel as
members of JSON, never as text of a query.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any
from urllib.parse import unquote

from connectors._notion_records import Column, DataSource, WirePage
from core.connector import Api, ToolError

CHOSEN = ("select", "status")
WRITTEN = (*CHOSEN, "checkbox", "number", "date")
_PERSON = ("people", "created_by", "last_edited_by")
MOST = 20


async def columns(api: Api, data_source: str) -> dict[str, Column]:
    path = api.path("/data_sources/{id}", id=data_source)
    answer: DataSource = await api.get(path, into=DataSource)
    return answer.properties


def wanted(there: Mapping[str, Column], names: list[str] | None) -> list[str]:
    """The ids of the columns to ask for, the title always. Raises ToolError on a name that is none."""
    if unknown := [name for name in names or () if name not in there]:
        raise ToolError(
            f"There is no column {unknown[0]!r}. There are: {', '.join(list(there)[:50])}", argument="columns"
        )
    shown = [name for name, one in there.items() if one.type not in ("title", "button")]
    ids = [there[name].id for name in (shown if names is None else names)[:MOST]]
    # ids come percent-encoded, and are encoded once more on their way into the query
    return list(dict.fromkeys(["title", *(unquote(id) for id in ids)]))


def mine(there: Mapping[str, Column], name: str, user: str | None) -> dict[str, Any]:
    """The condition that a column names the person who connected."""
    if name not in there or there[name].type not in _PERSON:
        people = [one for one, column in there.items() if column.type in _PERSON]
        raise ToolError(
            f"{name!r} is no column of people. Such are: {', '.join(people) or 'none'}", argument="mine_by"
        )
    if not user:
        raise ToolError("This connection does not say whose it is. Connect Notion again.", argument="mine_by")
    return {"property": name, there[name].type: {"contains": user}}


async def check_choice(api: Api, page: WirePage, name: str, value: str | bool | float) -> None:
    """Raises ToolError unless it is one of the options there are: Notion would make a new one."""
    source = page.parent.data_source_id if page.parent else None
    column = (await columns(api, source)).get(name) if source else None
    choices = column.choices if column else []
    if value not in choices:
        raise ToolError(
            f"That cannot be chosen. There are: {', '.join(choices[:50]) or 'none'}", argument="value"
        )


def written(kind: str, value: str | bool | float) -> Any:
    """The value as Notion takes it. Raises ToolError when it is of another kind."""
    fits = {
        "checkbox": isinstance(value, bool),
        "number": isinstance(value, int | float) and not isinstance(value, bool),
        "date": isinstance(value, str) and bool(re.fullmatch(r"\d{4}-\d{2}-\d{2}", value, re.ASCII)),
    }
    if not fits.get(kind, isinstance(value, str)):
        wanted = {"checkbox": "true or false", "number": "a number", "date": "a date such as 2026-12-01"}
        raise ToolError(f"The value has to be {wanted.get(kind, 'a name')}.", argument="value")
    return {"select": {"name": value}, "status": {"name": value}, "date": {"start": value}}.get(kind, value)
