"""A browser in which an admin of the stage's workspace is signed in."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from core import tickets
from tests.harness.scene import Scene
from tests.harness.walker import Page, Walker
from tests.web.pages.running import RunningValetkey


class Desk:
    """`open("/grants")` opens `/admin/grants`; `walker` sends the forms of what is open."""

    def __init__(self, valetkey: RunningValetkey, workspace: str, walker: Walker) -> None:
        self.valetkey, self.workspace, self.walker = valetkey, workspace, walker

    def link(self) -> str:
        ticket, _ = self.valetkey.run(tickets.admin(self.valetkey.house, self.workspace))
        return f"{self.valetkey.url}/admin/sign-in?ticket={ticket.reveal()}"

    def sign_in(self) -> Page:
        self.walker.open(self.link())
        return self.walker.submit("/admin/sign-in")

    def open(self, path: str = "") -> Page:
        return self.walker.open(f"{self.valetkey.url}/admin{path}")


@pytest.fixture
def desk(valetkey: RunningValetkey, stage: Scene, walker: Walker) -> Desk:
    one = Desk(valetkey, stage.workspace.id, walker)
    one.sign_in()
    return one


@pytest.fixture
def stranger(valetkey: RunningValetkey) -> Iterator[Desk]:
    """An admin of another workspace."""
    workspace = valetkey.workspace("Globex")
    with Walker() as walker:
        one = Desk(valetkey, workspace.id, walker)
        one.sign_in()
        yield one
    workspace.close()
