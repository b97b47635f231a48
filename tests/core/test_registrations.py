"""Registrations: a redirect URI each, the secret sealed, changes that keep what was not said."""

from __future__ import annotations

from typing import Any

import pytest

from core import registrations
from core.connector import Rfc7009
from core.errors import InvalidBody, InvalidConfig, Missing, UnknownConnector
from core.registrations import Wish
from core.secret import Secret
from tests.core.acme import connector
from tests.core.home import Home, open_home


async def test_the_secret_is_sealed_and_comes_back_for_requests_only(home: Home) -> None:
    client = await registrations.client(home.house, home.registration)
    assert client.client_secret == Secret("client-secret") and client.client_id == "valetkey"
    assert client.redirect_uri == f"https://keys.acme.example/oauth/callback/{home.registration.id}"
    assert "client-secret" not in str(await home.rows("SELECT * FROM secrets"))
    assert "client-secret" not in repr(client)


async def test_a_change_without_a_secret_keeps_it_and_with_one_replaces_it(home: Home) -> None:
    first = await registrations.put(home.house, home.admin, "acme", Wish(client_id="other"))
    assert (first.id, first.client_id, first.secret_version) == (home.registration.id, "other", 1)
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
