"""A workspace with twelve weeks of history, for the pictures of the admin's pages: what happened, happened through the API and
the consent pages, while the service's clock went from then to now.
"""

from __future__ import annotations

from pathlib import Path

from core import tickets
from core.clock import DAY_MS
from tests.harness.northwind import RunningNorthwind
from tests.harness.scene import Scene
from tests.harness.tenant import Assistant
from tests.web.pages.running import RunningValetkey

READS = ("find_deals", "find_contacts", "my_tasks")
CHANGES = ("find_deals", "move_deal", "add_task")
ALL = (*CHANGES, "find_contacts", "delete_task")

# week, person, account at Northwind, assistant, tools, days
ARRIVALS = (
    (0, "ada", "ada", 0, READS, "unlimited"),
    (0, "ben", "ben", 0, CHANGES, "unlimited"),
    (1, "cleo", "cleo", 1, READS, "90d"),
    (3, "dilan", "ada", 0, READS, "90d"),
    (4, "emre", "ben", 1, ALL, "unlimited"),
    (4, "fumiko", "cleo", 0, READS, "90d"),
    (6, "grace", "ada", 0, CHANGES, "90d"),
    (7, "henrik", "ben", 1, READS, "90d"),
    (7, "ines", "cleo", 0, READS, "unlimited"),
    (9, "jonas", "ada", 0, CHANGES, "30d"),
    (10, "kavya", "ben", 0, READS, "90d"),
    (11, "leila", "cleo", 1, READS, "30d"),
    (11, "marek", "ada", 0, ALL, "30d"),
)
LEAVING = {5: "cleo", 10: "fumiko"}
SILENT = ("dilan", "henrik")  # who agreed and never asked for anything


class Town:
    def __init__(self, folder: Path) -> None:
        self.northwind = RunningNorthwind()
        self.valetkey = RunningValetkey(folder)
        self.valetkey.later(-77 * DAY_MS)
        self.scene = Scene(self.valetkey, self.northwind)  # type: ignore[arg-type]
        self.assistants = (self.scene.assistant, self.scene.workspace.assistant("Field Notes"))
        self.grants: dict[str, tuple[Assistant, str]] = {}
        self._pass(0)
        for week in range(1, 12):
            self.valetkey.later(7 * DAY_MS)
            self._pass(week)

    def close(self) -> None:
        for assistant in self.assistants:
            assistant.close()
        self.scene.workspace.close()
        self.valetkey.close()
        self.northwind.close()

    def sign_in_link(self) -> str:
        ticket, _ = self.valetkey.run(tickets.admin(self.valetkey.house, self.scene.workspace.id))
        return f"{self.valetkey.url}/admin/sign-in?ticket={ticket.reveal()}"

    def _pass(self, week: int) -> None:
        """One week: people arrive, use what they have, and one may leave."""
        for begins, person, account, which, tools, duration in ARRIVALS:
            if begins == week:
                assistant = self.assistants[which]
                grant = self.scene.connect(
                    mail(person), account, tools, assistant=assistant, duration=duration,
                    purpose="to answer questions about your pipeline",
                )  # fmt: skip
                self.grants[person] = (assistant, grant["id"])
        for person, (assistant, grant) in list(self.grants.items()):
            if person == LEAVING.get(week):
                assistant.revoke(grant)
                del self.grants[person]
            elif person not in SILENT:
                for _ in range(1 + week % 3):
                    assistant.call("northwind.find_deals", mail(person))
                if week % 4 == 3:
                    assistant.call("northwind.find_deals", mail(person), {"limit": "many"})


def mail(person: str) -> str:
    return f"{person}@acme.example"
