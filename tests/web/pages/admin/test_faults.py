"""What core refuses is told in the form's words, at the form's fields."""

from __future__ import annotations

from core.errors import Conflict, InvalidBody, InvalidConfig
from web.pages.admin.faults import FieldFault, by_field, labelled

LABELS = {
    "config.host_url": "Address",
    "tools": "Tools",
    "client_id": "Client ID",
    "read_client_id": "Second ID",
    "read_client_secret": "Second secret",
}


def told(error: InvalidBody | InvalidConfig | Conflict) -> list[tuple[str, str]]:
    return [(one.field, one.text) for one in labelled(error, LABELS)]


def at(*paths: str) -> InvalidBody:
    return InvalidBody("No.", errors=[{"path": path, "message": "is empty"} for path in paths])


def test_the_second_clients_faults_are_at_its_own_fields() -> None:
    found = told(at("/read_client/client_secret", "/read_client/max_scopes/0", "/client_id"))
    assert [field for field, _ in found] == ["client_id", "read_client_id", "read_client_secret"]
    assert set(by_field(at("/read_client"))) == {"read_client_id"}


def test_a_setting_is_called_what_the_form_calls_it() -> None:
    wrong = InvalidConfig("config.host_url is none of a, b.", field="config/host_url")
    assert told(wrong) == [("config.host_url", "“Address” is none of a, b.")]
    address = InvalidConfig("config/host_url: it is not https.", field="config/host_url")
    assert told(address) == [("config.host_url", "It is not https.")]


def test_tools_are_one_field() -> None:
    assert told(at("/enabled_tools/3", "/enabled_tools/4")) == [("tools", "Is empty.")]


def test_what_belongs_to_no_field_is_still_said_last() -> None:
    assert told(at("/config/site", "/client_id")) == [("client_id", "Is empty."), ("", "Is empty.")]
    assert labelled(Conflict("People are connected."), LABELS) == [
        FieldFault("", "", "People are connected.")
    ]
