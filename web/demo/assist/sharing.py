"""What the person has allowed, told in the chat, and ended in the chat.

Both work without a model on purpose: nobody should have to talk a machine into letting go.
"""

from __future__ import annotations

from typing import Any

from web.demo.assist import answers
from web.demo.assist.chat import Access, Choices, Source, Text
from web.demo.assist.desk import Desk, Tool, connector_title

_STATES = {
    "active": "",
    "needs_reconnect": "Has to be connected again",
    "suspended": "Paused by your workspace's admin",
    "expired": "The time is over",
    "revoked": "Stopped",
}
LIVE = ("active", "needs_reconnect", "suspended")


async def share(desk: Desk) -> list[Any]:
    """Every live connection with what it allows; the page with every single use is one press away."""
    tools = desk.tools
    live = [grant for grant in await desk.grants() if grant["status"] in LIVE]
    if not live:
        text = "Nothing. You have not connected anything, so I see no data of yours and can change none."
        return [Text(text), Choices(["Show my open deals"])]
    blocks: list[Any] = [Text("This is all you have allowed me. I cannot see or do anything else.")]
    blocks += [_access(grant, tools) for grant in live]
    blocks.append(Source("Everything I read or changed, and when, is on your own page", "See or stop"))
    return [*blocks, Choices(["Stop access"])]


def _access(grant: dict[str, Any], tools: dict[str, Tool]) -> Access:
    allowed = [tools[name] for name in grant["tools"] if name in tools]
    return Access(
        title=connector_title(grant["connector"]),
        account=answers.account(grant),
        tools=[(tool.title, tool.risk) for tool in allowed],
        until=answers.until(grant.get("expires_at")),
        state=_STATES.get(grant["status"], ""),
        logo=grant["connector"],
    )


async def stop(desk: Desk) -> list[Any]:
    """End every live grant at once: stopping takes one sentence, as asking did."""
    live = [grant for grant in await desk.grants() if grant["status"] in LIVE]
    if not live:
        return [Text("There is nothing to stop: I have no access to anything of yours.")]
    told = [_stopped(grant, await desk.revoke(grant["id"])) for grant in live]
    return [Text("\n".join(told)), Source("What I did until now stays on your own page", "See it")]


def _stopped(grant: dict[str, Any], answer: dict[str, Any]) -> str:
    title = connector_title(grant["connector"])
    head = f"Stopped. I can no longer see or change anything in your {title}."
    match answer.get("upstream"):
        case "revoked":
            return f"{head} {title} has confirmed it."
        case "pending":
            return f"{head} {title} has not confirmed yet; Valetkey keeps telling it."
        case "unsupported":
            where = answer.get("manage_url")
            return f"{head} {title} cannot be told by machine" + (
                f": remove the connection at {where}." if where else "."
            )
    return head
