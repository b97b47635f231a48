"""The one-time link: opened by anybody, used by one browser, once."""

from __future__ import annotations

from core import tickets
from core.clock import HOUR_MS, MINUTE_MS
from tests.harness.scene import Scene
from tests.harness.walker import Walker
from tests.web.pages.admin.conftest import Desk
from tests.web.pages.running import RunningValetkey


def test_opening_the_link_uses_nothing_up(desk: Desk) -> None:
    link = desk.link()
    with Walker() as scanner:
        assert [scanner.open(link).status for _ in range(3)] == [200, 200, 200]
    desk.walker.open(link)
    assert desk.walker.submit("/admin/sign-in").url == f"{desk.valetkey.url}/admin"


def test_the_button_works_once(desk: Desk) -> None:
    with Walker() as first, Walker() as second:
        link = desk.link()
        first.open(link)
        second.open(link)
        assert first.submit("/admin/sign-in").status == 200
        refused = second.submit("/admin/sign-in")
        assert (refused.status, refused.code) == (
            404,
            "not_found",
        ) and "This link has been used" in refused.words
        assert second.open(f"{desk.valetkey.url}/admin").code == "invalid_credentials"


def test_a_link_is_too_old_after_ten_minutes(desk: Desk) -> None:
    link = desk.link()
    desk.valetkey.later(11 * MINUTE_MS)
    with Walker() as late:
        assert late.open(link).status == 404


def test_a_form_of_another_browser_does_not_sign_in(desk: Desk) -> None:
    """Else anybody could sign a victim in to a workspace of their own and read what is entered there."""
    with Walker() as attacker, Walker() as victim:
        attacker.open(desk.link())
        form = attacker.page.form("/admin/sign-in")  # type: ignore[union-attr]
        victim.open(desk.link())
        assert victim.submit(form).code == "csrf_failed"
        assert victim.open(f"{desk.valetkey.url}/admin").status == 401


def test_a_portal_ticket_is_no_admin_ticket(desk: Desk, stage: Scene) -> None:
    url = stage.assistant.http.post("/v1/portal-sessions", json={"user": "ada"}).json()["url"]
    assert desk.open("/sign-in?ticket=" + url.partition("ticket=")[2]).status == 404


def test_signing_in_is_in_the_trail(desk: Desk, stage: Scene) -> None:
    assert stage.workspace.audit(action="admin.signed_in")


def test_signing_out_ends_the_session(desk: Desk) -> None:
    desk.open()
    cookies = dict(desk.walker.http.cookies)
    forms = [form for form in desk.walker.page.forms if form.action.endswith("/admin/sign-out")]  # type: ignore[union-attr]
    desk.walker.submit(forms[0])
    assert desk.open().code == "invalid_credentials"
    with Walker() as thief:
        thief.http.cookies.update(cookies)
        assert thief.open(f"{desk.valetkey.url}/admin").status == 401, "the cookie still opens something"


def test_a_session_ends_after_twelve_hours(desk: Desk) -> None:
    desk.valetkey.later(12 * HOUR_MS + 1)
    assert desk.open().status == 401


def test_the_cookie_is_for_this_host_and_not_for_scripts(desk: Desk, valetkey: RunningValetkey) -> None:
    with Walker() as one:
        ticket, _ = valetkey.run(tickets.admin(valetkey.house, desk.workspace))
        one.open(f"{valetkey.url}/admin/sign-in?ticket={ticket.reveal()}")
        answer = one.submit("/admin/sign-in", follow=False).response
        kept = [line for line in answer.headers.get_list("set-cookie") if line.startswith("vk-admin=")]
        assert answer.status_code == 303 and len(kept) == 1
        assert (
            "httponly" in kept[0].lower()
            and "samesite=lax" in kept[0].lower()
            and "path=/" in kept[0].lower()
        )
