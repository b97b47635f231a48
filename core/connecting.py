"""The person's side of a connect session: the consent page, the answer on it, and the provider's answer.

Every step is one conditional UPDATE, so of many at once exactly one succeeds, and a state works once. The provider's code is
kept sealed, not redeemed, until `core/confirming.py` has learnt that the right user holds the completion code.
Sources: RFC 6749 section 4.1, RFC 7636, RFC 9207, RFC 9700 sections 2.1 and 4.7; SECURITY.md rows 1 to 6.
"""

from __future__ import annotations

import hmac
from collections.abc import Callable, Mapping

import msgspec

from core import assistants, consent, oauth, policy, receipts, registrations, sealed, sessions, workspaces
from core.clock import MINUTE_MS, SECOND_MS
from core.connector import Connector
from core.connector.scopes import union
from core.consent import Notice
from core.errors import BadRequest, Conflict, InvalidBody, SessionEnded, ValetkeyError, WrongBrowser
from core.house import House
from core.ids import new_token, token_hash
from core.model import LIVE_STATUSES, Assistant, ConnectSession, Duration, Fault, Grant, Registration
from core.observing import watched
from core.secret import Secret
from core.sessions import end, entry, find, person, status_at
from core.store import Tx
from core.vault import Aad

CONSENT_MS = 10 * MINUTE_MS  # from consent to the provider's answer: the life of a state
COMPLETION_MS = 120 * SECOND_MS


class Page(msgspec.Struct, frozen=True):
    """What the pages of a session need: the session, what it is about, and the browser's cookie."""

    session: ConnectSession
    notice: Notice
    assistant: Assistant
    connector: Connector
    browser: Secret


class Answer(msgspec.Struct, frozen=True):
    """The outcome at the callback: where the result goes, and the completion code if there is one."""

    session: ConnectSession
    connector: Connector
    code: Secret | None = None


# ---- the person's browser ---------------------------------------------------------------------------------------


@watched("connect.open")
async def open_page(house: House, session_id: str, browser: Secret | None) -> Page:
    """What the consent page shows. Gives a browser without a cookie one; binds nothing, so a link scanner locks nobody out.

    Raises Missing, SessionEnded (field `session_status`), Conflict when this was agreed to and an account is to be chosen,
    WrongBrowser when another browser has agreed already.
    """
    return await _opened(house, session_id, browser)


async def _opened(house: House, session_id: str, browser: Secret | None) -> Page:
    session = await find(house, session_id)
    still_open(session)
    if session.choosing:
        raise Conflict("You have agreed to this already. Open the page again: it asks which account to use.")
    browser = browser or new_token()
    _same_browser(session, browser, bound=False)
    if session.status == "created":
        now = house.now_ms()
        await house.write(lambda tx: tx.run("session_opened", id=session_id, now=now))
    return await _page(house, session, browser)


async def _page(house: House, session: ConnectSession, browser: Secret) -> Page:
    connector = house.registry.connector(session.connector)
    assistant = await asking(house, session)
    workspace = await workspaces.get(house, session.workspace)
    grant = None
    if session.grant:
        grant = await house.store.one("grant_get", Grant, workspace=session.workspace, id=session.grant)
    if grant and grant.status_at(house.now_ms()) not in LIVE_STATUSES:
        grant = None
    limits = await registrations.find(house, session.registration)
    shown = consent.notice(session, connector, assistant, workspace, grant, limits.max_scopes)
    return Page(session, shown, assistant, connector, browser)


async def asking(house: House, session: ConnectSession) -> Assistant:
    """The assistant. Raises SessionEnded when where the session was to go back to is not registered any more."""
    assistant = await assistants.get(house, session.workspace, session.assistant)
    back = (session.return_url, session.origin)
    if session.via != "portal" and not {*assistant.return_urls, *assistant.allowed_origins}.issuperset(
        one for one in back if one is not None
    ):
        raise SessionEnded("The chat this came from is not registered any more. Nothing was connected.")
    return assistant


def still_open(session: ConnectSession) -> None:
    if session.ended:
        raise SessionEnded(
            f"This connect session has ended ({session.status}). Go back to the chat and start again.",
            session_status=session.status,
        )


def _same_browser(session: ConnectSession, browser: Secret | None, *, bound: bool) -> None:
    """Raises WrongBrowser unless the session is this browser's (`bound`), or nobody's yet (not `bound`)."""
    if session.browser_hash is None and not bound:
        return
    presented = token_hash(browser.reveal()) if browser else b""
    if session.browser_hash is None or not hmac.compare_digest(session.browser_hash, presented):
        raise WrongBrowser(
            "This page was opened in another window or browser. Go back to the chat and open it again."
        )


@watched("connect.approve")
async def approve(
    house: House, session_id: str, browser: Secret, tools: tuple[str, ...], duration: str
) -> str:
    """The person agreed: keep the receipt, bind the browser, and return the provider's authorization URL."""
    page = await _opened(house, session_id, browser)
    session, connector = page.session, page.connector
    chosen = _chosen(page.notice, tools)
    length = _chosen_duration(page.notice, duration)
    workspace = await workspaces.get(house, session.workspace)
    limits = await _still_registered(house, session)
    for name in chosen:
        policy.check_tool(workspace.policy, limits, page.assistant, connector.tools[name])
    needed = union([chosen, await sessions.tools_held(house, session)])
    registration = await registrations.smallest(house, connector, session.workspace, needed)
    state, verifier = new_token(), oauth.new_verifier()
    scopes, optional = _scopes(connector, limits, page.notice, chosen)
    url = await oauth.authorization_url(
        house.outbound,
        connector,
        await registrations.client(house, registration),
        scopes=scopes,
        optional_scopes=optional,
        state=state,
        verifier=verifier,
    )
    requested = union([scopes, optional])
    receipt_id = receipts.new_receipt_id()
    ends_at = policy.expires_at(workspace.policy, length, house.now_ms())
    text = receipts.body(
        house,
        receipt_id,
        session,
        page.notice,
        connector,
        page.assistant,
        workspace,
        chosen,
        requested,
        length,
        ends_at,
    )

    async def job(tx: Tx) -> None:
        now = house.now_ms()
        changed = await tx.run(
            "session_consented",
            id=session.id,
            browser_hash=token_hash(browser.reveal()),
            state_hash=token_hash(state.reveal()),
            tools=chosen,
            duration=length,
            scopes_requested=requested,
            registration=registration.id,
            receipt=receipt_id,
            expires_at=now + CONSENT_MS,
            now=now,
        )
        if not changed:
            raise WrongBrowser("This page was finished in another window. Go back to the chat.")
        await receipts.insert(tx, house, session, receipt_id, text)
        aad = Aad(session.workspace, session.id, "verifier", 1)
        await sealed.put(tx, house.vault, aad, verifier.reveal().encode(), now)
        await house.log(
            tx, entry(session, "consent.given", detail={"receipt": receipt_id, "tools": list(chosen)})
        )

    await house.write(job)
    return url


async def _still_registered(house: House, session: ConnectSession) -> Registration:
    """The registration whose limits count. Raises SessionEnded when the session's was removed since."""
    own = await registrations.find(house, session.registration)
    if own.deleted_at is not None:
        raise SessionEnded("The workspace has removed this connector. Nothing was connected.")
    return own if own.tier == "write" else await registrations.get(house, session.workspace, own.slug)


def _chosen(shown: Notice, tools: tuple[str, ...]) -> tuple[str, ...]:
    """The tools agreed to, in the page's order; what was agreed before stays. Raises InvalidBody for anything not on the page."""
    offered = {tool.name: tool for tool in shown.tools}
    unknown = [name for name in tools if name not in offered]
    if unknown:
        raise InvalidBody(
            "The form names a tool this page does not offer. Open the page again.",
            errors=[{"path": "/tools", "message": f"{unknown[0][:80]!r} is not offered"}],
        )
    missing = [tool for tool in offered.values() if tool.required and tool.name not in tools]
    if missing:
        raise InvalidBody(
            f"“{missing[0].title}” is needed for this request. Choose No thanks if you do not want it.",
            errors=[{"path": "/tools", "message": f"{missing[0].name} is required"}],
        )
    chosen = tuple(name for name, tool in offered.items() if name in tools or tool.already)
    fresh = [name for name, tool in offered.items() if not tool.already]
    if not chosen or (fresh and not any(name in tools for name in fresh)):
        raise InvalidBody(
            "Nothing was switched on. Switch on what the assistant may do, or choose No thanks.",
            errors=[{"path": "/tools", "message": "is empty"}],
        )
    return chosen


def _chosen_duration(shown: Notice, duration: str) -> Duration:
    for one in shown.durations:
        if one.value == duration:
            return one.value
    allowed = ", ".join(one.value for one in shown.durations)
    raise InvalidBody(
        f"This duration is not allowed here; allowed are {allowed}.",
        errors=[{"path": "/duration", "message": "is not one of those offered"}],
    )


def _scopes(
    connector: Connector, limits: Registration, shown: Notice, chosen: tuple[str, ...]
) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """`(scopes, optional scopes)` to ask for: the union over the chosen tools, only the new ones where the provider adds them up.

    Optional scopes, where the provider has such a thing (HubSpot drops those the account's plan lacks), are those that
    only optional tools need.
    """
    by_name = {tool.name: tool for tool in shown.tools}
    asking = [name for name in chosen if not (connector.oauth.incremental and by_name[name].already)]
    needed = [name for name in asking if by_name[name].required or by_name[name].already]
    if connector.oauth.optional_scope_param is None or not needed:
        needed = asking
    scopes = union(
        [
            connector.oauth.always_scopes,
            *(connector.tools[name].wanted_scopes(limits.max_scopes) for name in needed),
        ]
    )
    everything = union(connector.tools[name].wanted_scopes(limits.max_scopes) for name in asking)
    return scopes, tuple(scope for scope in everything if scope not in scopes)


async def deny(house: House, session_id: str, browser: Secret) -> ConnectSession:
    """The person said no. Nothing was connected; the builder sees `denied`."""
    session = await find(house, session_id)
    still_open(session)
    _same_browser(session, browser, bound=False)
    await asking(house, session)
    fault = Fault("access_denied", "The person chose No thanks.")
    return await end(house, session, "denied", fault, actor=person(session))


# ---- the provider's answer --------------------------------------------------------------------------------------


_UNKNOWN_STATE = "This answer belongs to no open request: it was used before, is too old, or made up. Start again in the chat."


@watched("connect.callback")
async def callback(
    house: House, registration_id: str, query: Mapping[str, str], browser_of: Callable[[str], Secret | None]
) -> Answer:
    """Take the provider's answer. `browser_of(session id)` gives the cookie this browser has for a session.

    The state must be known, unused and belong to this registration's redirect URI and to this browser, and `iss` must be the
    provider's, before anything else is believed. A code is sealed and held. Raises BadRequest, WrongBrowser, SessionEnded.
    """
    state = query.get("state", "")
    session = (
        await house.store.one("session_by_state", ConnectSession, state_hash=token_hash(state))
        if state
        else None
    )
    if session is None:
        raise BadRequest(_UNKNOWN_STATE)
    if status_at(session, house.now_ms()) == "expired":
        raise SessionEnded(
            "The answer came too late. Nothing was connected. Start again in the chat.",
            session_status="expired",
        )
    _same_browser(session, browser_of(session.id), bound=True)
    await asking(house, session)
    connector = house.registry.connector(session.connector)
    if session.registration != registration_id:
        fault = Fault("mix_up", "The answer came to the address of another connector. Nothing was redeemed.")
        return Answer(await end(house, session, "failed", fault), connector)
    registration = await registrations.find(house, registration_id)
    client = await registrations.client(house, registration)
    try:
        await oauth.check_answer(house.outbound, connector, client, query)
    except ValetkeyError as error:
        return Answer(await end(house, session, "failed", Fault("mix_up", error.detail)), connector)
    if "error" in query or not query.get("code"):
        return Answer(await _refused(house, session, query), connector)
    return await _authorized(house, session, connector, state, Secret(query["code"]))


async def _refused(house: House, session: ConnectSession, query: Mapping[str, str]) -> ConnectSession:
    if query.get("error") == "access_denied":
        fault = Fault("access_denied", "The person said no on the provider's page.")
        return await end(house, session, "denied", fault, actor=person(session))
    known = query.get("error", "")
    named = f" ({known})" if known in _AUTHORIZATION_ERRORS else ""
    fault = Fault("provider_error", f"The provider did not give access{named}.")
    return await end(house, session, "failed", fault)


_AUTHORIZATION_ERRORS = frozenset(
    {
        "invalid_request",
        "unauthorized_client",
        "unsupported_response_type",
        "invalid_scope",
        "invalid_target",
        "server_error",
        "temporarily_unavailable",
        "interaction_required",
        "login_required",
        "consent_required",
        "account_selection_required",
    }
)


async def _authorized(
    house: House, session: ConnectSession, connector: Connector, state: str, code: Secret
) -> Answer:
    completion = new_token()

    async def job(tx: Tx) -> None:
        now = house.now_ms()
        changed = await tx.run(
            "session_authorized",
            id=session.id,
            state_hash=token_hash(state),
            completion_hash=token_hash(completion.reveal()),
            completion_until=now + COMPLETION_MS,
            now=now,
        )
        if not changed:
            raise BadRequest("This answer was used before. Start again in the chat.")
        aad = Aad(session.workspace, session.id, "code", 1)
        await sealed.put(tx, house.vault, aad, code.reveal().encode(), now)
        await house.log(tx, entry(session, "connect_session.authorized"))

    await house.write(job)
    return Answer(await find(house, session.id), connector, completion)


async def page_status(house: House, session_id: str, browser: Secret | None) -> ConnectSession:
    """For the pages after the consent: the session, if this browser is the one that agreed."""
    session = await find(house, session_id)
    _same_browser(session, browser, bound=True)
    return session
