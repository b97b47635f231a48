"""Download all my data: one JSON document, written as it is read, so that it may be long.

Source: GDPR art. 15 and 20. It has every grant, receipt and event of the person with the assistant that opened the page.
"""

from __future__ import annotations

from collections.abc import AsyncIterator

import msgspec

from core import receipts
from core.clock import rfc3339
from core.house import House
from web.pages.mine import Mine
from web.wire.audit import event_out
from web.wire.grants import grant_out


async def everything(house: House, mine: Mine) -> AsyncIterator[bytes]:
    assistant = await mine.assistant()
    head = {
        "exported_at": rfc3339(house.now_ms()),
        "user": mine.session.user,
        "name": await mine.name(),
        "workspace": mine.session.workspace,
        "assistant": {"id": assistant.id, "name": assistant.name},
    }
    yield msgspec.json.encode(head)[:-1]
    async for part in _array("grants", _grants(house, mine)):
        yield part
    async for part in _array("receipts", _receipts(house, mine)):
        yield part
    async for part in _array("activity", _activity(mine)):
        yield part
    yield b"}\n"


async def _array(name: str, items: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
    yield b',"' + name.encode() + b'":['
    first = True
    async for item in items:
        yield item if first else b"," + item
        first = False
    yield b"]"


async def _grants(house: House, mine: Mine) -> AsyncIterator[bytes]:
    async for grant in mine.all_grants():
        yield msgspec.json.encode(grant_out(house, grant, await mine.manage_url(grant)))


async def _receipts(house: House, mine: Mine) -> AsyncIterator[bytes]:
    async for grant in mine.all_grants():
        for receipt in await receipts.of_grant(house, grant.workspace, grant.id):
            yield b'{"sha256":"' + receipt.hash.encode() + b'","receipt":' + bytes(receipt.body) + b"}"


async def _activity(mine: Mine) -> AsyncIterator[bytes]:
    async for event in mine.all_events():
        yield msgspec.json.encode(event_out(event))
