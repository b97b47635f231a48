"""Row 1: the attacker's connect link, the victim's sign-in at the provider (cross-user session fixation).

Mallory is a user of the same builder as her victim. Whatever she sends the victim, the victim's account never becomes a
grant of hers, and the provider's code is not even redeemed. Source: draft-ietf-oauth-security-topics-update.
"""

from __future__ import annotations

from typing import Any

from core import confirming, connecting
from core.browsers import csrf_token
from core.ids import token_hash
from core.model import ConnectSession
from core.secret import Secret
from tests.attacks.conftest import Weaken
from tests.attacks.interception import answer_of
from tests.flows.stage import Stage
from tests.flows.stages import SitesStage
from tests.harness.sites import FREIGHT, TRADING, accounts_on, choose
from tests.harness.tenant import CHAT_ORIGIN, RETURN_URL, made
from tests.harness.walker import Walker

MALLORY, VICTIM = "mallory", "u-victim"


def any_browser(session: Any, browser: Any, *, bound: bool) -> None:
    """The mutation: no cookie binds a session."""


def nothing_came_of_it(stage: Stage) -> bool:
    """No grant, and the provider was never asked to redeem anything."""
    return (stage.assistant.grants(), stage.asked("token"), stage.live()) == ([], [], [])


def reads_as_mallory(stage: Stage) -> bool:
    return stage.call(stage.read, user=MALLORY).status_code == 200


# ---- the link is finished in the victim's browser -----------------------------------------------------------


def test_a_link_of_mallory_finished_by_the_victim_is_no_grant_of_mallory(
    stage: Stage, walker: Walker, defended: bool, weaken: Weaken
) -> None:
    """The code arrives where the victim is signed in, so the victim is whom the builder's backend names."""
    weaken(confirming, "_is_for", lambda session, user: True)
    session = stage.session(MALLORY, [stage.read])
    code = stage.authorize(walker, session)
    answer = stage.assistant.confirm(session["id"], VICTIM, code)
    assert (answer.status_code == 403 and answer.json()["code"] == "user_mismatch") is defended
    assert nothing_came_of_it(stage) is defended
    assert reads_as_mallory(stage) is not defended


def test_until_the_confirm_the_code_is_held_and_not_redeemed(
    stage: Stage, walker: Walker, defended: bool, weaken: Weaken
) -> None:
    """Most platforms redeem at the callback; then the victim's account is Mallory's as soon as the victim agreed."""
    held = connecting.callback

    async def redeemed_at_once(house: Any, *rest: Any) -> Any:
        answer = await held(house, *rest)
        if answer.code is not None:
            session, code = answer.session, token_hash(answer.code.reveal())
            await confirming._unhurried(house, session, code, connecting.person(session))
        return answer

    weaken(connecting, "callback", redeemed_at_once)
    session = stage.session(MALLORY, [stage.read])
    stage.authorize(walker, session)
    assert nothing_came_of_it(stage) is defended
    assert reads_as_mallory(stage) is not defended


def test_the_code_goes_to_the_builders_own_page_and_mallory_cannot_ask_for_it(
    stage: Stage, walker: Walker
) -> None:
    session = stage.session(MALLORY, [stage.read])
    stage.authorize(walker, session)
    assert walker.page is not None and walker.page.message_origin == CHAT_ORIGIN
    code = walker.page.message["code"]
    assert code not in str(stage.assistant.session(session["id"]))
    with Walker() as mallory:
        for path in ("", "/status"):
            answer = mallory.http.get(session["url"] + path)
            assert answer.status_code == 403 and code not in answer.text


def test_with_a_return_url_the_code_goes_there_and_the_wrong_user_ends_it(
    stage: Stage, walker: Walker
) -> None:
    session = stage.session(MALLORY, [stage.read], return_url=RETURN_URL)
    stage.approve(walker, session["url"])
    page = stage.provider.consent(walker, "ada")
    assert page.left_to and page.left_to.startswith(f"{RETURN_URL}?")
    assert stage.assistant.confirm(session["id"], VICTIM, page.query["code"]).status_code == 403
    late = stage.assistant.confirm(session["id"], MALLORY, page.query["code"])
    assert (late.status_code, late.json()["code"]) == (410, "session_ended")
    assert nothing_came_of_it(stage)


# ---- the link is begun in one browser and finished in another -----------------------------------------------


def test_the_providers_address_sent_on_to_the_victim_ends_nowhere(
    stage: Stage, walker: Walker, defended: bool, weaken: Weaken
) -> None:
    """Mallory agrees on our page herself and sends on only the provider's: the answer arrives without her cookie."""
    weaken(connecting, "_same_browser", any_browser)
    session = stage.session(MALLORY, [stage.read])
    with Walker() as mallory:
        mallory.open(session["url"])
        sent_on = mallory.submit("/approve", follow=False).response.headers["location"]
    walker.open(sent_on)
    page = stage.provider.consent(walker, "ada")
    assert (page.status == 403 and page.code == "wrong_browser") is defended
    assert stage.assistant.session(session["id"])["status"] == ("consented" if defended else "authorized")
    assert nothing_came_of_it(stage)


def test_a_caught_answer_is_worth_nothing_in_another_browser(
    stage: Stage, walker: Walker, defended: bool, weaken: Weaken
) -> None:
    """Mallory reads the victim's answer off a log and opens it before the victim does."""
    weaken(connecting, "_same_browser", any_browser)
    session = stage.session(VICTIM, [stage.read])
    answer = answer_of(stage, walker, session)
    with Walker() as mallory:
        mallory.open(stage.session(MALLORY, [stage.read])["url"])
        stolen = mallory.open(answer)
        assert (stolen.status == 403 and stolen.code == "wrong_browser") is defended
        assert ('"valetkey:authorized"' in stolen.text) is not defended
    if defended:
        code = walker.open(answer).message["code"]
        assert made(stage.assistant.confirm(session["id"], VICTIM, code))["grant"]["user"] == VICTIM


def test_a_browser_that_agreed_keeps_the_session_for_itself(
    stage: Stage, walker: Walker, defended: bool, weaken: Weaken
) -> None:
    weaken(connecting, "_same_browser", any_browser)
    session = stage.session(MALLORY, [stage.read])
    with Walker() as mallory:
        stage.approve(mallory, session["url"])
    page = walker.open(session["url"])
    assert (page.status == 403 and page.code == "wrong_browser") is defended


# ---- the sign-in covers several accounts -----------------------------------------------------------------------


def test_another_browser_neither_sees_nor_makes_the_choice(
    sites_stage: SitesStage, walker: Walker, defended: bool, weaken: Weaken
) -> None:
    """Mallory is the builder's user who asked; which of the victim's accounts it is to be is not hers to say."""
    weaken(connecting, "_same_browser", any_browser)
    weaken.statement("session_chosen", " AND browser_hash = :browser_hash", " AND :browser_hash IS NOT NULL")
    stage = sites_stage
    session = stage.session(VICTIM, [stage.read])
    told = stage.asked_to_choose(walker, session, VICTIM)
    with Walker() as mallory:
        mallory.http.cookies.set(cookie_of(walker, session), "m" * 43)
        page = mallory.open(session["url"])
        assert (page.status == 403 and page.code == "wrong_browser") is defended
        assert (FREIGHT in page.text) is not defended
        token = csrf_token(Secret("m" * 43), session["id"])
        form = {"csrf_token": token, "account": told["accounts"][0]["id"]}
        taken = mallory.http.post(f"{session['url']}/choose", data=form)
        assert (taken.status_code == 403 and "valetkey:authorized" not in taken.text) is defended
        assert mallory.http.post(f"{session['url']}/deny", data=form).status_code == 403 or not defended
    if defended:
        code = choose(walker, session["url"], TRADING).message["code"]
        assert made(stage.assistant.confirm(session["id"], VICTIM, code))["grant"]["user"] == VICTIM


def cookie_of(walker: Walker, session: dict[str, Any]) -> str:
    [name] = [one for one in walker.http.cookies if one.endswith(session["id"].removeprefix("cs_"))]
    return name


def test_an_account_that_was_not_offered_cannot_be_chosen(sites_stage: SitesStage, walker: Walker) -> None:
    stage = sites_stage
    session = stage.session("u1", [stage.read])
    stage.asked_to_choose(walker, session)
    walker.open(session["url"])
    offered = set(accounts_on(walker.page).values())  # type: ignore[arg-type]
    for account in (
        "freight:us_ben",
        "trading",
        "",
        "freight:us_ada ",
        "'; --",
        *(one.upper() for one in offered),
    ):
        page = walker.submit("/choose", account=account)
        assert (page.status, page.code) == (422, "invalid_body")
    assert (stage.assistant.grants(), stage.assistant.session(session["id"])["status"]) == ([], "consented")


def test_a_choice_that_was_made_is_not_made_again(
    sites_stage: SitesStage, walker: Walker, defended: bool, weaken: Weaken
) -> None:
    """Or a form that somebody kept would turn the code that is on its way into one for another account."""
    condition = "status = 'consented' AND offered IS NOT NULL"
    weaken.statement("session_chosen", condition, "offered IS NOT NULL")
    weaken(ConnectSession, "choosing", property(lambda session: session.offered is not None))
    stage = sites_stage
    session = stage.session("u1", [stage.read])
    stage.asked_to_choose(walker, session)
    form = walker.open(session["url"]).form("/choose")
    first, second = form.boxes["account"]
    code = walker.submit(form, account=first).message["code"]
    again = walker.submit(form, account=second)
    assert (again.status == 409 and again.code == "conflict") is defended
    if defended:
        grant = made(stage.assistant.confirm(session["id"], "u1", code))["grant"]
        assert grant["account"]["id"] == first
        assert walker.submit(form, account=second).status in (409, 410)


def test_the_user_is_compared_again_when_the_choice_is_confirmed(
    sites_stage: SitesStage, walker: Walker, defended: bool, weaken: Weaken
) -> None:
    """The first confirm was right; the second comes from where somebody else is signed in."""
    weaken(confirming, "_is_for", lambda session, user: True)
    stage = sites_stage
    session = stage.session("u1", [stage.read])
    stage.asked_to_choose(walker, session)
    code = choose(walker, session["url"], FREIGHT).message["code"]
    answer = stage.assistant.confirm(session["id"], VICTIM, code)
    assert (answer.status_code == 403 and answer.json()["code"] == "user_mismatch") is defended
    if defended:
        late = stage.assistant.confirm(session["id"], "u1", code)
        assert (late.status_code, late.json()["code"]) == (410, "session_ended")
        assert stage.assistant.grants() == []
        stage.dead()


def test_a_link_of_mallory_does_not_even_tell_her_which_accounts_there_are(
    sites_stage: SitesStage, walker: Walker
) -> None:
    stage = sites_stage
    session = stage.session(MALLORY, [stage.read])
    code = stage.authorize(walker, session)
    for user, presented in ((MALLORY, "x" * 43), (VICTIM, code), (MALLORY, code)):
        answer = stage.assistant.confirm(session["id"], user, presented)
        assert answer.status_code in (403, 410) and "northwind.example" not in answer.text
    assert nothing_came_of_it(stage)


# ---- begun on the person's own page -------------------------------------------------------------------------


def test_a_link_begun_on_mallorys_own_page_is_not_finished_by_the_victim(
    stage: Stage, walker: Walker, defended: bool, weaken: Weaken
) -> None:
    """There is no confirm on this way: who is signed in with us where the answer arrives decides."""
    weaken(confirming, "_is_for", lambda session, user: True)
    link = link_from_her_own_page(stage)
    redeemed = len(stage.asked("token"))
    walker.open(portal(stage, VICTIM))
    stage.approve(walker, link)
    page = stage.provider.consent(walker, "ada")
    assert (page.status == 403 and page.code == "user_mismatch") is defended
    assert (len(stage.asked("token")) == redeemed) is defended
    assert not reads_as_mallory(stage)


def test_signed_in_nowhere_is_not_signed_in_as_mallory(stage: Stage, walker: Walker) -> None:
    link = link_from_her_own_page(stage)
    redeemed = len(stage.asked("token"))
    stage.approve(walker, link)
    assert stage.provider.consent(walker, "ada").status == 401
    assert len(stage.asked("token")) == redeemed


def link_from_her_own_page(stage: Stage) -> str:
    """The connect link that Mallory's page gives for a connection of hers that broke."""
    grant = stage.grant(user=MALLORY, login="ben")
    stage.forget()
    stage.reject_access_tokens()
    assert stage.call(stage.read, user=MALLORY).json()["code"] == "reconnect_required"
    with Walker() as mallory:
        mallory.open(portal(stage, MALLORY))
        mallory.open(f"{stage.service.url}/me/grants/{grant['id']}")
        link = mallory.submit("/reconnect", follow=False).response.headers["location"]
    return link


def portal(stage: Stage, user: str) -> str:
    return made(stage.assistant.http.post("/v1/portal-sessions", json={"user": user}))["url"]
