"""Workspaces: the key that is shown once, the policy that is written whole, and keys that are never said why they fail."""

from __future__ import annotations

from typing import Any

import pytest

from core import assistants, workspaces
from core.errors import InvalidBody, Missing, Unauthenticated
from core.ids import checksum, new_key
from core.model import Policy
from core.workspaces import KeyedAssistant, KeyedWorkspace
from tests.core.home import Home


async def test_a_new_workspace_has_a_key_a_policy_without_rules_and_a_trail(home: Home) -> None:
    made, key = await workspaces.create(home.house, "  New‮ Inc ")
    assert (made.name, made.policy, made.policy_version) == ("New Inc", Policy(), 1)
    found = await workspaces.by_key(home.house, key.reveal())
    assert isinstance(found, KeyedWorkspace) and found.id == made.id
    assert found.actor.type == "admin" and found.actor.workspace == made.id
    assert await workspaces.get(home.house, made.id) == made
    rows = await home.rows("SELECT action FROM audit_events WHERE workspace = :id", id=made.id)
    assert rows == [{"action": "workspace.created"}]


@pytest.mark.parametrize("name", ["", "   ", "​"])
async def test_a_workspace_needs_a_name(home: Home, name: str) -> None:
    with pytest.raises(InvalidBody):
        await workspaces.create(home.house, name)


async def test_only_the_hash_of_a_key_is_kept(home: Home) -> None:
    kept = str(await home.rows("SELECT * FROM keys"))
    for key in (home.workspace_key, home.assistant_key):
        assert key not in kept and key.split("_")[2] not in kept and key.split("_")[1] in kept


async def test_every_wrong_key_is_refused_alike(home: Home) -> None:
    other, expiring = await assistants.add_key(home.house, home.admin, home.assistant.id, 60)
    await assistants.revoke_key(home.house, home.admin, home.assistant.id, other)
    _, expired = await assistants.add_key(home.house, home.admin, home.assistant.id, 60)
    home.later(60_000)
    good = home.assistant_key
    same_id = "_".join([*good.split("_")[:2], *new_key("vka").reveal().split("_")[2:]])
    unknown = [new_key(kind).reveal() for kind in ("vka", "vkw")]
    for key in ("", "nonsense", *unknown, expiring.reveal(), expired.reveal(), same_id, good + "x"):
        with pytest.raises(Unauthenticated) as refused:
            await workspaces.by_key(home.house, key)
        assert refused.value.detail == Unauthenticated().detail
    assert isinstance(await workspaces.by_key(home.house, good), KeyedAssistant)


async def test_the_secret_part_is_compared_not_only_found(home: Home) -> None:
    kind, public, _, _ = home.assistant_key.split("_")
    body = f"{kind}_{public}_{'x' * 43}"
    with pytest.raises(Unauthenticated):
        await workspaces.by_key(home.house, f"{body}_{checksum(body)}")


async def test_the_last_use_is_written_down_in_bunches(home: Home) -> None:
    await workspaces.by_key(home.house, home.assistant_key)
    home.later(5)
    await workspaces.by_key(home.house, home.assistant_key)
    [key] = await workspaces.keys_of(home.house, home.workspace.id, home.assistant.id)
    assert key.last_used_at is None
    await workspaces.note_key_use(home.house)
    [key] = await workspaces.keys_of(home.house, home.workspace.id, home.assistant.id)
    assert key.last_used_at == home.now and home.house.keys_used == {}


async def test_a_policy_replaces_the_one_before(home: Home) -> None:
    await home.policy(connectors=("acme",), max_grant_days=7)
    await home.policy(tools=("acme.*", "acme.find_items"))
    assert home.workspace.policy == Policy(tools=("acme.*", "acme.find_items"))
    assert home.workspace.policy_version == 3
    assert (await home.actions()).count("policy.changed") == 2


@pytest.mark.parametrize(
    ("rules", "paths"),
    [
        ({"connectors": ("acme", "other")}, ["/connectors/1"]),
        ({"tools": ("acme.nothing", "acme", "other.*")}, ["/tools/0", "/tools/1", "/tools/2"]),
        ({"max_grant_days": 0, "calls_per_minute": -1}, ["/max_grant_days", "/calls_per_minute"]),
    ],
)
async def test_every_fault_of_a_policy_is_told_and_nothing_is_kept(
    home: Home, rules: dict[str, Any], paths: list[str]
) -> None:
    with pytest.raises(InvalidBody) as refused:
        await home.policy(**rules)
    assert [one["path"] for one in refused.value.fields["errors"]] == paths
    assert (await workspaces.get(home.house, home.workspace.id)).policy == Policy()


async def test_there_is_no_such_workspace(home: Home) -> None:
    with pytest.raises(Missing):
        await workspaces.get(home.house, "ws_nothing")
