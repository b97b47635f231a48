"""Row 2: somebody else's connect link signs nobody in (login CSRF).

The cookie that a connect link sets opens that one session and nothing else: not the person's own page, not another
session, not the admin's pages; and it does not replace who was signed in before.
"""

from __future__ import annotations

from typing import Any

import pytest

from core import connecting, tickets
from core.ids import new_id, token_hash
from core.tickets import BrowserSession
from tests.attacks.conftest import Weaken
from tests.flows.stage import Stage
from tests.flows.stages import NorthwindStage
from tests.harness.tenant import made
from tests.harness.walker import Walker
from web.pages import cookies, forms

MALLORY, VICTIM = "mallory", "u-victim"


def anonymous(stage: Stage, walker: Walker, path: str = "/me") -> bool:
    page = walker.open(stage.service.url + path)
    return page.status == 401 and MALLORY not in page.words


def portal(stage: Stage, user: str) -> str:
    return made(stage.assistant.http.post("/v1/portal-sessions", json={"user": user}))["url"]


def cookies_of(walker: Walker, part: str) -> dict[str, str]:
    return {cookie.name: cookie.value or "" for cookie in walker.http.cookies.jar if part in cookie.name}


def sign_in_by_link(weaken: Weaken) -> None:
    """The mutation: one cookie for everything, and whoever holds that of a connect session is the session's user."""
    known = tickets.session

    async def also_connecting(house: Any, kind: Any, cookie: str | None) -> BrowserSession | None:
        found = await known(house, kind, cookie)
        if found is not None or cookie is None:
            return found
        sql = (
            "SELECT 'portal' AS kind, id, workspace, assistant, \"user\", return_url, created_at, expires_at "
            "FROM connect_sessions WHERE browser_hash = :hash"
        )
        rows = await house.store.query(sql, BrowserSession, params={"hash": token_hash(cookie)})
        return rows[0] if rows else None

    weaken(cookies, "name", lambda house, kind: "vk")
    weaken(tickets, "session", also_connecting)


def test_after_finishing_mallorys_link_the_victim_is_nobody_on_the_persons_page(
    stage: Stage, walker: Walker, defended: bool, weaken: Weaken
) -> None:
    """Signed in as Mallory, the victim would put her own data where Mallory reads it."""
    sign_in_by_link(weaken)
    session = stage.session(MALLORY, [stage.read])
    stage.authorize(walker, session)
    page = walker.open(f"{stage.service.url}/me")
    assert (page.status == 401) is defended
    assert (MALLORY in page.words) is not defended


def test_at_every_step_of_a_foreign_link_the_browser_stays_anonymous(stage: Stage, walker: Walker) -> None:
    session = stage.session(MALLORY, [stage.read])
    walker.open(session["url"])
    assert anonymous(stage, walker) and anonymous(stage, walker, "/admin")
    stage.approve(walker, session["url"])
    first_page = walker.page
    assert anonymous(stage, walker)
    walker.page = first_page
    code = stage.provider.consent(walker, "ada").message["code"]
    assert anonymous(stage, walker) and anonymous(stage, walker, "/admin")
    grant = made(stage.assistant.confirm(session["id"], MALLORY, code))["grant"]
    for path in ("/me", f"/me/grants/{grant['id']}", f"/me/receipts/{grant['receipt']}", "/me/data.json"):
        assert anonymous(stage, walker, path)


@pytest.mark.parametrize("name", ["vk-me", "vk-admin", "__Host-vk-me"])
def test_the_value_of_a_connect_cookie_is_worth_nothing_under_another_name(
    stage: Stage, walker: Walker, name: str
) -> None:
    session = stage.session(MALLORY, [stage.read])
    stage.authorize(walker, session)
    [value] = cookies_of(walker, "vk-cs-").values()
    walker.http.cookies.set(name, value, domain="127.0.0.1")
    assert anonymous(stage, walker) and anonymous(stage, walker, "/admin")


def test_a_foreign_link_does_not_replace_who_was_signed_in(
    northwind_stage: NorthwindStage, walker: Walker, defended: bool, weaken: Weaken
) -> None:
    stage = northwind_stage
    sign_in_by_link(weaken)
    walker.open(portal(stage, VICTIM))
    assert VICTIM in walker.open(f"{stage.service.url}/me").words
    with Walker() as mallory:
        mallory.open(stage.session(MALLORY, [stage.read])["url"])
        forced = cookies_of(mallory, "vk")
    walker.http.cookies.update(forced)
    stage.approve(walker, stage.session(MALLORY, [stage.read])["url"])
    walker.open(f"{stage.service.url}/me")
    assert walker.page is not None
    assert (VICTIM in walker.page.words) is defended


def test_the_cookie_of_one_session_opens_no_other(
    stage: Stage, walker: Walker, defended: bool, weaken: Weaken
) -> None:
    """Under the other session's name too: the value belongs to one session."""
    weaken(connecting, "_same_browser", lambda session, browser, *, bound: None)
    other = stage.session(VICTIM, [stage.read])
    with Walker() as victim:
        stage.authorize(victim, other)
    own = stage.session(MALLORY, [stage.read])
    stage.approve(walker, own["url"])
    [value] = cookies_of(walker, "vk-cs-").values()
    walker.http.cookies.set(f"vk-cs-{other['id'].removeprefix('cs_')}", value, domain="127.0.0.1")
    status = walker.http.get(f"{other['url']}/status")
    assert (status.status_code == 403) is defended
    assert ("authorized" in status.text) is not defended


def test_the_form_of_one_session_is_no_form_of_another(
    stage: Stage, walker: Walker, defended: bool, weaken: Weaken
) -> None:
    weaken(forms, "check_csrf", lambda cookie, purpose, token: None)
    own, other = (stage.session(user, [stage.read]) for user in (MALLORY, VICTIM))
    walker.open(other["url"])
    form = walker.open(own["url"]).form("/approve")
    form.action = form.action.replace(own["id"], other["id"])
    answer = walker.submit(form, follow=False)
    assert (answer.status == 403) is defended


def test_a_made_up_id_sets_no_cookie(stage: Stage, walker: Walker) -> None:
    assert walker.open(f"{stage.service.url}/connect/{new_id('cs')}").status == 404
    assert cookies_of(walker, "vk") == {}
