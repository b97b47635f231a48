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
    connecting,
    receipts,
    sealed,
    sessions,
)
from core.clock import MINUTE_MS
from core.connector import Account
from core.errors import (
    AccountMismatch,
    ChoiceRequired,
    Conflict,
    InvalidBody,
    ProviderError,
    SessionEnded,
    WrongBrowser,
)
from core.ids import new_token
from core.secret import Secret
from tests.core.home import Home
from tests.core.sites import SITES, asked, choose, ended


@pytest.fixture
def home(home: Home) -> Home:
    """Whose provider covers two sites with one sign-in."""
    home.provider.sites = SITES
    return home


# ---- asking --------------------------------------------------------------------------------------------------------


async def test_of_several_accounts_none_is_taken_and_the_builder_is_told_where_to_choose(home: Home) -> None:
    session = await home.session()
    code = await home.authorize(session)
    with pytest.raises(ChoiceRequired) as refused:
        await home.confirm(session, code)
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
    made = await home.confirm(first, await choose(home, first))
    again = await home.session("add_item", account=made.account_id)
    widened = await home.confirm(again, await home.authorize(again))
    assert widened.id == made.id and "acme.add_item" in widened.tools


async def test_a_step_up_stays_with_the_account_of_its_grant(home: Home) -> None:
    first, _ = await asked(home)
    made = await home.confirm(first, await choose(home, first))
    again = await home.session("add_item")
    assert again.grant == made.id and again.account is None
    assert (await home.confirm(again, await home.authorize(again))).id == made.id
    assert (await home.actions()).count("account.asked") == 1


async def test_a_named_account_that_is_not_among_them_is_refused_and_not_asked_for(home: Home) -> None:
    first, _ = await asked(home)
    made = await home.confirm(first, await choose(home, first))
    home.provider.sites = ("north", "west")
    again = await home.session("add_item", account=made.account_id)
    with pytest.raises(AccountMismatch):
        await home.confirm(again, await home.authorize(again))
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
        await home.confirm(session, await home.authorize(session))
    assert await ended(home, session) == "failed"


# ---- choosing ------------------------------------------------------------------------------------------------------


async def test_the_chosen_account_becomes_the_grant(home: Home) -> None:
    session, _ = await asked(home, "find_items", "add_item", purpose="Answer questions")
    grant = await home.confirm(session, await choose(home, session))
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
    grant = await home.confirm(session, await choose(home, session))
    kept = await sealed.fetch(home.house.store, home.house.vault, grant.workspace, grant.id, "credential")
    assert kept is not None and msgspec.json.decode(kept)["fields"] == {"site": "south"}


async def test_the_receipt_names_the_account_and_the_receipt_of_the_consent(home: Home) -> None:
    session, _ = await asked(home)
    grant = await home.confirm(session, await choose(home, session))
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
    south = await home.confirm(session, await choose(home, session))
    other = await home.session(user="u2")
    with pytest.raises(ChoiceRequired):
        await home.confirm(other, await home.authorize(other), user="u2")
    north = await home.confirm(other, await choose(home, other, "north:ada"), user="u2")
    assert (south.account_id, north.account_id) == ("south:ada", "north:ada")
    assert north.id != south.id and (await home.present(south)).status == "active"


@pytest.mark.parametrize("account", ["", "ada", "west:ada", "north:ben", "SOUTH:ADA"])
async def test_what_was_not_offered_is_refused_and_may_be_chosen_again(home: Home, account: str) -> None:
    session, _ = await asked(home)
    with pytest.raises(InvalidBody):
        await choose(home, session, account)
    assert (await home.confirm(session, await choose(home, session))).account_id == "south:ada"


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
    assert (await home.confirm(session, code)).account_id == "south:ada"
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
