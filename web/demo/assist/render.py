"""The chat's pages as HTML: its own Jinja2 environment, everything escaped."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from web.demo.assist.chat import Message
from web.demo.assist.people import PEOPLE, Visit
from web.demo.assist.sentences import EXAMPLES

HERE = Path(__file__).parent


class Render:
    def __init__(self, valetkey_url: str) -> None:
        self._env = Environment(
            loader=FileSystemLoader(HERE / "templates"),
            autoescape=True,
            undefined=StrictUndefined,
            trim_blocks=True,
        )
        self._env.globals["valetkey_url"] = valetkey_url

    def page(self, visit: Visit) -> str:
        return self._env.get_template("page.html").render(
            person=visit.person, people=PEOPLE.values(), chat=visit.chat, examples=EXAMPLES
        )

    def messages(self, messages: Sequence[Message]) -> str:
        return self._env.get_template("fragment.html").render(messages=messages)
