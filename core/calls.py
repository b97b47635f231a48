"""A tool call: who asks, under which grant, with which arguments, and what may be answered.

The order is fixed: the grant is resolved, the rules asked, the arguments checked, then the narrowest token is taken and the
connector asks the provider for what the tool declares. The result is minimised, and delivered only if the grant was still active
in the transaction that writes the audit event: a result that arrives after a revocation is withheld.
Which answer means what: docs/problems.md. Source: SECURITY.md rows 8 and 13.
"""

from __future__ import annotations

import asyncio
import logging
from typing import Any

import msgspec

from core import grants, idempotency, oauth, policy, registrations, sessions
from core.clock import rfc3339
from core.connector import Api, Connector, Minimised, MissingScope, Tool, minimise
from core.errors import (
    AccountRequired,
    ConsentRequired,
    GrantExpired,
    GrantRevoked,
    InvalidReturnUrl,
    Missing,
    ProviderError,
    ProviderTimeout,
    RateLimited,
    ReconnectRequired,
    ToolFailed,
    UnknownConnector,
    UnknownTool,
    ValetkeyError,
)
from core.grants import Held, entry_for
from core.house import House
from core.ids import counterpart, is_id, new_id
from core.model import Asked, AuditEvent, Entry, Grant, Registration
from core.narrowing import NarrowTokens
from core.observing import watched
from core.recording import Recorder, Use
from core.sessions import SessionWish
from core.store import Tx
from core.tokens import GrantTokens, check_alive
from core.workspaces import KeyedAssistant

log = logging.getLogger("valetkey.calls")
DEADLINE_S = 25.0


class CallWish(msgspec.Struct, frozen=True, kw_only=True):
    """What an assistant asks for. `return_url` or `origin`: where a consent made necessary by the call goes back to."""

    tool: str
    user: str
    arguments: dict[str, Any] = {}
    account: str | None = None
    idempotency_key: str | None = None
    return_url: str | None = None
    origin: str | None = None


class CallResult(msgspec.Struct, frozen=True):
    """`result` is JSON of declared fields only."""

    id: str
    tool: str
    grant: str
    result: msgspec.Raw
    truncated: bool
    next: str | None


async def call(house: House, caller: KeyedAssistant, wish: CallWish) -> CallResult:
    """Make the call. Raises the problems of docs/problems.md; each refusal is in the audit trail."""
    with house.observer.step("call", tool=wish.tool):
        return await _call(house, caller, wish)


async def _call(house: House, caller: KeyedAssistant, wish: CallWish) -> CallResult:
    call_id = new_id("call")
    held: Held | None = None
    try:
        tool = house.registry.tool(wish.tool)
        sessions.check_user(wish.user)
        _within_rate(house, caller)
        held = await _candidate(house, caller, tool, wish)
        held = await _covering(house, caller, tool, wish, held)
    except ValetkeyError as error:
        await _refused(house, caller, wish, call_id, error, held)
        raise
    recorder = _recorder(house)
    recorder.expect()
    try:
        return await _under(house, caller, tool, held, wish, call_id)
    finally:
        recorder.expect_no_more()


# ---- which grant ------------------------------------------------------------------------------------------------


@watched("call.resolve")
async def _candidate(house: House, caller: KeyedAssistant, tool: Tool, wish: CallWish) -> Held | None:
    """The grant that decides: the one live one, else the newest of all. Never guesses between accounts, never looks at another
    assistant's grants."""
    slug = tool.name.partition(".")[0]
    found = await grants.standing(house, caller.workspace, caller.id, wish.user, slug, wish.account)
    if len(found.live) > 1:
        accounts = [{"id": one.account_id, "label": one.account_label} for one in found.live]
        raise AccountRequired(
            "The user has connected several accounts. Name one in `account`.", accounts=accounts
        )
    return found.live[0] if found.live else found.newest


async def _covering(
    house: House, caller: KeyedAssistant, tool: Tool, wish: CallWish, held: Held | None
) -> Held:
    """The grant, when it is alive and covers the tool; else raises what the assistant has to do about it."""
    if held is None:
        await _check_registered(house, caller, tool)
        raise await _consent_required(house, caller, tool, wish, None, tool.wanted_scopes())
    registration = await _registration(house, caller, held)
    if registration is not None:
        policy.check_tool(caller.policy, registration, caller, tool)
    try:
        check_alive(held, house.now_ms())
        if held.registration_deleted is not None:
            raise GrantRevoked("The workspace has removed this connector. Nothing was read or changed.")
    except ValetkeyError as error:
        raise await _with_connect(house, caller, tool, wish, held, error) from None
    missing = tool.missing_scopes(held.scopes_granted)
    if tool.name not in held.tools or missing:
        raise await _consent_required(house, caller, tool, wish, held, tuple(missing))
    return held


async def _registration(house: House, caller: KeyedAssistant, held: Held) -> Registration | None:
    """The one whose limits count: the grant's own or, when that was removed or is the client that only reads, the connector's,
    if there is one."""
    if held.registration_deleted is None and held.registration_tier == "write":
        return held.as_registration()
    try:
        return await registrations.get(house, caller.workspace, held.connector)
    except Missing:
        return None


async def _check_registered(house: House, caller: KeyedAssistant, tool: Tool) -> None:
    """Raises UnknownTool or PolicyDenied for what no consent could bring."""
    slug = tool.name.partition(".")[0]
    try:
        registration = await registrations.get(house, caller.workspace, slug)
    except Missing:
        raise UnknownTool(f"The connector {slug} is not registered in this workspace.") from None
    policy.check_tool(caller.policy, registration, caller, tool)


async def _consent_required(
    house: House,
    caller: KeyedAssistant,
    tool: Tool,
    wish: CallWish,
    held: Held | None,
    missing_scopes: tuple[str, ...],
) -> ConsentRequired:
    account = held.account_id if held else wish.account
    connect = await _ready_session(house, caller, wish, (tool.name,), account if held else None)
    return ConsentRequired(
        f"The user has not agreed to “{tool.title}” yet. Show them the connect page, then call again.",
        connector=tool.name.partition(".")[0],
        tool=tool.name,
        missing_tools=[tool.name],
        missing_scopes=list(missing_scopes),
        connect=connect,
    )


async def _with_connect(
    house: House, caller: KeyedAssistant, tool: Tool, wish: CallWish, held: Held, error: ValetkeyError
) -> ValetkeyError:
    """The same refusal with a session to start again: for the tool alone after a stop, for all it had where it only ran out."""
    if not isinstance(error, (GrantRevoked, GrantExpired, ReconnectRequired)):
        return error
    names: tuple[str, ...] = (tool.name,)
    if not isinstance(error, GrantRevoked):
        registration = await _registration(house, caller, held) or held.as_registration()
        names += tuple(name for name in held.tools if _may_be_asked(house, caller, registration, name))
    again = isinstance(error, ReconnectRequired)
    connect = await _ready_session(
        house,
        caller,
        wish,
        names,
        held.account_id if again else None,
        all_required=again and tool.name in held.tools,
    )
    return type(error)(error.detail, **{**error.fields, "connect": connect})


def _may_be_asked(house: House, caller: KeyedAssistant, registration: Registration, name: str) -> bool:
    """A tool of an old grant that is gone or was forbidden since is left out; it does not hide why the call is refused."""
    tool = house.registry.connector(registration.slug).tools.get(name)
    return tool is not None and not policy.refused_by(caller.policy, registration, caller, tool)


async def _ready_session(
    house: House,
    caller: KeyedAssistant,
    wish: CallWish,
    names: tuple[str, ...],
    account: str | None,
    *,
    all_required: bool = False,
) -> dict[str, str] | None:
    """An open session for exactly these tools: the one there is, else a new one. None when it could lead back nowhere.

    The first tool is required, the others may be left out; `all_required`: only the connection is made again.
    """
    first = names[0]
    asked = tuple(Asked(name, required=all_required or name == first) for name in dict.fromkeys(names))
    try:
        session = await sessions.create(
            house,
            caller,
            SessionWish(
                user=wish.user,
                connector=first.partition(".")[0],
                asked=asked,
                return_url=wish.return_url,
                origin=wish.origin,
                account=account,
                via="call",
            ),
        )
    except InvalidReturnUrl:
        if wish.return_url is not None or wish.origin is not None:
            raise
        return None
    except UnknownConnector:  # removed from the workspace: nothing can be connected now
        return None
    return {
        "id": session.id,
        "url": sessions.connect_url(house, session),
        "expires_at": rfc3339(session.expires_at),
    }


def _within_rate(house: House, caller: KeyedAssistant) -> None:
    """The policy's calls per minute, if it has a rule. Counted per process: N workers allow N times as many."""
    limit = caller.policy.calls_per_minute
    if limit is None:
        return
    now = house.now_ms()
    minute, count = house.call_counts.get(caller.id, (0, 0))
    if minute != now // 60_000:
        minute, count = now // 60_000, 0
    if count >= limit:
        wait_s = 60 - now // 1000 % 60
        raise RateLimited(
            f"The workspace's policy allows {limit} calls a minute. Try again in {wait_s} s.",
            retry_after=wait_s,
        )
    house.call_counts[caller.id] = (minute, count + 1)


# ---- under the grant --------------------------------------------------------------------------------------------


async def _under(
    house: House, caller: KeyedAssistant, tool: Tool, held: Held, wish: CallWish, call_id: str
) -> CallResult:
    try:
        checked = tool.check(wish.arguments)
        if wish.idempotency_key is not None:
            idempotency.check_key(wish.idempotency_key)
            digest = idempotency.request_hash(tool.name, wish.arguments, wish.account)
            kept = await idempotency.begin(house, held, wish.idempotency_key, digest, call_id)
            if kept is not None:
                return await _repeat(house, caller, tool, held, wish, call_id, kept)
    except ValetkeyError as error:
        await _refused(house, caller, wish, call_id, error, held)
        raise
    try:
        answer = minimise(
            tool, await _ask(house, house.registry.connector(held.connector), tool, held, checked, call_id)
        )
    except ValetkeyError as error:
        raise await _not_done(house, caller, tool, held, wish, call_id, error) from error
    return await _deliver(house, caller, tool, held, wish, call_id, answer)


@watched("call.provider")
async def _ask(
    house: House, connector: Connector, tool: Tool, held: Held, checked: dict[str, Any], call_id: str
) -> Any:
    """Run the connector's function. Whatever it raises beyond the kit's errors is a 502 with the call's id."""
    wide = GrantTokens(house, connector, held)
    narrow = NarrowTokens(house, connector, held, wide, tool, checked) if oauth.per_call(connector) else None
    api = Api(
        connector,
        house.outbound,
        narrow or wide,
        fields=wide.fields,
        deadline_s=DEADLINE_S,
        development=house.development,
        observer=house.observer,
    )
    try:
        async with asyncio.timeout(DEADLINE_S + 1):
            return await tool.run(api, checked)
    except ValetkeyError:
        raise
    except TimeoutError:
        raise ProviderTimeout("The provider did not answer in time.", retryable=tool.risk == "read") from None
    except (
        Exception
    ) as error:  # outermost boundary of a connector's code; the trace is for us, the id for the caller
        log.exception("tool %s failed in call %s", tool.name, call_id)
        raise ToolFailed(f"The connector failed. Quote {call_id} to the operator.", call=call_id) from error
    finally:
        if narrow is not None:
            house.in_background(narrow.end())


@watched("call.deliver")
async def _deliver(
    house: House,
    caller: KeyedAssistant,
    tool: Tool,
    held: Held,
    wish: CallWish,
    call_id: str,
    answer: Minimised,
) -> CallResult:
    """Record the call and hand out the result, in one go with the last look at the grant."""
    result = CallResult(call_id, tool.name, held.id, msgspec.Raw(answer.body), answer.truncated, answer.next)

    detail: dict[str, Any] = {"count": answer.count, "group": tool.group, "risk": tool.risk}
    use = Use(
        held,
        _entry(held, caller, tool.name, call_id, "tool.called", "ok", detail),
        msgspec.json.encode(result) if wish.idempotency_key is not None else None,
    )
    if not await _recorder(house).record(use):
        await _withheld(house, caller, tool, held, wish)
    return result


async def _repeat(
    house: House,
    caller: KeyedAssistant,
    tool: Tool,
    held: Held,
    wish: CallWish,
    call_id: str,
    kept: bytes,
) -> CallResult:
    """Hand out a kept answer once more: nothing is asked of the provider, but it is a delivery like any other."""
    result = msgspec.json.decode(kept, type=CallResult)
    detail = {"group": tool.group, "risk": tool.risk, "repeats": result.id}
    entry = _entry(held, caller, tool.name, call_id, "tool.called", "repeated", detail)
    if not await _recorder(house).record(Use(held, entry)):
        await _withheld(house, caller, tool, held, wish)
    return result


def _recorder(house: House) -> Recorder:
    if house.recorder is None:
        house.recorder = Recorder(house)
    return house.recorder


async def _withheld(house: House, caller: KeyedAssistant, tool: Tool, held: Held, wish: CallWish) -> None:
    """The grant ended or was narrowed while the provider was answering: raises what a call would be answered with now."""
    await _covering(house, caller, tool, wish, await grants.held(house, held.workspace, held.id))
    raise GrantRevoked("The grant changed while the provider was answering. Nothing is delivered.")


async def _not_done(
    house: House,
    caller: KeyedAssistant,
    tool: Tool,
    held: Held,
    wish: CallWish,
    call_id: str,
    error: ValetkeyError,
) -> ValetkeyError:
    """Record a call that failed; the error the caller gets."""
    told = error
    if isinstance(error, MissingScope):
        lacking = tuple(error.scopes) or tool.wanted_scopes()
        told = await _consent_required(house, caller, tool, wish, held, lacking)
    elif isinstance(error, (ReconnectRequired, GrantRevoked, GrantExpired)):
        told = await _with_connect(house, caller, tool, wish, held, error)
    maybe = tool.risk != "read" and isinstance(error, (ProviderTimeout, ProviderError))

    async def job(tx: Tx) -> None:
        await house.log(
            tx, _entry(held, caller, tool.name, call_id, "tool.failed", told.code, {"group": tool.group})
        )
        if wish.idempotency_key is not None:
            await idempotency.forget(tx, held, call_id, happened=maybe)

    await house.write(job)
    return told


# ---- the trail --------------------------------------------------------------------------------------------------


def _entry(
    held: Grant,
    caller: KeyedAssistant,
    tool: str,
    call_id: str,
    action: str,
    outcome: str,
    detail: dict[str, Any],
) -> Entry:
    """A call has one event, whatever becomes of it, with the call's own number: so it is found without another index."""
    return entry_for(
        held,
        caller.actor,
        action,
        outcome=outcome,
        detail=detail,
        call=call_id,
        tool=tool,
        id=counterpart("evt", call_id),
    )


async def _refused(
    house: House,
    caller: KeyedAssistant,
    wish: CallWish,
    call_id: str,
    error: ValetkeyError,
    held: Held | None = None,
) -> None:
    known = isinstance(error, UnknownTool) is False
    entry = Entry(
        caller.actor,
        "tool.refused",
        error.code,
        assistant=caller.id,
        user=wish.user[: sessions.MAX_USER_CHARS],
        connector=held.connector if held else None,
        grant=held.id if held else None,
        call=call_id,
        tool=wish.tool[:100] if known else None,
        id=counterpart("evt", call_id),
    )
    await house.write(lambda tx: house.log(tx, entry))


class PastCall(msgspec.Struct, frozen=True):
    """What is known of a call afterwards: never its arguments or its result."""

    id: str
    tool: str | None
    user: str | None
    grant: str | None
    outcome: str
    at: int
    count: int | None


async def past(house: House, workspace: str, assistant: str, call_id: str) -> PastCall:
    """A call of this assistant, from the audit trail. Raises Missing."""
    event = None
    if is_id(call_id, "call"):
        event_id = counterpart("evt", call_id)
        event = await house.store.one("audit_by_id", AuditEvent, workspace=workspace, id=event_id)
    if event is None or event.call != call_id or event.assistant != assistant:
        raise Missing("There is no such tool call.")
    count = event.detail.get("count")
    return PastCall(
        call_id,
        event.tool,
        event.user,
        event.grant,
        event.outcome,
        event.at,
        count if isinstance(count, int) else None,
    )
