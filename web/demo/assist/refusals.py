"""A refusal of Valetkey's in words for the person who asked. One place, so that no code ever reaches the chat.

Every code of the tool call's table in the API is here; what is not known is told as "did not work", never guessed.
"""

from __future__ import annotations

from collections.abc import Callable

from web.demo.assist.valetkey import Problem

# These carry `connect`.
CONSENT = frozenset({"consent_required", "reconnect_required", "grant_revoked", "grant_expired"})
PASSING = frozenset(
    {"rate_limited", "provider_rate_limited", "provider_error", "provider_timeout", "unreachable"}
)


def lead(problem: Problem, title: str, had_some: bool) -> str:
    """The sentence above the card that asks for access; still true once the card says connected.

    `had_some`: the person agreed to something before.
    """
    again = "To answer, I would need it again."
    if problem.code == "grant_revoked":
        return f"My access to {title} was stopped. {again}"
    if problem.code == "grant_expired":
        return f"The time you gave me in {title} is over. {again}"
    if problem.code == "reconnect_required":
        return f"{title} no longer accepts my connection. {again}"
    if had_some:
        return f"What you allowed me in {title} does not cover that. I need one more thing from you."
    return f"I need to use your {title} for that."


def _wait(problem: Problem) -> str:
    seconds = problem.fields.get("retry_after")
    if not isinstance(seconds, int | float) or seconds <= 0:
        return "in a moment"
    if seconds < 90:
        return f"in {round(seconds)} second{'s' if round(seconds) != 1 else ''}"
    return f"in {round(seconds / 60)} minutes"


def passing(problem: Problem, title: str, changed: bool) -> tuple[str, str]:
    """Heading and text for what will probably work later. `changed`: a change was under way, so it may have been made."""
    unsure = f"It may have been done all the same: look in {title} before you try again." if changed else ""
    if problem.code == "provider_rate_limited":
        return f"{title} asks me to slow down", f"Try again {_wait(problem)}; your question is kept."
    if problem.code == "rate_limited":
        return "That was a lot at once", f"Try again {_wait(problem)}; your question is kept."
    if problem.code == "provider_timeout":
        return (
            f"{title} did not answer in time",
            unsure or "Nothing was changed. Try again; your question is kept.",
        )
    if problem.code == "provider_error":
        number = problem.fields.get("provider_request_id")
        tail = f" The number for their support is {number}." if number else ""
        return f"{title} could not answer", (unsure or "Try again in a minute; your question is kept.") + tail
    return (
        "I cannot reach Valetkey",
        "It keeps your connections, so I can do nothing without it. Your question is kept.",
    )


_FINAL: dict[str, Callable[[Problem, str], str]] = {
    "grant_suspended": lambda p, t: (
        f"Your access to {t} is paused by your workspace's admin. Ask there to have it back."
    ),
    "policy_denied": lambda p, t: (
        f"Your workspace does not allow me to do that in {t}. Its admin can change the rule."
    ),
    "insufficient_scope": lambda p, t: (
        "I was not given this ability. Nothing you can do; it is my builder's to mend."
    ),
    "unknown_tool": lambda p, t: f"I have no way to do that in {t}.",
    "not_found": lambda p, t: f"I cannot find that in {t}.",
    "idempotency_conflict": lambda p, t: "That was already asked for in another form. Say it again, please.",
    "invalid_credentials": lambda p, t: (
        "Valetkey does not know me: my key is wrong or was taken back. My builder has to mend that."
    ),
}


def final(problem: Problem, title: str) -> str:
    """One sentence for what trying again will not mend."""
    if problem.code == "invalid_arguments":
        faults = problem.fields.get("errors") or []
        told = "; ".join(str(fault.get("message", "")) for fault in faults[:3] if isinstance(fault, dict))
        return f"{title} cannot work with that{': ' + told if told else ''}."
    if problem.code == "account_required":
        labels = [str(account.get("label", "")) for account in problem.fields.get("accounts", [])]
        return f"You connected several accounts of {title}. Which one shall I use: {', '.join(labels)}?"
    told_by = _FINAL.get(problem.code)
    if told_by is not None:
        return told_by(problem, title)
    return f"That did not work in {title}, and nothing was changed."
