"""What is recorded of the Northwind connector, and what has to come back from `northwind_provider.py`.

A `Case` prepares a fresh Northwind and calls one tool; `next_page` calls it twice, the second time with the
cursor it got.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from core.errors import ValetkeyError
from core.http import Outbound
from tests.connectors import wire
from tests.connectors.cases import Refusal
from tests.connectors.northwind_answers import MAINS
from tests.connectors.northwind_provider import BASE_URL, SCOPES, sign_in
from web.demo.northwind import Northwind


@dataclass(frozen=True)
class Case:
    tool: str
    name: str
    arguments: dict[str, Any]
    expected: Any
    prepare: Callable[[Northwind], None] = lambda northwind: None


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
