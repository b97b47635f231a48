"""Assistants: cleaned and checked when written, absent for others, without a key once removed."""

from __future__ import annotations

from typing import Any

import pytest

from core import assistants, workspaces
from core.assistants import Wish
from core.errors import InvalidBody, InvalidConfig, Missing, Unauthenticated
from core.ids import new_id
from core.model import Actor
from tests.core.home import RETURN_URL, Home


async def test_what_is_written_is_kept_clean(home: Home) -> None:
    wish = Wish(
        name=" Help\ner ", description="Does‮ things", return_urls=(RETURN_URL,), tools=("acme.add_item",) * 2
    )
    made, key = await assistants.create(home.house, home.admin, wish)
    assert (made.name, made.description, made.tools) == ("Help er", "Does things", ("acme.add_item",))
    assert await assistants.get(home.house, home.workspace.id, made.id) == made
    assert (await home.keyed(key.reveal())).id == made.id
    assert [event.assistant for event in await home.events(action="assistant.created")][-1] == made.id


@pytest.mark.parametrize(
    ("fields", "error"),
    [
        ({"name": "​"}, InvalidBody),
        ({"tools": ("acme.nothing",)}, InvalidBody),
        ({"allowed_origins": ("https://a.example/x",)}, InvalidConfig),
        ({"return_urls": ("http://a.example",)}, InvalidConfig),
        ({"default_return_url": "https://other.example"}, InvalidConfig),
        ({"logo_url": "https://169.254.169.254/x.png"}, InvalidConfig),
        ({"homepage_url": "javascript:alert(1)"}, InvalidConfig),
        ({"return_urls": tuple(f"https://a.example/{n}" for n in range(51))}, InvalidConfig),
    ],
)
async def test_what_is_refused_is_not_kept(
    home: Home, fields: dict[str, Any], error: type[Exception]
) -> None:
    wish = Wish(**{"name": "A", **fields})
    with pytest.raises(error):
        await assistants.create(home.house, home.admin, wish)
    with pytest.raises(error):
        await assistants.update(home.house, home.admin, home.assistant.id, wish)
    assert await assistants.listed(home.house, home.workspace.id, "", 10) == [home.assistant]


async def test_a_change_is_whole_and_in_the_trail(home: Home) -> None:
    home.later(5)
    changed = await assistants.update(home.house, home.admin, home.assistant.id, Wish(name="Other"))
    assert (changed.name, changed.return_urls, changed.updated_at) == ("Other", (), home.now)
    assert changed.created_at == home.assistant.created_at
    assert (await home.actions())[-1] == "assistant.changed"


async def test_another_workspaces_is_absent(home: Home) -> None:
    elsewhere = Actor("admin", "x", "ws_other")
    for work in (
        assistants.get(home.house, "ws_other", home.assistant.id),
        assistants.update(home.house, elsewhere, home.assistant.id, Wish(name="x")),
        assistants.delete(home.house, elsewhere, home.assistant.id),
        assistants.add_key(home.house, elsewhere, home.assistant.id, None),
        assistants.get(home.house, home.workspace.id, new_id("ast")),
    ):
        with pytest.raises(Missing):
            await work
    assert (await home.keyed()).id == home.assistant.id


async def test_a_removed_one_has_no_key_and_keeps_its_name_for_the_trail(home: Home) -> None:
    _, second = await assistants.add_key(home.house, home.admin, home.assistant.id, None)
    await assistants.delete(home.house, home.admin, home.assistant.id, "Not needed")
    for key in (home.assistant_key, second.reveal()):
        with pytest.raises(Unauthenticated):
            await workspaces.by_key(home.house, key)
    assert (await assistants.names(home.house, home.workspace.id))[home.assistant.id] == "Acme Assist"
    assert (await home.events())[-1].detail["reason"] == "Not needed"
    with pytest.raises(Missing):
        await assistants.delete(home.house, home.admin, home.assistant.id)


async def test_keys_overlap_and_end_one_by_one(home: Home) -> None:
    first, *_ = await workspaces.keys_of(home.house, home.workspace.id, home.assistant.id)
    key_id, key = await assistants.add_key(home.house, home.admin, home.assistant.id, 3_600)
    assert (await home.keyed(key.reveal())).key_id == key_id
    await assistants.revoke_key(home.house, home.admin, home.assistant.id, first.id)
    with pytest.raises(Unauthenticated):
        await home.keyed()
    assert (await home.keyed(key.reveal())).id == home.assistant.id
    with pytest.raises(Missing):
        await assistants.revoke_key(home.house, home.admin, home.assistant.id, first.id)
