"""Several accounts behind one token: the person who agreed chooses, once; until then nothing is a grant, and the tokens have an
owner that ends them.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Any

import msgspec
import pytest

from core import (
    choosing,
    confirming,
    connecting,
    granting,
    housekeeping,
    outbox,
    receipts,
    registrations,
    revocation,
    sealed,
    sessions,
)
from core.clock import MINUTE_MS, SECOND_MS
from core.connector import Account
from core.errors import (
    AccountMismatch,
    AlreadyConfirmed,
    ChoiceRequired,
    Conflict,
    GrantRevoked,
    InvalidBody,
    InvalidCode,
    ProviderError,
    SessionEnded,
    UserMismatch,
    WrongBrowser,
)
from core.ids import new_token
from core.model import Actor, ConnectSession, Grant
from core.secret import Secret
from tests.core.acme import connector
from tests.core.home import Home, open_home

SITES = ("north", "south")


@pytest.fixture
def home(home: Home) -> Home:
    """Whose provider covers two sites with one sign-in."""
    home.provider.sites = SITES
    return home


async def confirm(home: Home, session: ConnectSession, code: str, user: str = "u1") -> Grant:
    return await confirming.confirm(home.house, home.assistant, session.id, user, code)


async def asked(home: Home, *tools: str, **wish: Any) -> tuple[ConnectSession, str]:
    """To where the person has to choose; the session then, and the code that was confirmed."""
    session = await home.session(*tools, **wish)
    code = await home.authorize(session)
    with pytest.raises(ChoiceRequired):
        await confirm(home, session, code)
    return await sessions.find(home.house, session.id), code


async def choose(home: Home, session: ConnectSession, account: str = "south:ada") -> str:
    answer = await choosing.choose(home.house, session.id, home.browsers[session.id], account)
    assert answer.code is not None and answer.session.status == "authorized"
    return answer.code.reveal()


async def ended(home: Home, session: ConnectSession) -> str:
    """The session's status, once the outbox has run and nothing of it is left anywhere."""
    await outbox.run_due(home.house)
    assert home.provider.access == {} and home.provider.refresh == {}
    assert await home.rows("SELECT id FROM outbox") == []
    assert await home.rows("SELECT kind FROM secrets WHERE owner = :id", id=session.id) == []
    [row] = await home.rows("SELECT offered FROM connect_sessions WHERE id = :id", id=session.id)
    assert row["offered"] is None
    return (await sessions.find(home.house, session.id)).status


# ---- asking --------------------------------------------------------------------------------------------------------


async def test_of_several_accounts_none_is_taken_and_the_builder_is_told_where_to_choose(home: Home) -> None:
    session = await home.session()
    code = await home.authorize(session)
    with pytest.raises(ChoiceRequired) as refused:
        await confirm(home, session, code)
    told = refused.value
    assert (told.status, told.code) == (409, "account_required")
    assert told.fields["accounts"] == [
        {"id": "north:ada", "label": "ada@acme.example in north"},
        {"id": "south:ada", "label": "ada@acme.example in south"},
    ]
    assert told.fields["connect"]["id"] == session.id
    assert told.fields["connect"]["url"] == f"https://keys.acme.example/connect/{session.id}"
    present = await sessions.find(home.house, session.id)
    assert present.status == "consented" and present.choosing
    assert present.expires_at == home.now + 10 * MINUTE_MS
    assert await home.rows("SELECT id FROM grants") == []
    assert (await home.actions())[-1] == "account.asked"


async def test_the_tokens_wait_sealed_under_the_session_and_have_an_owner(home: Home) -> None:
    session, _ = await asked(home)
    kept = await home.rows("SELECT kind FROM secrets WHERE owner = :id", id=session.id)
    assert kept == [{"kind": "tokens"}]
    [row] = await home.rows("SELECT id, secret_owner, secret_kind, next_at FROM outbox")
    assert (row["secret_owner"], row["secret_kind"]) == (session.id, "tokens") and row["id"] == session.held
    last_confirm = session.expires_at + connecting.COMPLETION_MS
    assert row["next_at"] > last_confirm, "nobody may end tokens that can still be confirmed"
    assert len(home.provider.access) == 1


async def test_one_of_a_list_is_taken_as_one_alone(home: Home) -> None:
    home.provider.sites = ("north",)
    grant = await home.grant()
    assert (grant.account_id, grant.account_label) == ("north:ada", "ada@acme.example in north")
    assert "account.asked" not in await home.actions()


async def test_an_account_that_was_named_is_taken_without_asking(home: Home) -> None:
    first, _ = await asked(home)
    made = await confirm(home, first, await choose(home, first))
    again = await home.session("add_item", account=made.account_id)
    widened = await confirm(home, again, await home.authorize(again))
    assert widened.id == made.id and "acme.add_item" in widened.tools


async def test_a_step_up_stays_with_the_account_of_its_grant(home: Home) -> None:
    first, _ = await asked(home)
    made = await confirm(home, first, await choose(home, first))
    again = await home.session("add_item")
    assert again.grant == made.id and again.account is None
    assert (await confirm(home, again, await home.authorize(again))).id == made.id
    assert (await home.actions()).count("account.asked") == 1


async def test_a_named_account_that_is_not_among_them_is_refused_and_not_asked_for(home: Home) -> None:
    first, _ = await asked(home)
    made = await confirm(home, first, await choose(home, first))
    home.provider.sites = ("north", "west")
    again = await home.session("add_item", account=made.account_id)
    with pytest.raises(AccountMismatch):
        await confirm(home, again, await home.authorize(again))
    assert (await sessions.find(home.house, again.id)).status == "failed"
    assert await home.present(made) == made


@pytest.mark.parametrize(
    "found",
    [
        [],
        [Account("a", "A"), Account("a", "B")],
        [Account("", "A"), Account("b", "B")],
        [Account("None", "A"), Account("b", "B")],
        [Account("a\n", "A"), Account("b", "B")],
        [Account(str(n), "A") for n in range(101)],
    ],
    ids=[
        "none",
        "twice the same",
        "without id",
        "the id of nothing",
        "unprintable",
        "more than one can read",
    ],
)
async def test_accounts_that_cannot_be_told_apart_are_no_choice(home: Home, found: Sequence[Account]) -> None:
    async def account(api: Any) -> Sequence[Account]:
        return found

    home.house.registry.connectors["acme"].account_function = account  # type: ignore[assignment]
    session = await home.session()
    with pytest.raises(ProviderError):
        await confirm(home, session, await home.authorize(session))
    assert await ended(home, session) == "failed"


# ---- choosing ------------------------------------------------------------------------------------------------------


async def test_the_chosen_account_becomes_the_grant(home: Home) -> None:
    session, _ = await asked(home, "find_items", "add_item", purpose="Answer questions")
    grant = await confirm(home, session, await choose(home, session))
    assert (grant.status, grant.account_id) == ("active", "south:ada")
    assert grant.account_label == "ada@acme.example in south"
    assert grant.tools == ("acme.find_items", "acme.add_item") and grant.purpose == "Answer questions"
    assert home.provider.times("/token") == 1 and home.provider.times("/revoke") == 0
    assert (await sessions.find(home.house, session.id)).status == "completed"
    assert await home.rows("SELECT id FROM outbox") == []
    assert await home.rows("SELECT kind FROM secrets WHERE owner = :id", id=session.id) == []
    assert (await home.actions())[-4:] == [
        "account.asked", "account.chosen", "grant.created", "connect_session.completed",
    ]  # fmt: skip
    assert (await home.call())["items"]


async def test_what_only_the_account_knows_is_kept_with_the_grant(home: Home) -> None:
    session, _ = await asked(home)
    grant = await confirm(home, session, await choose(home, session))
    kept = await sealed.fetch(home.house.store, home.house.vault, grant.workspace, grant.id, "credential")
    assert kept is not None and msgspec.json.decode(kept)["fields"] == {"site": "south"}


async def test_the_receipt_names_the_account_and_the_receipt_of_the_consent(home: Home) -> None:
    session, _ = await asked(home)
    grant = await confirm(home, session, await choose(home, session))
    receipt = await receipts.get(home.house, grant.workspace, grant.receipt)
    before = await receipts.get(home.house, grant.workspace, session.receipt or "")
    body, first = msgspec.json.decode(receipt.body), msgspec.json.decode(before.body)
    assert receipt.grant == grant.id
    assert body["account"] == {"label": "ada@acme.example in south", "chosen_from": 2}
    assert body["follows"] == {"receipt": before.id, "sha256": before.hash}
    for name in ("person", "parties", "agreed", "scopes_requested", "duration", "notice"):
        assert body[name] == first[name]


async def test_the_trail_says_that_it_was_chosen_and_holds_no_account_and_no_token(home: Home) -> None:
    session, _ = await asked(home)
    await choose(home, session)
    [event] = await home.events(action="account.chosen")
    assert (event.actor_type, event.user) == ("user", "u1")
    assert set(event.detail) == {"session", "receipt", "accounts"} and event.detail["accounts"] == 2


async def test_two_people_choose_each_for_themselves(home: Home) -> None:
    session, _ = await asked(home)
    south = await confirm(home, session, await choose(home, session))
    other = await home.session(user="u2")
    with pytest.raises(ChoiceRequired):
        await confirm(home, other, await home.authorize(other), user="u2")
    north = await confirm(home, other, await choose(home, other, "north:ada"), user="u2")
    assert (south.account_id, north.account_id) == ("south:ada", "north:ada")
    assert north.id != south.id and (await home.present(south)).status == "active"


@pytest.mark.parametrize("account", ["", "ada", "west:ada", "north:ben", "SOUTH:ADA"])
async def test_what_was_not_offered_is_refused_and_may_be_chosen_again(home: Home, account: str) -> None:
    session, _ = await asked(home)
    with pytest.raises(InvalidBody):
        await choose(home, session, account)
    assert (await confirm(home, session, await choose(home, session))).account_id == "south:ada"


@pytest.mark.parametrize("browser", [None, Secret("x" * 43)])
async def test_another_browser_neither_sees_nor_chooses(home: Home, browser: Secret | None) -> None:
    session, _ = await asked(home)
    with pytest.raises(WrongBrowser):
        await choosing.open_page(home.house, session.id, browser)
    with pytest.raises(WrongBrowser):
        await choosing.choose(home.house, session.id, browser or new_token(), "south:ada")
    with pytest.raises(WrongBrowser):
        await connecting.deny(home.house, session.id, browser or new_token())
    assert (await sessions.find(home.house, session.id)).choosing


async def test_a_choice_is_taken_once(home: Home) -> None:
    session, _ = await asked(home)
    code = await choose(home, session)
    with pytest.raises(Conflict):
        await choose(home, session, "north:ada")
    assert (await confirm(home, session, code)).account_id == "south:ada"
    with pytest.raises(SessionEnded):
        await choose(home, session)


async def test_of_fifty_choices_at_once_one_is_taken(home: Home) -> None:
    session, _ = await asked(home)
    outcomes = await asyncio.gather(
        *(choose(home, session, f"{SITES[n % 2]}:ada") for n in range(50)), return_exceptions=True
    )
    assert sum(isinstance(one, str) for one in outcomes) == 1
    assert all(isinstance(one, (str, Conflict)) for one in outcomes)


async def test_a_session_that_does_not_wait_has_nothing_to_choose(home: Home) -> None:
    session = await home.session()
    await home.authorize(session)
    with pytest.raises(Conflict):
        await choosing.open_page(home.house, session.id, home.browsers[session.id])


async def test_who_has_agreed_cannot_agree_again_instead(home: Home) -> None:
    """A second consent would redeem a second code, and leave the first one's tokens behind."""
    session, _ = await asked(home)
    browser = home.browsers[session.id]
    with pytest.raises(Conflict):
        await connecting.approve(home.house, session.id, browser, ("acme.find_items",), "30d")


# ---- confirming it -------------------------------------------------------------------------------------------------


async def test_the_first_code_again_is_told_the_same_and_makes_nothing(home: Home) -> None:
    """The answer may have been lost on its way. After the choice it is worth nothing."""
    session, first = await asked(home)
    with pytest.raises(ChoiceRequired) as again:
        await confirm(home, session, first)
    assert [one["id"] for one in again.value.fields["accounts"]] == ["north:ada", "south:ada"]
    code = await choose(home, session)
    with pytest.raises(InvalidCode):
        await confirm(home, session, first)
    assert (await confirm(home, session, code)).status == "active"
    assert home.provider.times("/token") == 1


async def test_without_the_code_nobody_learns_of_the_accounts(home: Home) -> None:
    session, _ = await asked(home)
    with pytest.raises(InvalidCode) as refused:
        await confirm(home, session, "x" * 43)
    assert "accounts" not in refused.value.fields


@pytest.mark.parametrize("chosen", [False, True], ids=["before the choice", "after it"])
async def test_the_user_is_compared_both_times(home: Home, chosen: bool) -> None:
    session, code = await asked(home)
    if chosen:
        code = await choose(home, session)
    with pytest.raises(UserMismatch):
        await confirm(home, session, code, user="mallory")
    assert await ended(home, session) == "failed"
    with pytest.raises(SessionEnded):
        await confirm(home, session, code)
    assert await home.rows("SELECT id FROM grants") == []


async def test_of_fifty_confirms_at_once_one_makes_the_grant(home: Home) -> None:
    session, _ = await asked(home)
    code = await choose(home, session)
    outcomes = await asyncio.gather(
        *(confirm(home, session, code) for _ in range(50)), return_exceptions=True
    )
    assert sum(isinstance(one, Grant) for one in outcomes) == 1
    assert all(isinstance(one, (Grant, AlreadyConfirmed)) for one in outcomes)
    assert len(home.provider.access) == 1 and await home.rows("SELECT id FROM outbox") == []


async def test_of_fifty_first_confirms_at_once_none_makes_a_grant_and_one_code_is_redeemed(
    home: Home,
) -> None:
    session = await home.session()
    code = await home.authorize(session)
    outcomes = await asyncio.gather(
        *(confirm(home, session, code) for _ in range(50)), return_exceptions=True
    )
    assert all(isinstance(one, (ChoiceRequired, AlreadyConfirmed)) for one in outcomes)
    assert home.provider.times("/token") == 1 and await home.rows("SELECT id FROM grants") == []


async def test_the_new_code_lives_two_minutes(home: Home) -> None:
    session, _ = await asked(home)
    code = await choose(home, session)
    home.later(120 * SECOND_MS)
    with pytest.raises(SessionEnded):
        await confirm(home, session, code)
    await housekeeping.end_sessions(home.house)
    assert await ended(home, session) == "expired"


async def test_in_the_portal_the_signed_in_user_confirms_it_too(home: Home) -> None:
    session = await home.session(via="portal")
    person = Actor("user", "u1", home.workspace.id, assistant=home.assistant.id, user="u1")
    code = Secret(await home.authorize(session))
    session = await sessions.find(home.house, session.id)
    with pytest.raises(ChoiceRequired):
        await confirming.confirm_signed_in(home.house, session, person, code)
    code = Secret(await choose(home, session))
    session = await sessions.find(home.house, session.id)
    grant = await confirming.confirm_signed_in(home.house, session, person, code)
    assert grant.account_id == "south:ada"


async def test_in_the_portal_too_somebody_else_ends_it(home: Home) -> None:
    session = await home.session(via="portal")
    person = Actor("user", "u1", home.workspace.id, assistant=home.assistant.id, user="u1")
    code = Secret(await home.authorize(session))
    with pytest.raises(ChoiceRequired):
        await confirming.confirm_signed_in(
            home.house, await sessions.find(home.house, session.id), person, code
        )
    code = Secret(await choose(home, session))
    other = msgspec.structs.replace(person, user="u2", id="u2")
    with pytest.raises(UserMismatch):
        await confirming.confirm_signed_in(
            home.house, await sessions.find(home.house, session.id), other, code
        )
    assert await ended(home, session) == "failed"


async def test_a_stop_is_not_undone_by_a_choice(home: Home) -> None:
    first, _ = await asked(home)
    made = await confirm(home, first, await choose(home, first))
    again = await home.session("add_item")
    code = await home.authorize(again)
    await revocation.revoke(home.house, home.admin, made.id)
    with pytest.raises(GrantRevoked):
        await confirm(home, again, code)
    assert await ended(home, again) == "failed"


# ---- when it comes to nothing --------------------------------------------------------------------------------------


async def test_no_thanks_ends_the_tokens_at_the_provider(home: Home) -> None:
    session, _ = await asked(home)
    denied = await connecting.deny(home.house, session.id, home.browsers[session.id])
    assert denied.status == "denied"
    assert await ended(home, session) == "denied"


async def test_a_choice_nobody_makes_ends_after_ten_minutes_and_the_tokens_with_it(home: Home) -> None:
    session, _ = await asked(home)
    home.later(10 * MINUTE_MS - 1)
    await housekeeping.end_sessions(home.house)
    assert (await sessions.find(home.house, session.id)).choosing
    home.later(1)
    with pytest.raises(SessionEnded):
        await choose(home, session)
    await housekeeping.end_sessions(home.house)
    assert await ended(home, session) == "expired"


async def test_without_the_housekeeping_of_sessions_the_row_ends_them_by_itself(home: Home) -> None:
    await asked(home)
    home.later(choosing.HELD_MS - 1)
    await outbox.run_due(home.house)
    assert len(home.provider.access) == 1
    home.later(1)
    await outbox.run_due(home.house)
    assert home.provider.access == {} and await home.rows("SELECT id FROM outbox") == []


async def test_a_process_that_dies_between_redeeming_and_asking_leaves_no_token(home: Home) -> None:
    session = await home.session()
    code = await home.authorize(session)
    home.provider.slow["/api/me"] = asyncio.Event()
    dying = asyncio.ensure_future(confirm(home, session, code))
    await home.provider.reached("/api/me")
    [task] = home.house._background
    task.cancel()
    await asyncio.gather(dying, task, return_exceptions=True)
    home.later(confirming.UNOWNED_MS)
    await housekeeping.end_sessions(home.house)
    assert await ended(home, session) == "failed"


async def test_a_process_that_dies_after_the_choice_leaves_no_token(
    home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    session, _ = await asked(home)
    code = await choose(home, session)

    async def dies(*_: Any) -> None:
        raise asyncio.CancelledError

    with monkeypatch.context() as patched:
        patched.setattr(granting, "keep", dies)
        with pytest.raises(asyncio.CancelledError):
            await confirm(home, session, code)
    home.later(housekeeping.CONFIRMING_MS)
    await housekeeping.end_sessions(home.house)
    assert await ended(home, session) == "failed"


async def test_tokens_that_were_ended_meanwhile_make_no_grant(home: Home) -> None:
    """However long the process slept between: what the outbox has given up is not kept as if it lived."""
    session, _ = await asked(home)
    code = await choose(home, session)
    assert session.held is not None
    await outbox.attempt(home.house, session.held)
    with pytest.raises(SessionEnded):
        await confirm(home, session, code)
    assert await home.rows("SELECT id FROM grants") == []


async def test_what_was_removed_meanwhile_is_not_connected_and_the_tokens_end(home: Home) -> None:
    session, _ = await asked(home)
    code = await choose(home, session)
    await registrations.delete(home.house, home.admin, "acme")
    with pytest.raises(SessionEnded):
        await confirm(home, session, code)
    assert await ended(home, session) == "failed"


async def test_where_nothing_can_be_told_the_tokens_are_destroyed_here(tmp_path: Any) -> None:
    """Atlassian has no way to end a token, for instance."""
    acme = connector(oauth={"revocation": None}, manage_url="https://acme.example/apps")
    async with open_home(tmp_path, acme) as home:
        home.provider.sites = SITES
        session, _ = await asked(home)
        await connecting.deny(home.house, session.id, home.browsers[session.id])
        await outbox.run_due(home.house)
        assert await home.rows("SELECT owner FROM secrets WHERE kind = 'tokens'") == []
        assert home.provider.times("/revoke") == 0
