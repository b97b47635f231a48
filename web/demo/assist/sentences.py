"""What the assistant without a model understands: a handful of sentences, each turned into a `Wish`.

No grammar and no guessing: a sentence fits one of the forms below or the answer is the list of what can be said. Dates are
those of the server's zone; a week ends on Sunday.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from datetime import date, timedelta

MOST_CHARACTERS = 500
DAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
EXAMPLES = (
    "Show my open deals",
    "Which deals close this week?",
    "Find contacts at Halcyon Hotels",
    "Show my tasks",
    "Add a task: call Ada tomorrow",
    "What can you see?",
)


@dataclass(frozen=True)
class Wish:
    """What somebody wants, and the words of theirs that matter for it."""

    kind: str
    words: dict[str, str] = field(default_factory=dict)


# Tried in this order; a form has to fit the whole sentence. Several forms of one kind stand below each other.
_FORMS = tuple(
    (kind, re.compile(form, re.IGNORECASE))
    for kind, form in (
        ("sharing", r"what (?:can|do|may) you (?:see|know|do\b.*)|what do i share|who (?:can|may) see .+"),
        ("stop", r"(?:please )?(?:stop|disconnect)(?: access| everything| it| northwind.*)?"),
        ("stop", r"(?:revoke|end|stop) (?:your |my |all )?access"),
        ("help", r"help|what can i (?:ask|say|do)|hello|hi|hey"),
        ("more", r"(?:show )?(?:me )?(?:more|the rest)|next"),
        (
            "move_deal",
            r"(?:move|put) (?:the |my )?(?:deal )?(?P<deal>.+?)(?: deal)? (?:in)?to (?:stage )?(?P<stage>[\w ]+)",
        ),
        ("add_task", r"(?:add|create|make) (?:me )?(?:a )?(?:new )?task(?: to\b)?:? (?P<title>.+)"),
        ("add_task", r"remind me to (?P<title>.+)"),
        ("complete_task", r"(?:complete|finish|tick off) (?:the |my )?(?:task )?(?P<task>.+)"),
        ("complete_task", r"mark (?:the |my )?(?:task )?(?P<task>.+?) (?:as )?done"),
        ("deals_due", r".*\bdeals?\b.*\b(?:clos\w+|due)\b.*\b(?P<when>this week|next week|this month)\b.*"),
        ("deals_at", r".*\bdeals?\b (?:at|of|with|for|from) (?P<company>.+)"),
        ("deals", r".*\b(?:deals?|pipeline)\b.*"),
        ("contacts_at", r".*\b(?:contacts?|people)\b (?:at|of|from|in|for) (?P<company>.+)"),
        ("contacts_at", r"who works (?:at|for) (?P<company>.+)"),
        ("tasks", r".*\b(?:tasks?|to-?dos?)\b.*"),
        ("projects", r".*\bprojects?\b.*"),
        ("companies", r".*\b(?:companies|customers)\b.*"),
        ("contacts", r"(?:show|list)(?: me)?(?: my| all| the)* (?:contacts|people)"),
        (
            "contacts_named",
            r"(?:find|look up|search for|who is|who's) (?:the |my )?(?:contact |person )?(?:named |called )?(?P<name>.+)",
        ),
    )
)
_DUE = re.compile(
    r"^(?P<title>.+?),? (?:(?:by|on|for|due|until|next) )*(?P<due>today|tomorrow|" + "|".join(DAYS)
    + r"|\d{4}-\d\d-\d\d|in \d{1,3} days?)$",
    re.IGNORECASE,
)  # fmt: skip


def understand(text: str) -> Wish | None:
    """The wish behind a sentence, or None when it is none of the forms."""
    said = " ".join(text[:MOST_CHARACTERS].split()).strip(" .!?")
    for kind, form in _FORMS:
        match = form.fullmatch(said)
        if match:
            words = {name: value.strip(" \"'“”‘’") for name, value in match.groupdict().items() if value}
            return Wish(kind, words)
    return None


def due(text: str, today: date) -> tuple[str, date | None]:
    """A task's title without the day it ends with, and that day: `call Ada tomorrow` -> (`call Ada`, tomorrow)."""
    match = _DUE.match(text)
    if match is None:
        return text, None
    day = _day(match["due"].lower(), today)
    return (match["title"].strip(" ,"), day) if day else (text, None)


def _day(word: str, today: date) -> date | None:
    if word in ("today", "tomorrow"):
        return today + timedelta(days=word == "tomorrow")
    if word in DAYS:  # the next such day, never today
        return today + timedelta(days=(DAYS.index(word) - today.weekday() - 1) % 7 + 1)
    if word.startswith("in "):
        return today + timedelta(days=int(word.split()[1]))
    try:
        return date.fromisoformat(word)
    except ValueError:
        return None
