"""The page for each problem code: what happened, whether anything was stored, what to do.

`web/problems.py` turns any error of any page into one of these. `WORDS` has an entry for a code, or for an
area and a code (`me:not_found`) where the same code means something else there.

Words for people, one catalogue; the codes are those of `core/errors.py`. A code without words of its own is
shown with the error's title and detail, which are safe to show.
"""

from __future__ import annotations

from typing import Any

import msgspec
from litestar import Request, Response

from core.errors import BadRequest, SessionEnded, ValetkeyError
from core.model import Fault
from web.pages.render import page
from web.pages.views.ends import Message

NOTHING = "Nothing was connected and nothing was stored."
KEPT = "Your question is still in the chat."
AGAIN = "Go back to the chat and press Connect again. It makes a fresh request."


class FaultView(msgspec.Struct, frozen=True):
    code: str
    headline: str
    lead: str
    facts: tuple[str, ...] = ()
    advice: str | None = None
    icon: str = "warn"
    kind: str = "warn"
    link: str | None = None
    link_text: str | None = None
    request_id: str | None = None
    message: Message | None = None


class Words(msgspec.Struct, frozen=True):
    headline: str
    lead: str
    facts: tuple[str, ...] = (NOTHING,)
    advice: str | None = AGAIN
    icon: str = "warn"
    kind: str = "warn"


WORDS = {
    "session_ended": Words(
        "This request has ended",
        "A request stays open for a few minutes and can be used once, so that an old link cannot be used "
        "later.",
        ("Nothing more was connected and nothing more was stored.", KEPT),
        icon="clock",
        kind="",
    ),
    "expired": Words(
        "The time for this is over",
        "A request stays open for a few minutes only, and nobody finished this one.",
        ("Nothing was connected, and nothing of it is kept.", KEPT),
        icon="clock",
        kind="",
    ),
    "connect:conflict": Words(
        "This was done already",
        "Each step of a request is taken once, so that it cannot be repeated by somebody else.",
        ("Nothing was changed by this.",),
        "Go back to the chat: it shows whether you are connected. If you are not, press Connect again.",
        icon="check",
        kind="",
    ),
    "already_confirmed": Words(
        "This is connected already",
        "The request was answered before. It cannot be used twice.",
        ("What you agreed to then still holds. Nothing was added.",),
        "Go back to the chat. To see or stop what you allowed, open Who may use my data.",
        icon="check",
        kind="",
    ),
    "not_found": Words(
        "There is no such page",
        "The address is incomplete, or what it led to is gone.",
        (),
        "Go back to the chat and open it from there again.",
        icon="search",
        kind="",
    ),
    "wrong_browser": Words(
        "This page belongs to another window",
        "The request was opened in another browser. It can only be finished where it was opened, so that "
        "nobody can finish what somebody else began.",
        (NOTHING,),
        "Go back to the chat in which you were asked, and press Connect there. If cookies are blocked for "
        "this page, allow them first.",
        icon="lock",
    ),
    "csrf_failed": Words(
        "This form is out of date",
        "It was not the one this page gave to this browser, so it was not taken.",
        ("Nothing was changed.",),
        "Go back, load the page again and press the button once more. If cookies are blocked for this "
        "page, allow them.",
        icon="lock",
    ),
    "forbidden": Words(
        "This was not allowed",
        "The form came from another place than this page, so it was not taken.",
        ("Nothing was changed.",),
        "Open the page again from the chat.",
        icon="lock",
    ),
    "policy_denied": Words(
        "Your workspace does not allow this",
        "A rule of the workspace changed while the page was open, or it never allowed what was asked.",
        (NOTHING,),
        "Ask whoever administers the workspace. The chat goes on without it.",
        icon="rules",
    ),
    "provider_error": Words(
        "The other side answered with an error",
        "We asked, and what came back could not be used.",
        (NOTHING, KEPT),
        "Wait a minute, go back to the chat and press Connect again. If it stays so, tell whoever runs "
        "the assistant.",
        icon="plug",
    ),
    "provider_timeout": Words(
        "The other side did not answer",
        "We waited, and nothing came back.",
        (NOTHING, KEPT),
        "Try again in a minute: go back to the chat and press Connect again.",
        icon="clock",
    ),
    "invalid_request": Words(
        "This answer does not belong to a request",
        "What arrived here is not an answer to something you began in this browser, so it was not taken.",
        icon="lock",
    ),
    "rate_limited": Words(
        "Too many requests at once",
        "This page was asked for too often in a short time.",
        ("Nothing was changed.",),
        "Wait a minute and try again.",
        icon="clock",
    ),
    "internal_error": Words(
        "Something failed on our side",
        "It is in our log under the number below.",
        ("Nothing new was connected.",),
        "Go back to the chat and try again. If it stays so, give the number to whoever runs the assistant.",
        kind="bad",
    ),
    "method_not_allowed": Words(
        "This address cannot be opened like that",
        "It takes a form from one of our pages, not a link.",
        ("Nothing was changed.",),
        "Go back to the page you came from and press its button.",
        kind="",
    ),
    "invalid_body": Words(
        "The form could not be taken",
        "Something in it is not what this page offered.",
        ("Nothing was changed.",),
        "Go back, load the page again and repeat.",
    ),
    "user_mismatch": Words(
        "Somebody else is signed in here",
        "The request was made for another person than the one who is signed in, so it was ended.",
        icon="user",
    ),
    "account_mismatch": Words(
        "You chose another account",
        "The request was for one account, and you signed in to another at the provider.",
        (NOTHING,),
        "Go back to the chat and press Connect again. At the provider, choose the account that was "
        "connected before.",
        icon="user",
    ),
    "mix_up": Words(
        "This answer does not belong to this request",
        "It came from another place than the one you were sent to, so it was not taken.",
        icon="lock",
    ),
    "me:invalid_credentials": Words(
        "Open this page from the chat",
        "Who may use my data shows everything you have allowed, and stops it. Only you may see it, so it "
        "opens from the chat in which you are signed in.",
        (),
        "Go to the chat and press What can you see? It brings you here.",
        icon="key",
        kind="",
    ),
    "me:ticket_used": Words(
        "This link has been used",
        "A link to Who may use my data opens once and for a few minutes, so that nobody can use it after "
        "you.",
        (),
        "Go to the chat and press What can you see? It makes a new link.",
        icon="clock",
        kind="",
    ),
    "me:not_found": Words(
        "There is no such page",
        "What the address led to is not here, or not yours.",
        (),
        None,
        icon="search",
        kind="",
    ),
    "admin:invalid_credentials": Words(
        "Sign in with a link",
        "These pages open with a link that works once, for ten minutes.",
        (),
        "On the machine that runs Valetkey: valetkey sign-in-link. Then open the link it prints in this "
        "browser.",
        icon="key",
        kind="",
    ),
    "admin:ticket_used": Words(
        "This link has been used",
        "A sign-in link works once and for ten minutes, so that nobody can use it after you.",
        (),
        "On the machine that runs Valetkey: valetkey sign-in-link. Then open the link it prints in this browser.",
        icon="clock",
        kind="",
    ),
    "admin:invalid_request": Words(
        "This address is not usable",
        "Something in it is not what these pages put there, so nothing was looked up.",
        ("Nothing was changed.",),
        "Go to the overview and choose again.",
        icon="search",
        kind="",
    ),
    "admin:csrf_failed": Words(
        "This form is out of date",
        "It was not the one this page gave to this browser, so it was not taken.",
        ("Nothing was changed.",),
        "Open the page again and repeat it. If cookies are blocked for this page, allow them.",
        icon="lock",
    ),
    "admin:forbidden": Words(
        "This was not allowed",
        "The form came from another place than this page, so it was not taken.",
        ("Nothing was changed.",),
        "Open the page again and repeat it here.",
        icon="lock",
    ),
    "admin:not_found": Words(
        "There is no such page",
        "What the address led to is not here, or not in this workspace.",
        (),
        None,
        icon="search",
        kind="",
    ),
}


LINKS = {"me": ("/me", "Who may use my data"), "admin": ("/admin", "Overview")}
SIGN_IN = frozenset({"invalid_credentials", "ticket_used"})


def fault_view(
    error: ValetkeyError,
    *,
    area: str = "connect",
    code: str | None = None,
    request_id: str | None = None,
    message: Message | None = None,
) -> FaultView:
    """`code`: words of another entry than the error's own code, which the page still names."""
    key = code or error.code
    words = WORDS.get(f"{area}:{key}") or WORDS.get(key)
    words = words or Words(error.title, error.detail, ("Nothing was changed.",), None)
    link, link_text = LINKS.get(area, (None, None))
    if key in SIGN_IN:  # there is no page to go to yet; an admin did not come from a chat either
        link, link_text = (link, "Try again") if area == "admin" else (None, None)
    return FaultView(
        code=error.code,
        headline=words.headline,
        lead=words.lead,
        facts=words.facts,
        advice=words.advice,
        icon=words.icon,
        kind=words.kind,
        link=link,
        link_text=link_text,
        request_id=request_id,
        message=message,
    )


# ---- from errors to pages
# ---------------------------------------------------------------------------------------


def page_for(
    request: Request[Any, Any, Any], error: ValetkeyError, *, code: str | None = None
) -> Response[str]:
    """Any error of any page. There are no times on it, so it needs no clock."""
    first = request.url.path.split("/")[1]
    area = first if first in LINKS else "connect"
    view = fault_view(error, area=area, code=code, request_id=request_id(request))
    headers = {"Retry-After": str(wait_s)} if (wait_s := error.fields.get("retry_after")) else None
    return page("fault.html", view, now_ms=0, status=error.status, headers=headers)


def error_of(fault: Fault | None) -> ValetkeyError:
    """The error a session ended with, so that its page has the right code and status. What has no class is a
    400.
    """
    if fault is None:
        return SessionEnded()
    kind = _tree(ValetkeyError).get(fault.code)
    return kind(fault.detail) if kind else _Recorded(fault)


def _tree(root: type[ValetkeyError]) -> dict[str, type[ValetkeyError]]:
    """Errors by code; of several with one code the one nearest to the root."""
    found: dict[str, type[ValetkeyError]] = {}
    for kind in root.__subclasses__():
        found = _tree(kind) | found
    return found | {root.code: root}


class _Recorded(BadRequest):
    """An end that is no error of a request: `mix_up`, for one."""

    def __init__(self, fault: Fault) -> None:
        super().__init__(fault.detail)
        self.code = fault.code  # type: ignore[misc]


def request_id(request: Request[Any, Any, Any]) -> str | None:
    return request.scope.get("state", {}).get("request_id")
