"""The same key gives the same answer and never a second write; what is not known is said, not guessed."""

from __future__ import annotations

import asyncio

import pytest

from core import housekeeping
from core.clock import DAY_MS
from core.errors import Conflict, IdempotencyConflict, InvalidBody, ProviderError
from core.idempotency import RUNNING_MS, request_hash
from tests.core.home import Home

CRATE = {"name": "Crate"}


async def test_a_repeated_key_gives_the_first_answer_and_writes_once(home: Home) -> None:
    await home.grant("add_item")
    first = await home.called("add_item", arguments=CRATE, idempotency_key="k1")
    again = await home.called("add_item", arguments=CRATE, idempotency_key="k1")
    assert (again.id, bytes(again.result)) == (first.id, bytes(first.result))
    assert home.provider.items.count("Crate") == 1


async def test_other_arguments_are_a_conflict(home: Home) -> None:
    await home.grant("add_item", "find_items")
    await home.call("add_item", arguments=CRATE, idempotency_key="k1")
    for tool, arguments in (("add_item", {"name": "Other"}), ("find_items", {})):
        with pytest.raises(IdempotencyConflict):
            await home.call(tool, arguments=arguments, idempotency_key="k1")
    assert home.provider.items.count("Other") == 0


async def test_a_key_is_one_users_and_one_assistants(home: Home) -> None:
    other, key = await home.new_assistant("Other")
    await home.grant("add_item")
    await home.grant("add_item", user="u2", person="ben")
    await home.grant("add_item", assistant=other)
    for user, asking in (("u1", None), ("u2", None), ("u1", key)):
        await home.call("add_item", user, key=asking, arguments=CRATE, idempotency_key="k1")
    assert home.provider.items.count("Crate") == 3


async def test_of_many_at_once_one_writes(home: Home) -> None:
    await home.grant("add_item")
    calls = (home.call("add_item", arguments=CRATE, idempotency_key="k1") for _ in range(20))
    outcomes = await asyncio.gather(*calls, return_exceptions=True)
    assert home.provider.items.count("Crate") == 1
    assert all(isinstance(one, (dict, Conflict)) for one in outcomes) and any(
        isinstance(one, dict) for one in outcomes
    )


async def test_a_write_whose_outcome_is_not_known_is_not_repeated(home: Home) -> None:
    await home.grant("add_item")
    home.provider.fail("/api/items", 502)
    with pytest.raises(ProviderError):
        await home.call("add_item", arguments=CRATE, idempotency_key="k1")
    with pytest.raises(Conflict, match="not known"):
        await home.call("add_item", arguments=CRATE, idempotency_key="k1")
    assert home.provider.times("/api/items") == 1


async def test_a_call_that_did_nothing_leaves_its_key_free(home: Home) -> None:
    await home.grant("add_item", "find_items")
    with pytest.raises(ProviderError):
        home.provider.fail("/api/items", 500, times=3)
        await home.call("find_items", idempotency_key="k1")
    home.provider.faults.clear()
    assert (await home.call("find_items", idempotency_key="k1"))["items"]


async def test_an_answer_is_kept_a_day_and_sealed(home: Home) -> None:
    await home.grant("add_item")
    await home.call("add_item", arguments={"name": "Unique-Crate"}, idempotency_key="k1")
    assert "Unique-Crate" not in str(await home.rows("SELECT * FROM secrets"))
    home.later(DAY_MS)
    await housekeeping.sweep(home.house)
    assert await home.rows("SELECT key FROM idempotency") == []
    assert await home.rows("SELECT owner FROM secrets WHERE kind = 'answer'") == []
    await home.call("add_item", arguments={"name": "Unique-Crate"}, idempotency_key="k1")
    assert home.provider.items.count("Unique-Crate") == 2


async def test_a_key_past_its_day_is_new_before_anybody_swept(home: Home) -> None:
    await home.grant("add_item")
    await home.call("add_item", arguments=CRATE, idempotency_key="k1")
    home.later(DAY_MS)
    await home.call("add_item", arguments={"name": "Other"}, idempotency_key="k1")
    assert home.provider.items.count("Other") == 1


@pytest.mark.parametrize("key", ["", "x" * 201, "a\nb"])
async def test_an_unusable_key_is_refused(home: Home, key: str) -> None:
    await home.grant("add_item")
    with pytest.raises(InvalidBody):
        await home.call("add_item", arguments=CRATE, idempotency_key=key)
    assert home.provider.items.count("Crate") == 0


def test_the_order_of_arguments_does_not_matter() -> None:
    assert request_hash("t", {"a": 1, "b": {"c": 2, "d": 3}}, None) == request_hash(
        "t", {"b": {"d": 3, "c": 2}, "a": 1}, None
    )
    assert request_hash("t", {"a": 1}, None) != request_hash("t", {"a": 1}, "acc")


async def test_a_call_whose_process_died_does_not_run_for_a_day(home: Home) -> None:
    """Nobody will finish it; whether it was done is not known, and that is what is said."""
    await home.grant("add_item")
    home.provider.slow["/api/items"] = asyncio.Event()
    dying = asyncio.ensure_future(home.call("add_item", arguments=CRATE, idempotency_key="k1"))
    await home.provider.reached("/api/items")
    dying.cancel()
    with pytest.raises(Conflict, match="still running") as early:
        await home.call("add_item", arguments=CRATE, idempotency_key="k1")
    assert early.value.fields["retry_after"] == 2
    home.later(RUNNING_MS)
    with pytest.raises(Conflict, match="not known") as late:
        await home.call("add_item", arguments=CRATE, idempotency_key="k1")
    assert "retry_after" not in late.value.fields
