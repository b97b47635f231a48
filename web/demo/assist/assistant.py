"""Acme Assist between the page and Valetkey: takes a sentence, answers it, and where consent is missing keeps the question.

A question that was refused waits in its card. When Valetkey has confirmed the grant for the person signed in here, the
question is asked again by itself. "Not now" is kept for the chat: the same thing is not asked for again unless the person
wants it to be. What is done with a sentence stands in `wishes.py` (no model) and `model.py` (a real one).
"""

from __future__ import annotations

from typing import Any, Protocol

from web.demo.assist import answers, cards, refusals
from web.demo.assist.chat import Ask, Chat, Message, Text
from web.demo.assist.desk import Desk, Refusal, Tool, Wanted, connector_title
from web.demo.assist.people import Person
from web.demo.assist.valetkey import Problem, Valetkey


class Question(Protocol):
    """Something a person said, ready to be worked on, again if need be. `turn` stays the same when it is."""

    turn: str
    said: str

    async def work(self, desk: Desk, chat: Chat) -> list[Any]:
        """The answer as blocks. Raises Refusal or Wanted when something is missing for it."""


class Understanding(Protocol):
    def hear(self, said: str, chat: Chat) -> Question: ...


class Assistant:
    """`url` is the chat's own address: its return URL for consent is `/connected`."""

    def __init__(self, valetkey: Valetkey, understanding: Understanding, url: str) -> None:
        self._valetkey, self._understanding, self._url = valetkey, understanding, url

    async def say(self, person: Person, chat: Chat, said: str) -> tuple[Message, Message]:
        """What was said and what is answered, both in the log."""
        heard, message = chat.hear(said), chat.answer([])
        await self._work(person, chat, message, self._understanding.hear(said, chat))
        return heard, message

    async def _work(
        self, person: Person, chat: Chat, message: Message, question: Question, after: Ask | None = None
    ) -> None:
        """Add the answer to `message`. `after`: the card the person has just said yes to."""
        try:
            tools = {tool.name: tool for tool in map(Tool.of, await self._valetkey.tools(person.id))}
            desk = Desk(self._valetkey, person, tools, question.turn)
            try:
                blocks = await question.work(desk, chat)
            except Refusal as refusal:
                blocks = await self._refused(person, chat, question, desk, refusal, after)
            except Wanted as wanted:
                blocks = await self._ask(person, chat, question, desk, wanted.tools)
        except Problem as problem:
            blocks = cards.told(problem, question, "Valetkey", changed=False)
        message.blocks += blocks

    async def _refused(
        self, person: Person, chat: Chat, question: Question, desk: Desk, refusal: Refusal, after: Ask | None
    ) -> list[Any]:
        problem, tool = refusal.problem, refusal.tool
        connect = problem.fields.get("connect")
        if problem.code not in refusals.CONSENT or not isinstance(connect, dict):
            return cards.told(problem, question, connector_title(tool.connector), changed=tool.risk != "read")
        missing = [
            desk.tools[name] for name in problem.fields.get("missing_tools", ()) if name in desk.tools
        ] or [tool]
        ask = cards.card(question, missing, connect, reconnect=problem.code == "reconnect_required")
        if after is not None and problem.code == "consent_required":
            ask.state, ask.note = "declined", "What you allowed does not cover this."
            return [Text(f"I still may not do that in {ask.connector_title}, so I leave it."), ask]
        if {tool.name for tool in missing} <= chat.declined:
            ask.state, ask.note = "declined", "You said not now to this."
            return [Text("Without that I cannot answer."), ask]
        had_some = any(other.granted for other in desk.tools.values() if other.connector == tool.connector)
        return [Text(refusals.lead(problem, ask.connector_title, had_some)), ask]

    async def _ask(
        self, person: Person, chat: Chat, question: Question, desk: Desk, tools: list[Tool]
    ) -> list[Any]:
        """One card for several tools at once, with a session of our own making."""
        why = cards.purpose(question.said)
        session = await self._valetkey.connect(
            person.as_user(),
            tools[0].connector,
            [cards.asked(tool, why) for tool in tools],
            why,
        )
        ask = cards.card(question, tools, session)
        if {tool.name for tool in tools} <= chat.declined:
            ask.state, ask.note = "declined", "You said not now to this."
            return [Text("Without that I cannot answer."), ask]
        return [Text(f"I need to use your {ask.connector_title} for that."), ask]

    # ---- the card ---------------------------------------------------------------------------------------------

    async def confirm(self, person: Person, chat: Chat, session: str, code: str) -> dict[str, Any]:
        """The code that arrived here, confirmed for who is signed in here. Raises Problem; the card says how it went.

        `account_required` is no end: the person chooses an account at Valetkey, and another code arrives.
        """
        found = chat.find_session(session)
        try:
            grant = await self._valetkey.confirm(session, person.id, code)
        except Problem as problem:
            if found is not None and problem.code not in ("already_confirmed", "account_required"):
                found[1].state, found[1].note = "failed", cards.why_not(problem, found[1].connector_title)
            raise
        if found is not None:
            ask = found[1]
            ask.state, ask.account = "connected", answers.account(grant)
            ask.until = answers.until(grant.get("expires_at"))
            chat.declined -= {tool.name for tool in ask.tools}
        return grant

    async def go_on(self, person: Person, chat: Chat, ask_id: str) -> Message | None:
        """The pending question, now that it may be answered; once, however often the page says that it is connected."""
        found = chat.find(ask_id)
        if found is None:
            return None
        message, ask = found
        if isinstance(ask, Ask) and ask.state == "connected" and ask.again is not None:
            question, ask.again = ask.again, None
            await self._work(person, chat, message, question, after=ask)
        return message

    async def decline(self, chat: Chat, ask_id: str) -> Message | None:
        found = chat.find(ask_id)
        if found is None:
            return None
        message, ask = found
        if isinstance(ask, Ask) and ask.state in ("open", "failed"):
            chat.declined |= {tool.name for tool in ask.tools}
            ask.state, ask.note = "declined", "Nothing was stored."
            what = " or ".join(answers.lower_first(tool.title) for tool in ask.tools)
            message.blocks.append(
                Text(f"Then I cannot {what} in {ask.connector_title}. Ask me anything else.")
            )
        return message

    async def failed(self, chat: Chat, ask_id: str) -> Message | None:
        found = chat.find(ask_id)
        if found is None:
            return None
        message, ask = found
        if isinstance(ask, Ask) and ask.state == "open":
            ask.state, ask.note = "failed", await self._ended(ask)
        return message

    async def _ended(self, ask: Ask) -> str:
        """Why the session came to nothing, from Valetkey and not from the page."""
        try:
            session = await self._valetkey.session(ask.session)
        except Problem:
            return "Nothing was connected. Your question is kept."
        if session.get("status") == "expired":
            return "The request ran out before it was answered. Your question is kept."
        return "Nothing was connected and nothing was stored. Your question is kept."

    async def again(self, person: Person, chat: Chat, block_id: str) -> Message | None:
        """Work on a kept question anew, because the person wants it."""
        found = chat.find(block_id)
        if found is None or found[1].again is None:
            return None if found is None else found[0]
        message, block = found
        if isinstance(block, Ask):
            chat.declined -= {tool.name for tool in block.tools}
        message.blocks.clear()
        await self._work(person, chat, message, block.again)
        return message

    async def renew(
        self, person: Person, chat: Chat, ask_id: str, *, in_this_tab: bool = False
    ) -> Ask | None:
        """The card with a session of its own making: for another try, or, `in_this_tab`, for the way without a popup.

        None when there is no such card or it has been answered.
        """
        found = chat.find(ask_id)
        if found is None or not isinstance(found[1], Ask) or found[1].again is None:
            return None
        ask = found[1]
        why = cards.purpose(ask.again.said)
        session = await self._valetkey.connect(
            person.as_user(),
            ask.connector,
            [cards.asked(tool, why) for tool in ask.tools],
            why,
            self._url + "/connected" if in_this_tab else None,
        )
        ask.session, ask.url, ask.state = str(session["id"]), str(session["url"]), "open"
        return ask

    async def returned(self, person: Person, chat: Chat, session: str, code: str, error: str) -> Message:
        """The person is back at the return URL with a code, or with the provider's refusal.

        Raises Problem `account_required`, whose `connect` says where the person chooses an account first.
        """
        found = chat.find_session(session)
        if error and found:
            end = self.decline if error == "access_denied" else self.failed
            return await end(chat, found[1].id) or found[0]
        if error:
            return chat.answer([Text("Nothing was connected and nothing was stored.")])
        try:
            grant = await self.confirm(person, chat, session, code)
        except Problem as problem:
            if problem.code == "account_required":
                raise
            return found[0] if found else chat.answer([Text(cards.why_not(problem, "The other side"))])
        if found is None:
            return chat.answer([Text(f"{connector_title(grant['connector'])} is connected.")])
        return await self.go_on(person, chat, found[1].id) or found[0]

    async def portal(self, person: Person) -> str:
        return await self._valetkey.portal(person.id, self._url + "/")
