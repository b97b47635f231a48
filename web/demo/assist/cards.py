"""The cards of the chat: one that asks for access, one that keeps a question after something outside failed."""

from __future__ import annotations

from typing import Any

from web.demo.assist import refusals
from web.demo.assist.answers import lower_first
from web.demo.assist.chat import Ask, AskTool, Retry, Text, new_id
from web.demo.assist.desk import Tool, connector_title
from web.demo.assist.valetkey import Problem

MOST_QUOTED = 140


def purpose(said: str) -> str:
    """Why we ask, in our words; Valetkey shows it as a quotation of ours, also as the reason of a tool."""
    quoted = said if len(said) <= MOST_QUOTED else said[: MOST_QUOTED - 1] + "…"
    return f"to answer “{quoted}”"


def asked(tool: AskTool | Tool, why: str) -> dict[str, Any]:
    """One entry of a connect session's `tools`: without it the question cannot be answered, so it is required."""
    return {"tool": tool.name, "required": True, "reason": why}


def card(question: Any, tools: list[Tool], connect: dict[str, Any], *, reconnect: bool = False) -> Ask:
    """The card for a ready session `connect` {id, url}; `question` waits in it."""
    title = connector_title(tools[0].connector)
    return Ask(
        id=new_id("ask"),
        connector=tools[0].connector,
        connector_title=title,
        tools=[AskTool(tool.name, tool.title, tool.risk) for tool in tools],
        heading=_heading(tools, title, reconnect),
        why=_why(tools, title, reconnect),
        session=str(connect["id"]),
        url=str(connect["url"]),
        again=question,
        reconnect=reconnect,
    )


def _heading(tools: list[Tool], title: str, reconnect: bool) -> str:
    if reconnect:
        return f"Reconnect {title}"
    return (
        tools[0].title
        if len(tools) == 1
        else " and ".join([tools[0].title, *(lower_first(t.title) for t in tools[1:])])
    )


def _why(tools: list[Tool], title: str, reconnect: bool) -> str:
    """One sentence why, and for a single tool what it sees or changes, in the connector's own words."""
    if reconnect:
        return f"{title} ended the connection. What you allowed stays the same, and your question is kept."
    reads = all(tool.risk == "read" for tool in tools)
    need = f"Acme Assist needs this in your {title} {'to answer' if reads else 'for that'}."
    if len(tools) > 1:
        return f"{need} Nothing else is added."
    tool = tools[0]
    if tool.risk == "read":
        return f"{need} It sees {tool.sees}, and cannot change anything." if tool.sees else need
    return f"{need} It {tool.changes}." if tool.changes else need


def told(problem: Problem, question: Any, title: str, *, changed: bool) -> list[Any]:
    """A refusal no consent mends: what happened, and a way to try again where that may help."""
    if problem.code in refusals.PASSING:
        heading, text = refusals.passing(problem, title, changed)
        return [Retry(new_id("retry"), heading, text, question)]
    return [Text(refusals.final(problem, title))]


def why_not(problem: Problem, title: str) -> str:
    """What a failed confirmation says in the card."""
    if problem.code == "user_mismatch":
        return "This request was made for somebody else, so it was ended. Nothing was connected."
    if problem.code == "session_ended":
        return "The request ran out before it was finished. Nothing was connected."
    if problem.code in ("provider_error", "provider_timeout"):
        return f"{title} did not answer. Nothing was connected; try again in a minute. Your question is kept."
    return "That could not be finished, and nothing was connected. Your question is kept."
