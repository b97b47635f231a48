"""The page for each problem code: what happened, whether anything was stored, what to do.

Words for people, one catalogue; the codes are those of `core/errors.py`. A code without words of its own is
shown with the error's title and detail, which are safe to show.
"""

from __future__ import annotations

import msgspec

from core.errors import ValetkeyError
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
    "signed_out": Words(
        "Open this page from the chat",
        "Who may use my data shows everything you have allowed, and stops it. Only you may see it, so it "
        "opens from the chat in which you are signed in.",
        (),
        "Go to the chat and press What can you see? It brings you here.",
        icon="key",
        kind="",
    ),
    "ticket_used": Words(
        "This link has been used",
        "A link to Who may use my data opens once and for a few minutes, so that nobody can use it after "
        "you.",
        (),
        "Go to the chat and press What can you see? It makes a new link.",
        icon="clock",
        kind="",
    ),
}


def fault_view(
    error: ValetkeyError, *, request_id: str | None = None, message: Message | None = None
) -> FaultView:
    words = WORDS.get(error.code) or Words(error.title, error.detail, ("Nothing was changed.",), None)
    return _view(error.code, words, request_id, message)


def hint_view(code: str) -> FaultView:
    """A page that is no error of a request: `signed_out`, `ticket_used`."""
    return _view(code, WORDS[code], None, None)


def _view(code: str, words: Words, request_id: str | None, message: Message | None) -> FaultView:
    return FaultView(
        code=code,
        headline=words.headline,
        lead=words.lead,
        facts=words.facts,
        advice=words.advice,
        icon=words.icon,
        kind=words.kind,
        request_id=request_id,
        message=message,
    )
