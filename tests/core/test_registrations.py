"""Registrations: a redirect URI each, the secret sealed, changes that keep what was not said."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from core import confirming, registrations, revocation
from core.connector import Connector, Rfc7009, Setting
from core.errors import (
    Conflict,
    ConsentRequired,
    InvalidBody,
    InvalidConfig,
    Missing,
    PolicyDenied,
    Unauthenticated,
    UnknownConnector,
)
from core.model import Grant
from core.registrations import ReadClient, Wish
from core.secret import Secret
from tests.core.acme import connector
from tests.core.home import Home, open_home
from tests.harness.waiting import until_async


async def test_the_secret_is_sealed_and_comes_back_for_requests_only(home: Home) -> None:
    client = await registrations.client(home.house, home.registration)
    assert client.client_secret == Secret("client-secret") and client.client_id == "valetkey"
    assert client.redirect_uri == f"https://keys.acme.example/oauth/callback/{home.registration.id}"
    assert "client-secret" not in str(await home.rows("SELECT * FROM secrets"))
    assert "client-secret" not in repr(client)


async def test_a_change_without_a_secret_keeps_it_and_with_one_replaces_it(home: Home) -> None:
    only = Wish(client_id="valetkey", enabled_tools=("acme.find_items",))
    first = await registrations.put(home.house, home.admin, "acme", only)
    assert (first.id, first.enabled_tools, first.secret_version) == (
        home.registration.id,
        ("acme.find_items",),
        1,
    )
    assert (await registrations.client(home.house, first)).client_secret == Secret("client-secret")
    wish = Wish(client_id="other", client_secret=Secret("newer"))
    second = await registrations.put(home.house, home.admin, "acme", wish)
    assert second.secret_version == 2
    assert (await registrations.client(home.house, second)).client_secret == Secret("newer")
    assert (await home.actions())[-2:] == ["registration.changed"] * 2


async def test_the_address_is_known_before_the_registration_and_another_after_it_was_removed(
    home: Home,
) -> None:
    first = registrations.redirect_uri(home.house, home.registration.id)
    assert await registrations.redirect_uri_for(home.house, home.workspace.id, "acme") == first
    await registrations.delete(home.house, home.admin, "acme")
    ahead = await registrations.redirect_uri_for(home.house, home.workspace.id, "acme")
    again = await registrations.put(home.house, home.admin, "acme", Wish(client_id="x"))
    assert registrations.redirect_uri(home.house, again.id) == ahead != first
    assert again.secret_version == 0 and (await registrations.client(home.house, again)).client_secret is None


async def test_each_workspace_has_an_address_of_its_own(home: Home) -> None:
    first = home.registration.id
    await home.furnish("Other Inc")
    assert home.registration.id != first


@pytest.mark.parametrize(
    ("wish", "error"),
    [
        (Wish(client_id="  "), InvalidBody),
        (Wish(client_id="x", enabled_tools=("acme.nothing",)), InvalidBody),
        (Wish(client_id="x", max_scopes=("nothing",)), InvalidBody),
        (Wish(client_id="x", config={"instance_url": "http://x.example"}), InvalidConfig),
        (Wish(client_id="x", config={"instance_url": "https://127.0.0.1"}), InvalidConfig),
        (Wish(client_id="x", config={"odd": "https://[::1]"}), InvalidConfig),
        (Wish(client_id="x", config={"odd": "a\x00b"}), InvalidConfig),
        (Wish(client_id="x", config={"odd": "x" * 2_001}), InvalidConfig),
    ],
)
async def test_what_is_refused_changes_nothing(home: Home, wish: Wish, error: type[Exception]) -> None:
    with pytest.raises(error):
        await registrations.put(home.house, home.admin, "acme", wish)
    assert await registrations.get(home.house, home.workspace.id, "acme") == home.registration


async def test_what_the_connector_needs_is_asked_for(tmp_path: Any) -> None:
    oauth = {"token_url": "{base_url}/token", "revocation": Rfc7009("{base_url}/revoke")}
    with pytest.raises(InvalidConfig) as refused:
        async with open_home(tmp_path, connector(oauth=oauth)):
            pass
    assert refused.value.fields["field"] == "config/base_url"


async def test_what_is_not_registered_or_not_known_is_absent(home: Home) -> None:
    with pytest.raises(UnknownConnector):
        await registrations.get(home.house, home.workspace.id, "other")
    with pytest.raises(Missing):
        await registrations.get(home.house, "ws_other", "acme")
    await registrations.delete(home.house, home.admin, "acme")
    for work in (
        registrations.get(home.house, home.workspace.id, "acme"),
        registrations.delete(home.house, home.admin, "acme"),
        registrations.find(home.house, "reg_nothing"),
    ):
        with pytest.raises(Missing):
            await work


async def test_a_removed_one_is_still_found_by_what_it_made(home: Home) -> None:
    await registrations.delete(home.house, home.admin, "acme", "Not needed")
    found = await registrations.find(home.house, home.registration.id)
    assert found.deleted_at == home.now
    assert (await registrations.client(home.house, found)).client_secret == Secret("client-secret")


# ---- a second client that only reads ----------------------------------------------------------------------------


@pytest.fixture
async def fixed(tmp_path: Path) -> AsyncIterator[Home]:
    """At a provider that fixes scopes with the client, with both clients registered."""
    async with open_home(tmp_path, connector(oauth={"scope_mode": "app_fixed"})) as one:
        await put_both(one)
        yield one


async def put_both(home: Home, **small: Any) -> None:
    small_one = ReadClient(client_id="small", client_secret=Secret("small-secret"), **small)
    home.registration = await registrations.put(
        home.house, home.admin, "acme", Wish(client_id="valetkey", read_client=small_one)
    )


async def client_of(home: Home, grant: Grant) -> str:
    return (await registrations.find(home.house, grant.registration)).client_id


async def test_a_grant_is_made_with_the_smallest_client_that_does(fixed: Home) -> None:
    reading = await fixed.grant("find_items", user="u1", scopes=())
    writing = await fixed.grant("find_items", "add_item", user="u2", scopes=())
    assert (await client_of(fixed, reading), await client_of(fixed, writing)) == ("small", "valetkey")
    assert set(reading.scopes_granted) == {"items.read", "people.read"}  # what the app has, asked for or not
    assert "items.write" in writing.scopes_granted
    assert (await fixed.call("find_items", "u1"))["items"]
    assert (await fixed.call("add_item", "u2", arguments={"name": "Rake"}))["name"] == "Rake"


async def test_the_smaller_client_is_given_what_the_enabled_tools_read_and_no_more(tmp_path: Path) -> None:
    """What it is taken to have been given is what the admin's page tells to give it."""
    async with open_home(tmp_path, connector(oauth={"scope_mode": "app_fixed"})) as home:
        small = ReadClient(client_id="small", client_secret=Secret("small-secret"))
        tools = ("acme.find_items", "acme.add_item")
        wish = Wish(client_id="valetkey", enabled_tools=tools, read_client=small)
        home.registration = await registrations.put(home.house, home.admin, "acme", wish)
        grant = await home.grant("find_items", scopes=())
        assert await client_of(home, grant) == "small" and grant.scopes_granted == ("items.read",)
        assert registrations.to_give(home.house.registry.connector("acme"), tools, "write") == (
            "items.read",
            "items.write",
        )


async def test_each_client_has_an_address_and_a_secret_of_its_own(fixed: Home) -> None:
    small = await registrations.read_client(fixed.house, fixed.workspace.id, "acme")
    assert small is not None and small.id != fixed.registration.id
    client = await registrations.client(fixed.house, small)
    assert client.client_secret == Secret("small-secret") and client.redirect_uri.endswith(small.id)
    ahead = await registrations.redirect_uri_for(fixed.house, fixed.workspace.id, "acme", "read")
    assert ahead == client.redirect_uri


async def test_the_smaller_clients_address_is_known_before_it_is_made(tmp_path: Path) -> None:
    async with open_home(tmp_path, connector(oauth={"scope_mode": "app_fixed"})) as home:
        ahead = await registrations.redirect_uri_for(home.house, home.workspace.id, "acme", "read")
        await put_both(home)
        small = await registrations.read_client(home.house, home.workspace.id, "acme")
        assert small is not None and ahead == registrations.redirect_uri(home.house, small.id)


async def test_a_step_up_moves_the_grant_to_the_larger_client_and_ends_the_smaller_ones_token(
    fixed: Home,
) -> None:
    reading = await fixed.grant("find_items", scopes=())
    widened = await fixed.grant("add_item", scopes=())
    assert widened.id == reading.id and set(widened.tools) == {"acme.find_items", "acme.add_item"}
    assert await client_of(fixed, widened) == "valetkey"
    await until_async(lambda: fixed.provider.times("/revoke") == 1)
    assert list(fixed.provider.refresh) == ["refresh-2"]


async def test_a_call_that_needs_the_larger_client_asks_for_consent_not_for_an_admin(fixed: Home) -> None:
    await fixed.grant("find_items", scopes=())
    with pytest.raises(ConsentRequired) as refused:
        await fixed.call("add_item", arguments={"name": "Rake"})
    assert refused.value.fields["missing_tools"] == ["acme.add_item"] and refused.value.fields["connect"]


async def test_what_the_smaller_app_was_not_given_is_asked_of_the_larger(fixed: Home) -> None:
    await put_both(fixed, max_scopes=("people.read",))
    assert await client_of(fixed, await fixed.grant("find_items", scopes=())) == "valetkey"
    assert await client_of(fixed, await fixed.grant("find_people", user="u2", scopes=())) == "small"


async def test_what_the_admin_enables_counts_for_both_clients(fixed: Home) -> None:
    await fixed.grant("find_items", scopes=())
    only = Wish(client_id="valetkey", enabled_tools=("acme.find_people",))
    await registrations.put(fixed.house, fixed.admin, "acme", only)
    with pytest.raises(PolicyDenied):
        await fixed.call("find_items")


async def test_a_connector_is_listed_once_and_removed_whole(fixed: Home) -> None:
    rows = await registrations.listed(fixed.house, fixed.workspace.id, "", 10)
    assert [row.client_id for row in rows] == ["valetkey"]
    await registrations.delete(fixed.house, fixed.admin, "acme")
    assert await registrations.read_client(fixed.house, fixed.workspace.id, "acme") is None
    with pytest.raises(Missing):
        await registrations.get(fixed.house, fixed.workspace.id, "acme")


async def test_removing_the_smaller_client_ends_what_was_granted_with_it(fixed: Home) -> None:
    reading = await fixed.grant("find_items", user="u1", scopes=())
    writing = await fixed.grant("add_item", user="u2", scopes=())
    wish = Wish(client_id="valetkey", read_client=None)
    await registrations.put(fixed.house, fixed.admin, "acme", wish)
    done = await revocation.revoke_of_client(fixed.house, fixed.admin, reading.registration, "removed")
    assert done.revoked == 1
    assert (await fixed.present(reading)).status == "revoked"
    assert (await fixed.present(writing)).status == "active"
    assert await client_of(fixed, await fixed.grant("find_items", user="u3", scopes=())) == "valetkey"


@pytest.mark.parametrize(
    ("mode", "small", "path"),
    [
        ("request", ReadClient(client_id="small"), "/read_client"),
        ("none", ReadClient(client_id="small"), "/read_client"),
        ("app_fixed", ReadClient(client_id=" "), "/read_client/client_id"),
        ("app_fixed", ReadClient(client_id="valetkey"), "/read_client/client_id"),
        (
            "app_fixed",
            ReadClient(client_id="small", max_scopes=("items.write",)),
            "/read_client/max_scopes/0",
        ),
        ("app_fixed", ReadClient(client_id="small", max_scopes=("moon",)), "/read_client/max_scopes/0"),
    ],
)
async def test_a_second_client_that_makes_no_sense_is_refused(
    tmp_path: Path, mode: str, small: ReadClient, path: str
) -> None:
    async with open_home(tmp_path, connector(oauth={"scope_mode": mode})) as home:
        with pytest.raises(InvalidBody) as refused:
            wish = Wish(client_id="valetkey", read_client=small)
            await registrations.put(home.house, home.admin, "acme", wish)
        assert [one["path"] for one in refused.value.fields["errors"]] == [path]
        assert await registrations.read_client(home.house, home.workspace.id, "acme") is None


# ---- settings ---------------------------------------------------------------------------------------------------


async def test_a_setting_is_one_of_its_choices(tmp_path: Path) -> None:
    choices = {"eu": {"login": "eu"}, "us": {"login": "us"}}
    region = Setting("region", "Data centre", default="eu", choices=choices)
    async with open_home(tmp_path, connector(settings=[region], oauth={})) as home:
        for config, fits in (({"region": "mars"}, False), ({"region": "us"}, True)):
            wish = Wish(client_id="valetkey", client_secret=Secret("again"), config=config)
            if not fits:
                with pytest.raises(InvalidConfig):
                    await registrations.put(home.house, home.admin, "acme", wish)
                continue
            kept = await registrations.put(home.house, home.admin, "acme", wish)
            client = await registrations.client(home.house, kept)
            assert client.config == {"region": "us", "login": "us"} and kept.config == {"region": "us"}


# ---- a provider that proves itself ------------------------------------------------------------------------------


async def test_only_the_clients_own_secret_proves_the_provider(home: Home) -> None:
    mine = home.registration.id
    found = await registrations.proved(home.house, mine, "valetkey", Secret("client-secret"))
    assert found.id == mine
    for registration, client, secret in (
        (mine, "valetkey", "other"),
        (mine, "other", "client-secret"),
        (mine, "", ""),
        ("reg_none", "valetkey", "client-secret"),
    ):
        with pytest.raises(Unauthenticated):
            await registrations.proved(home.house, registration, client, Secret(secret))
    await registrations.delete(home.house, home.admin, "acme")
    with pytest.raises(Unauthenticated):
        await registrations.proved(home.house, mine, "valetkey", Secret("client-secret"))


async def test_a_client_without_a_secret_proves_nobody(home: Home) -> None:
    await registrations.delete(home.house, home.admin, "acme")
    bare = await registrations.put(home.house, home.admin, "acme", Wish(client_id="open"))
    with pytest.raises(Unauthenticated):
        await registrations.proved(home.house, bare.id, "open", Secret(""))


# ---- tokens and secrets of one client go nowhere else ------------------------------------------------------------


def at(host: str, **more: Any) -> Wish:
    return Wish(client_id="valetkey", config={"host_url": host}, **more)


def hosted_connector(**oauth: Any) -> Connector:
    """A connector whose address the registration says, as an own server's."""
    host = Setting("host_url", "Address of your server", default="https://acme.example")
    known = connector(settings=[host], oauth=oauth)
    known.api_url = "{host_url}/api"
    return known


@pytest.fixture
async def hosted(tmp_path: Path) -> AsyncIterator[Home]:
    async with open_home(tmp_path, hosted_connector()) as one:
        yield one


async def test_an_address_is_not_changed_under_those_who_are_connected(hosted: Home) -> None:
    grant = await hosted.grant()
    for wish in (at("https://evil.example"), at("https://evil.example", client_secret=Secret("any"))):
        with pytest.raises(Conflict):
            await registrations.put(hosted.house, hosted.admin, "acme", wish)
    assert (await hosted.call())["items"] and (await hosted.present(grant)).status == "active"
    same = await registrations.put(hosted.house, hosted.admin, "acme", at("https://acme.example"))
    assert same.id == hosted.registration.id, "the default, said: no other address"


async def test_a_kept_secret_goes_to_no_other_address(hosted: Home) -> None:
    with pytest.raises(InvalidBody) as refused:
        await registrations.put(hosted.house, hosted.admin, "acme", at("https://other.example"))
    assert refused.value.fields["errors"][0]["path"] == "/client_secret"
    moved = at("https://other.example", client_secret=Secret("new"))
    kept = await registrations.put(hosted.house, hosted.admin, "acme", moved)
    assert (await registrations.client(hosted.house, kept)).client_secret == Secret("new")


async def test_a_client_is_not_changed_under_those_who_are_connected(home: Home) -> None:
    await home.grant()
    wish = Wish(client_id="other", client_secret=Secret("its-secret"))
    with pytest.raises(Conflict):
        await registrations.put(home.house, home.admin, "acme", wish)
    same = Wish(client_id="valetkey", client_secret=Secret("rotated"))
    assert (await registrations.put(home.house, home.admin, "acme", same)).secret_version == 2


async def test_a_kept_secret_belongs_to_no_other_client(fixed: Home) -> None:
    for wish in (
        Wish(client_id="other"),
        Wish(client_id="valetkey", read_client=ReadClient(client_id="small-2")),
        Wish(client_id="small", client_secret=Secret("x")),
    ):
        with pytest.raises(InvalidBody):
            await registrations.put(fixed.house, fixed.admin, "acme", wish)
    small = await registrations.read_client(fixed.house, fixed.workspace.id, "acme")
    assert small is not None and small.client_id == "small"


async def test_the_tokens_of_a_removed_client_end_at_the_address_they_came_from(tmp_path: Path) -> None:
    """Also when the admin moves the connector to another one in the same step."""
    async with open_home(tmp_path, hosted_connector(scope_mode="app_fixed")) as home:
        await put_both(home)
        grant = await home.grant("find_items", scopes=())
        assert await client_of(home, grant) == "small"
        moved = at("https://other.example", client_secret=Secret("new"), read_client=None)
        await registrations.put(home.house, home.admin, "acme", moved)
        removed = await registrations.find(home.house, grant.registration)
        assert removed.deleted_at == home.now and removed.config == {}


async def test_config_stands_in_for_a_token_answer_only_with_what_that_might_say(tmp_path: Path) -> None:
    known = connector(oauth={"token_fields": {"api_domain": "https://*.acme.example"}})
    known.api_url = "{api_domain}/api"
    async with open_home(tmp_path, known) as home:
        with pytest.raises(InvalidConfig):
            wish = Wish(client_id="valetkey", config={"api_domain": "https://evil.example"})
            await registrations.put(home.house, home.admin, "acme", wish)
        assert known.filled({"api_domain": "https://evil.example"}) == {}
        fine = {"api_domain": "https://eu.acme.example"}
        assert known.filled(fine) == fine


async def test_an_older_consent_does_not_take_away_what_was_agreed_to_meanwhile(fixed: Home) -> None:
    reading, writing = await fixed.session("find_items"), await fixed.session("add_item")
    for session in (writing, reading):
        code = await fixed.authorize(session, scopes=())
        grant = await confirming.confirm(fixed.house, fixed.assistant, session.id, "u1", code)
    assert set(grant.tools) == {"acme.find_items", "acme.add_item"}
    assert await client_of(fixed, grant) == "valetkey"


async def test_a_consent_that_would_take_away_what_was_agreed_to_while_it_was_open_is_refused(
    fixed: Home,
) -> None:
    reading, writing = await fixed.session("find_items"), await fixed.session("add_item")
    late = await fixed.authorize(reading, scopes=())
    code = await fixed.authorize(writing, scopes=())
    grant = await confirming.confirm(fixed.house, fixed.assistant, writing.id, "u1", code)
    with pytest.raises(Conflict):
        await confirming.confirm(fixed.house, fixed.assistant, reading.id, "u1", late)
    assert (await fixed.present(grant)).tools == grant.tools
