"""What is done with each sentence the assistant without a model understands: which tools, and how the answer reads.

A wish may be worked on twice, before and after consent, so it begins from the start each time; a change carries the turn's
name and is made once. A change is made only when exactly one record fits: otherwise the person chooses.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace
from datetime import date
from typing import Any

from web.demo.assist import answers, sharing
from web.demo.assist.chat import Chat, Choices, Source, Table, Text, new_id
from web.demo.assist.desk import Desk, connector_title
from web.demo.assist.sentences import EXAMPLES, Wish, due, understand

TITLE = connector_title("northwind")
PAGE = 10
ALWAYS = frozenset({"sharing", "stop"})  # never left to a model
STAGES = ("lead", "qualified", "proposal", "negotiation", "won", "lost")
Blocks = list[Any]
Words = dict[str, str]


class RuleQuestion:
    """One sentence, understood or not."""

    def __init__(self, said: str, wish: Wish | None) -> None:
        self.turn, self.said, self._wish = new_id("turn"), said, wish

    async def work(self, desk: Desk, chat: Chat) -> Blocks:
        if self._wish is None:
            return [
                Text("I did not understand that. I am a small assistant; this is what I can do:"),
                *_help(),
            ]
        return await _DEEDS[self._wish.kind](desk, chat, self._wish.words)


class Wishes:
    """Understands sentences by their form; see sentences.py."""

    def hear(self, said: str, chat: Chat) -> RuleQuestion:
        return RuleQuestion(said, understand(said))


def _help() -> Blocks:
    return [Choices(list(EXAMPLES))]


async def _show_help(desk: Desk, chat: Chat, words: Words) -> Blocks:
    return [Text(f"Ask me about your deals, contacts, projects and tasks in {TITLE}, for example:"), *_help()]


async def _share(desk: Desk, chat: Chat, words: Words) -> Blocks:
    return await sharing.share(desk)


async def _stop(desk: Desk, chat: Chat, words: Words) -> Blocks:
    return await sharing.stop(desk)


# ---- lists --------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Listing:
    """A list that was asked for, so that "more" can go on with it."""

    tool: str
    arguments: dict[str, Any]
    noun: str
    table: Callable[[list[dict[str, Any]], str], Table]
    head: Callable[[list[dict[str, Any]], bool], str]
    none: str
    cursor: str | None = None


async def _show(desk: Desk, chat: Chat, listing: Listing) -> Blocks:
    answer = await desk.use(listing.tool, {**listing.arguments, "limit": PAGE, "cursor": listing.cursor})
    found, cursor = answers.items(answer), answer.get("next")
    chat.more = replace(listing, cursor=cursor) if cursor else None
    if not found:
        return [Text(listing.none), answers.source(answer, listing.noun, TITLE)]
    caption = listing.head(found, bool(cursor or listing.cursor))
    blocks = [Text(caption), listing.table(found, caption), answers.source(answer, listing.noun, TITLE)]
    return [*blocks, Choices(["Show more"])] if cursor else blocks


async def _more(desk: Desk, chat: Chat, words: Words) -> Blocks:
    if chat.more is None:
        return [Text("There is nothing more to show.")]
    return await _show(desk, chat, chat.more)


def _head(noun: str, rest: str) -> Callable[[list[dict[str, Any]], bool], str]:
    """`Three contacts at Halcyon.`; where there are more pages the number says nothing, so it is left out."""

    def head(found: list[dict[str, Any]], part: bool) -> str:
        if part:
            return f"{answers.plural(noun).capitalize()}{rest}, {len(found)} of them:"
        return f"{answers.in_words(len(found), noun)}{rest}."

    return head


def _deals_head(rest: str) -> Callable[[list[dict[str, Any]], bool], str]:
    def head(found: list[dict[str, Any]], part: bool) -> str:
        amount = answers.total(found)
        worth = f", worth {amount}{' together' if len(found) > 1 else ''}" if amount else ""
        if part:
            return f"{len(found)} of your open deals{rest}, by closing date{worth}:"
        return f"{answers.in_words(len(found), 'open deal')}{rest}{worth}."

    return head


def _deals_listing(arguments: dict[str, Any], rest: str, none: str) -> Listing:
    return Listing("northwind.find_deals", arguments, "deal", answers.deals, _deals_head(rest), none)


async def _deals(desk: Desk, chat: Chat, words: Words) -> Blocks:
    return await _show(desk, chat, _deals_listing({}, "", "You have no open deals."))


async def _deals_at(desk: Desk, chat: Chat, words: Words) -> Blocks:
    company = words["company"]
    none = f"I find no open deal of yours with “{company}”."
    return await _show(desk, chat, _deals_listing({"query": company}, f" with {company}", none))


async def _deals_due(desk: Desk, chat: Chat, words: Words) -> Blocks:
    when = words["when"].lower()
    asked = {"closing": when.replace(" ", "_")}
    return await _show(
        desk, chat, _deals_listing(asked, f" closing {when}", f"None of your open deals closes {when}.")
    )


def _contacts_listing(arguments: dict[str, Any], rest: str, none: str) -> Listing:
    head = _head("contact", rest)
    return Listing("northwind.find_contacts", arguments, "contact", answers.contacts, head, none)


async def _contacts(desk: Desk, chat: Chat, words: Words) -> Blocks:
    return await _show(desk, chat, _contacts_listing({}, "", f"There are no contacts in your {TITLE}."))


async def _contacts_at(desk: Desk, chat: Chat, words: Words) -> Blocks:
    company = words["company"]
    none = f"I find no contact at “{company}”."
    return await _show(desk, chat, _contacts_listing({"company": company}, f" at {company}", none))


async def _contacts_named(desk: Desk, chat: Chat, words: Words) -> Blocks:
    name = words["name"]
    none = f"I find nobody for “{name}”."
    return await _show(desk, chat, _contacts_listing({"query": name}, f" for “{name}”", none))


async def _companies(desk: Desk, chat: Chat, words: Words) -> Blocks:
    head, none = _head("company", f" in your {TITLE}"), f"There are no companies in your {TITLE}."
    return await _show(
        desk, chat, Listing("northwind.find_companies", {}, "company", answers.companies, head, none)
    )


async def _tasks(desk: Desk, chat: Chat, words: Words) -> Blocks:
    head, none = _head("open task", " of yours"), "You have no open tasks."
    return await _show(desk, chat, Listing("northwind.my_tasks", {}, "task", answers.tasks, head, none))


async def _projects(desk: Desk, chat: Chat, words: Words) -> Blocks:
    head, none = _head("project", " you can see"), "You see no projects."
    return await _show(
        desk, chat, Listing("northwind.find_projects", {}, "project", answers.projects, head, none)
    )


# ---- changes ------------------------------------------------------------------------------------------------------


async def _move_deal(desk: Desk, chat: Chat, words: Words) -> Blocks:
    name, stage = words["deal"], words["stage"].lower().strip()
    if stage not in STAGES:
        return [Text(f"{TITLE} has no stage “{stage}”. There are {', '.join(STAGES[:-1])} and {STAGES[-1]}.")]
    desk.need("northwind.find_deals", "northwind.move_deal")
    found = answers.items(await desk.use("northwind.find_deals", {"query": name, "limit": PAGE}))
    if len(found) != 1:
        sentences = [f"Move “{answers.short(deal.get('title'))}” to {stage}" for deal in found]
        return _choose(found, sentences, "open deal", name)
    deal = found[0]
    if deal.get("stage") == stage:
        return [Text(f"“{answers.short(deal.get('title'))}” is in {stage} already, so I changed nothing.")]
    await desk.use("northwind.move_deal", {"deal_id": deal["id"], "stage": stage})
    before = answers.short(deal.get("stage"))
    return [
        Text(f"Done: “{answers.short(deal.get('title'))}” went from {before} to {stage}."),
        Source(f"Read 1 deal and changed it in {TITLE} just now"),
    ]


async def _complete_task(desk: Desk, chat: Chat, words: Words) -> Blocks:
    name = words["task"]
    desk.need("northwind.my_tasks", "northwind.complete_task")
    found = answers.items(await desk.use("northwind.my_tasks", {"query": name, "limit": PAGE}))
    if len(found) != 1:
        sentences = [f"Complete “{answers.task_name(task)}”" for task in found]
        return _choose(found, sentences, "open task", name)
    await desk.use("northwind.complete_task", {"task_id": found[0]["id"]})
    return [
        Text(f"Done: “{answers.short(found[0].get('title'))}” is off your list."),
        Source(f"Read 1 task and completed it in {TITLE} just now"),
    ]


async def _add_task(desk: Desk, chat: Chat, words: Words) -> Blocks:
    """The task goes to the project the sentence ends with, else to the first active one; the answer says which."""
    title, day = due(words["title"], date.today())
    desk.need("northwind.find_projects", "northwind.add_task")
    title, _, wanted = title.rpartition(" in project ") if " in project " in title else (title, "", "")
    found = answers.items(
        await desk.use("northwind.find_projects", {"query": wanted, "status": "active", "limit": 1})
    )
    if not found:
        return [Text(f"I find no active project{f' “{wanted}”' if wanted else ''} to put the task in.")]
    project = answers.short(found[0].get("title"))
    title = title[:1].upper() + title[1:]
    arguments = {
        "project_id": found[0]["id"],
        "title": title[:200],
        "due_on": day.isoformat() if day else None,
    }
    await desk.use("northwind.add_task", arguments)
    when = f", due {answers.long_day(day)}" if day else ""
    return [
        Text(f"Added to {project}: “{answers.short(title)}”{when}."),
        Source(f"Read 1 project and added 1 task in {TITLE} just now"),
    ]


def _choose(found: list[dict[str, Any]], sentences: list[str], noun: str, name: str) -> Blocks:
    """None, or several: nothing was changed."""
    if not found:
        return [Text(f"I find no {noun} of yours for “{name}”, so I changed nothing.")]
    said = f"{answers.in_words(len(found), noun)} fit “{name}”. I changed nothing; which one do you mean?"
    return [Text(said), Choices(sentences[:5])]


_DEEDS: dict[str, Callable[[Desk, Chat, Words], Awaitable[Blocks]]] = {
    "sharing": _share,
    "stop": _stop,
    "help": _show_help,
    "more": _more,
    "move_deal": _move_deal,
    "add_task": _add_task,
    "complete_task": _complete_task,
    "deals_due": _deals_due,
    "deals_at": _deals_at,
    "deals": _deals,
    "contacts_at": _contacts_at,
    "contacts_named": _contacts_named,
    "contacts": _contacts,
    "tasks": _tasks,
    "projects": _projects,
    "companies": _companies,
}
