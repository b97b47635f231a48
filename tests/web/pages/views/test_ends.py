"""What the person is told once the provider has answered."""

from __future__ import annotations

from tests.web.pages.views.story import NORTHWIND, a_grant
from web.pages.views import ends

AGREED = ("northwind.find_deals", "northwind.move_deal")


def test_what_was_given_as_asked_needs_no_remark() -> None:
    view = ends.done_view("cs_1", "Acme Assist", NORTHWIND, AGREED, a_grant())
    assert (view.code, view.off, view.extra, view.stays_open) == (None, (), (), False)
    assert [tool.name for group in view.works for tool in group.tools] == list(AGREED)


def test_what_the_provider_held_back_is_named_in_its_words() -> None:
    grant = a_grant(tools=AGREED[:1], scopes_granted=("deals.read",))
    view = ends.done_view("cs_1", "Acme Assist", NORTHWIND, AGREED, grant)
    assert view.code == "granted_less" and view.stays_open
    [off] = view.off
    assert off.name == "northwind.move_deal" and "“Edit deals”" in off.text


def test_what_the_provider_added_is_named_and_the_window_stays_open() -> None:
    grant = a_grant(scopes_granted=("deals.read", "deals.write", "company.settings", "unheard.of"))
    view = ends.done_view("cs_1", "Acme Assist", NORTHWIND, AGREED, grant)
    assert view.extra == ("Read company settings", "unheard.of")
    assert view.stays_open and view.code is None


def test_a_message_goes_to_one_origin_and_carries_no_token() -> None:
    message = ends.authorized("cs_1", "one-time", "https://chat.example")
    assert message.target_origin == "https://chat.example"
    assert message.body == {"type": "valetkey:authorized", "session": "cs_1", "code": "one-time"}


def test_nobody_is_told_where_nobody_listens() -> None:
    assert ends.ended("denied", "cs_1", None) is None
