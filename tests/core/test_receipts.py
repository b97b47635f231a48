"""A receipt: what was shown and agreed, in the fields of ISO/IEC TS 27560, kept with the consent and never changed."""

from __future__ import annotations

import hashlib

import msgspec
import pytest

from core import connecting, receipts
from core.clock import parse_rfc3339
from core.errors import InvalidBody, Missing
from core.model import Receipt
from tests.core.home import Home


def body(receipt: Receipt) -> dict:  # type: ignore[type-arg]
    return msgspec.json.decode(receipt.body)  # type: ignore[no-any-return]


async def test_it_holds_every_part_of_the_agreement(home: Home) -> None:
    session = await home.session("find_items", "add_item", purpose="Answer questions")
    shown = (await connecting.open_page(home.house, session.id, None)).notice
    await home.agree(session, "find_items", duration="90d")
    [row] = await home.rows("SELECT id FROM receipts")
    kept = await receipts.get(home.house, home.workspace.id, row["id"])
    found = body(kept)
    assert found["receipt"] == kept.id and "27560" in found["schema"]
    assert found["person"] == {"user": "u1"} and found["purpose"] == "Answer questions"
    assert set(found["parties"]) == {"workspace", "assistant", "provider"}
    assert [one["tool"] for one in found["agreed"]] == ["acme.find_items"] and found["left_out"] == [
        "acme.add_item"
    ]
    assert found["scopes_requested"] == ["items.read"] and found["duration"]["chosen"] == "90d"
    assert parse_rfc3339(found["event"]["at"]) == home.now and found["retention"]
    assert found["withdrawal"] == "https://keys.acme.example/me"
    assert found["notice"]["sha256"] == shown.hash and found["notice"]["text"]["groups"]
    assert kept.hash == hashlib.sha256(bytes(kept.body)).hexdigest()


async def test_it_is_there_with_the_consent_and_gets_its_grant_with_the_confirm(home: Home) -> None:
    grant = await home.grant("find_items")
    kept = await receipts.get(home.house, home.workspace.id, grant.receipt)
    assert (kept.grant, kept.session) == (grant.id, body(kept)["event"]["session"])


async def test_a_consent_that_is_refused_leaves_none(home: Home) -> None:
    session = await home.session("find_items")
    with pytest.raises(InvalidBody):
        await home.agree(session, "add_item")
    assert await home.rows("SELECT id FROM receipts") == []


async def test_each_step_up_has_its_own_newest_first(home: Home) -> None:
    first = await home.grant("find_items")
    second = await home.grant("add_item")
    assert second.id == first.id and second.receipt != first.receipt
    found = await receipts.of_grant(home.house, home.workspace.id, first.id)
    assert [one.id for one in found] == [second.receipt, first.receipt]


async def test_another_workspaces_is_absent(home: Home) -> None:
    grant = await home.grant()
    for workspace, receipt in (("ws_other", grant.receipt), (home.workspace.id, receipts.new_receipt_id())):
        with pytest.raises(Missing):
            await receipts.get(home.house, workspace, receipt)
