"""GitHub's tokens beyond OAuth: a smaller one for a call, the end of one or of all, and what a refusal means.

A GitHub App's user token can be exchanged for one that opens one owner's repositories, or one repository, with fewer
permissions: `POST /applications/{client_id}/token/scoped`, as the app (HTTP Basic). It has to name its owner (`target`). So
- a tool that names a repository gets a token for that repository alone;
- a tool that names an owner gets one for that owner's repositories;
- a tool that names neither gets one for the one owner whose installation the person can see (`GET /user/installations`,
  asked with the grant's own token); where there are several, it has to be told which. Nothing is called with the wide token.

Sources: GitHub's REST description (@octokit/openapi 23.0.2), github/docs "Rate limits for the REST API" and "Refreshing user
access tokens", read on 2026-11-24. Not verified against GitHub [U]: that 422 is the answer for a repository or permission the
app does not have; that the calls of `core` which end a small token leave the wide one alone; what a call with an expired token
gets from DELETE (taken: 404 or 422, then it is refreshed first, because the refresh token lives on for half a year).
"""

from __future__ import annotations

import base64
import re
import time
from collections.abc import Mapping
from typing import Any

import msgspec

from connectors._github_records import Installations
from core.connector import NarrowContext, RevocationContext, Secret, ToolError, seg
from core.errors import (
    Missing,
    ProviderError,
    ProviderRateLimited,
    ReconnectRequired,
    RevocationUnsupported,
    ValetkeyError,
)

API = "https://api.github.com"
TOKEN_URL = "https://github.com/login/oauth/access_token"  # noqa: S105 - an address
HEADERS = {"Accept": "application/vnd.github+json", "X-GitHub-Api-Version": "2022-11-28"}
TIMEOUT_S = 10.0
SECONDARY_WAIT_S = 60
MAX_WAIT_S = 3600
_TOKEN = re.compile(r"[\x21-\x7e]{1,1000}")
_UNKNOWN = (404, 422)


class Answer(msgspec.Struct, frozen=True):
    token: str


class Refreshed(msgspec.Struct, frozen=True):
    access_token: str | None = None
    error: str | None = None


# ---- a smaller token -----------------------------------------------------------------------------------------


async def narrow(context: NarrowContext) -> Secret:
    """A token for this call: one owner, one repository where the arguments name one, the tool's permissions.

    Raises ReconnectRequired (the wide token is dead), Missing (the app is not there), ToolError (which owner?),
    ProviderError, ProviderRateLimited.
    """
    owner, repository = await _place(context)
    asked: dict[str, Any] = {
        "access_token": context.tokens.access_token.reveal(),
        "target": owner,
        "permissions": permissions(context.scopes),
    }
    if repository:
        asked["repositories"] = [repository]
    response = await _as_app(context, "POST", "token/scoped", asked)
    if not response.is_success:
        raise await _no_token(context, response, f"{owner}/{repository}" if repository else owner)
    return _smaller(context, response)


def permissions(scopes: tuple[str, ...]) -> dict[str, str]:
    """`issues:read` as GitHub has it. Reading metadata comes with every permission on repositories."""
    pairs = (scope.partition(":") for scope in scopes)
    return {"metadata": "read", **{name: level for name, _, level in pairs}}


async def _place(context: NarrowContext) -> tuple[str, str | None]:
    """Owner and repository the call is about."""
    named, owner = context.arguments.get("repository"), context.arguments.get("owner")
    if named:
        owner, _, repository = named.partition("/")
        return owner, repository
    return owner or await _only_owner(context), None


async def _only_owner(context: NarrowContext) -> str:
    """The one owner whose installation the person can see."""
    request = context.http.request(
        "GET",
        f"{API}/user/installations",
        params={"per_page": 100},
        headers={**HEADERS, "Authorization": f"Bearer {context.tokens.access_token.reveal()}"},
    )
    response = await context.http.send(request, timeout_s=TIMEOUT_S)
    if response.status_code == 401:
        raise ReconnectRequired("GitHub no longer accepts the connection", reason="token_rejected")
    if not response.is_success:
        raise _refused(response, "GitHub did not say where its app is installed")
    found = _decoded(response, Installations).installations
    owners = [one.account.login for one in found if one.account and not one.suspended_at]
    names = sorted({name for name in owners if name}, key=str.lower)
    if len(names) == 1:
        return names[0]
    if not names:
        raise ToolError(
            "The GitHub App is not installed for any account you can see. Install it there first."
        )
    told = ", ".join(names[:20])
    raise ToolError(f"Several accounts are connected ({told}): say which in `owner`.", argument="owner")


def _smaller(context: NarrowContext, response: Any) -> Secret:
    """The new token. One that is none, or is the wide one again, is no smaller token."""
    token = _decoded(response, Answer).token
    if not _TOKEN.fullmatch(token) or Secret(token) == context.tokens.access_token:
        raise ProviderError(
            "GitHub gave no smaller token for this call", provider_status=response.status_code
        )
    return Secret(token)


async def _no_token(context: NarrowContext, response: Any, where: str) -> ValetkeyError:
    """404 is said of a dead token; so that a wrong name ends no connection, the token itself is asked about first."""
    status = response.status_code
    if status == 404 and not await _is_alive(context):
        return ReconnectRequired("GitHub no longer accepts the connection", reason="token_rejected")
    if status in _UNKNOWN:
        return Missing(
            f"GitHub opens nothing there: {where} does not exist, is not shown to you, or its GitHub App is not "
            "installed there with this permission"
        )
    return _refused(response, "GitHub gave no smaller token for this call")


async def _is_alive(context: NarrowContext) -> bool:
    response = await _as_app(context, "POST", "token", {"access_token": context.tokens.access_token.reveal()})
    if response.status_code in _UNKNOWN:
        return False
    if not response.is_success:
        raise _refused(response, "GitHub did not say whether the token lives")
    return True


# ---- the end -------------------------------------------------------------------------------------------------


async def revoke(context: RevocationContext) -> None:
    """The person's whole authorization of the app where no other grant lives by it, else this token.

    An access token that has run out can end nothing, while its refresh token lives on: it is refreshed first.
    Raises ProviderError: to be tried again.
    """
    what = "grant" if context.alone else "token"
    if await _ended(context, what, context.tokens.access_token.reveal()):
        return
    fresh = await _refreshed(context)
    if fresh is not None and not await _ended(context, what, fresh):
        raise ProviderError("GitHub does not know the token it has just given")


async def _ended(context: RevocationContext, what: str, token: str) -> bool:
    """False where GitHub knows no such token."""
    response = await _as_app(context, "DELETE", what, {"access_token": token})
    if response.is_success:
        return True
    if response.status_code in _UNKNOWN:
        return False
    raise _refused(response, "GitHub has not ended the access")


async def _refreshed(context: RevocationContext) -> str | None:
    """A fresh access token, to end it. None where there is nothing left that could be refreshed."""
    held = context.tokens.refresh_token
    if not held:
        return None
    form = {
        "client_id": context.registration.client_id,
        "client_secret": context.registration.secret().reveal(),
        "grant_type": "refresh_token",
        "refresh_token": held.reveal(),
    }
    request = context.http.request("POST", TOKEN_URL, headers={"Accept": "application/json"}, form=form)
    response = await context.http.send(request, timeout_s=TIMEOUT_S)
    if not response.is_success:
        raise _refused(response, "GitHub's token endpoint did not answer")
    answer = _decoded(response, Refreshed)
    if answer.error == "bad_refresh_token":
        # Ended there, or refreshed by an attempt of ours whose answer was lost: then what it gave lives on.
        raise RevocationUnsupported(
            "GitHub takes neither token any more, and does not say that both are dead."
        )
    if not answer.access_token:
        raise ProviderError("GitHub does not accept this workspace's client, or is not itself")
    return answer.access_token


async def _as_app(context: Any, method: str, what: str, body: Mapping[str, Any]) -> Any:
    """The answer to a request our app makes in its own name (HTTP Basic)."""
    client = context.registration
    pair = f"{client.client_id}:{client.secret().reveal()}".encode()
    basic = "Basic " + base64.b64encode(pair).decode()
    request = context.http.request(
        method,
        f"{API}/applications/{seg(client.client_id)}/{what}",
        headers={**HEADERS, "Authorization": basic},
        json=body,
    )
    return await context.http.send(request, timeout_s=TIMEOUT_S)


def _json(response: Any) -> Any:
    try:
        return msgspec.json.decode(response.content)
    except (msgspec.MsgspecError, UnicodeError, RecursionError):
        return None


def _decoded(response: Any, into: Any) -> Any:
    try:
        return msgspec.json.decode(response.content, type=into)
    except (msgspec.MsgspecError, UnicodeError, RecursionError):
        raise ProviderError(
            "GitHub answered in another form than expected", provider_status=response.status_code
        ) from None


# ---- what a refusal means ------------------------------------------------------------------------------------


def _refused(response: Any, detail: str) -> ValetkeyError:
    status = response.status_code
    if status == 401:
        detail = "GitHub does not accept this workspace's client. An admin has to check client id and secret."
    limited = refusal(status, response.headers, _json(response))
    return (
        limited if isinstance(limited, ProviderRateLimited) else ProviderError(detail, provider_status=status)
    )


def refusal(status: int, headers: Mapping[str, str], body: Any) -> ValetkeyError | None:
    """What GitHub's status does not say: its rate limits are 403 (or 429), single sign-on is 403, a closed tracker is 410."""
    wait = _wait_s(headers, _message(body)) if status in (403, 429) else None
    if wait is not None:
        return ProviderRateLimited(f"GitHub asks to wait {wait} s", retry_after=wait)
    if status == 403 and "x-github-sso" in headers:
        return ToolError(
            "This organization asks for single sign-on: sign in to it at GitHub, connect GitHub again, and try again."
        )
    if status == 410:
        return Missing("It was deleted, or this repository has its issues switched off")
    return None


def _wait_s(headers: Mapping[str, str], message: str) -> int | None:
    """Seconds until GitHub wants to be asked again; None where this is no rate limit."""
    after, left, reset = (
        headers.get(name, "") for name in ("retry-after", "x-ratelimit-remaining", "x-ratelimit-reset")
    )
    if after.isascii() and after.isdigit():
        return min(int(after), MAX_WAIT_S)
    if left == "0" and reset.isascii() and reset.isdigit():
        return max(1, min(int(reset) - _now_s(), MAX_WAIT_S))
    return SECONDARY_WAIT_S if left == "0" or "rate limit" in message.lower() else None


def _now_s() -> int:
    return int(time.time())


def _message(body: Any) -> str:
    message = body.get("message") if isinstance(body, dict) else None
    return message if isinstance(message, str) else ""


def missing_permission(status: int, headers: Mapping[str, str], body: Any) -> list[str] | None:
    """The permissions a GitHub App's token lacks: of the alternatives GitHub names, the first."""
    if status != 403 or "not accessible by integration" not in _message(body).lower():
        return None
    first = headers.get("x-accepted-github-permissions", "").partition(";")[0]
    pairs = (one.strip().partition("=") for one in first.split(","))
    return [f"{name}:{level}" for name, _, level in pairs if name and level]


def missing_oauth_scope(status: int, headers: Mapping[str, str], body: Any) -> list[str] | None:
    """The scope an OAuth app's token lacks: of those that would do, the first. `repo` holds `public_repo`."""
    accepted = [one.strip() for one in headers.get("x-accepted-oauth-scopes", "").split(",") if one.strip()]
    held = {one.strip() for one in headers.get("x-oauth-scopes", "").split(",")}
    held |= {"public_repo"} if "repo" in held else set()
    if status != 403 or not accepted or "x-oauth-scopes" not in headers or held & set(accepted):
        return None
    return accepted[:1]
