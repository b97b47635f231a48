"""What an admin sets: defaults, choices, and the fields that only a choice can bring."""

from __future__ import annotations

from core.connector import OAuth2, Setting
from core.connector.configuration import filled
from core.connector.connector import Connector

REGION = Setting(
    "region",
    "Data centre",
    choices={
        "eu": {"accounts_url": "https://accounts.acme.example"},
        "us": {"accounts_url": "https://accounts.us.acme.example"},
    },
)
HOST = Setting("host_url", "Address of your server", default="https://acme.example")


def connector(*settings: Setting) -> Connector:
    oauth = OAuth2(authorize_url="{accounts_url}/authorize", token_url="{accounts_url}/token")
    return Connector(
        slug="acme", title="Acme", category="crm", api_url="{host_url}/api", oauth=oauth, settings=settings
    )


def test_a_choice_brings_its_fields() -> None:
    assert filled([REGION], {"region": "us"}) == {
        "region": "us",
        "accounts_url": "https://accounts.us.acme.example",
    }


def test_a_choice_that_is_none_brings_nothing() -> None:
    assert filled([REGION], {"region": "mars"}) == {}
    assert filled([REGION], {}) == {}


def test_what_a_choice_brings_cannot_be_set_past_it() -> None:
    evil = {"region": "eu", "accounts_url": "https://evil.example"}
    assert filled([REGION], evil)["accounts_url"] == "https://accounts.acme.example"
    assert "accounts_url" not in filled([REGION], {"accounts_url": "https://evil.example"})


def test_a_default_stands_until_something_is_set() -> None:
    assert filled([HOST], {}) == {"host_url": "https://acme.example"}
    own = {"host_url": "https://git.example"}
    assert filled([HOST], own) == own


def test_other_config_is_left_as_it_is() -> None:
    assert filled([HOST], {"site": "7"}) == {"site": "7", "host_url": "https://acme.example"}


def test_needed_is_what_has_no_default_and_what_no_choice_fills() -> None:
    assert connector(REGION, HOST).needed_config() == ("region",)
    assert connector(HOST).needed_config() == ("accounts_url",)
