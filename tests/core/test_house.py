"""The house finishes what is under way before it closes, and keeps what happened with its trace or not at all."""

from __future__ import annotations

import asyncio

import pytest

from core.model import Entry
from core.store import StoreError, Tx
from tests.core.home import Home


async def test_closing_waits_for_work_that_was_begun(home: Home) -> None:
    done: list[int] = []

    async def work() -> None:
        await asyncio.sleep(0.05)
        await home.house.write(lambda tx: home.house.log(tx, Entry(home.admin, "late.work")))
        done.append(1)

    home.house.in_background(work())
    await home.house.close()
    assert done == [1]
    with pytest.raises(StoreError):
        await home.house.write(lambda tx: home.house.log(tx, Entry(home.admin, "too.late")))


async def test_closing_does_not_wait_for_ever(home: Home) -> None:
    task = home.house.in_background(asyncio.sleep(60))
    await asyncio.wait_for(home.house.close(patience_s=0.05), 5)
    task.cancel()


async def test_what_happened_is_kept_with_its_trace(home: Home) -> None:
    async def job(tx: Tx) -> None:
        await tx.run("policy_put", id=home.workspace.id, policy={"max_grant_days": 1})
        await home.house.log(tx, Entry(home.admin, "x"))
        raise ValueError("afterwards")

    before = await home.actions()
    with pytest.raises(ValueError, match="afterwards"):
        await home.house.write(job)
    assert await home.actions() == before
    assert await home.rows("SELECT policy_version FROM workspaces") == [{"policy_version": 1}]


async def test_the_clock_is_the_houses(home: Home) -> None:
    before = home.house.now_ms()
    home.later(1_000)
    assert home.house.now_ms() == before + 1_000


def test_the_public_address_has_no_slash_at_its_end(home: Home) -> None:
    assert home.house.public_url == "https://keys.acme.example"
