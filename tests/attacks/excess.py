"""A provider that gives more than was asked, and what an assistant would do with it."""

from __future__ import annotations

from typing import Any

import httpx

from core.recording import Alive
from tests.flows.stage import Stage
from tests.harness.tenant import made
from tests.harness.walker import Walker
from web.demo.northwind.records import Project


def connect_with_more(stage: Stage, walker: Walker) -> tuple[dict[str, Any], str]:
    """The grant for `read` of a provider that gives the scope of `write` too, and its page's words."""
    session = stage.session("u1", [stage.read])
    stage.approve(walker, session["url"])
    stage.gives_more(stage.write_scope)
    code = stage.provider.consent(walker, "ada").message["code"]
    grant = made(stage.assistant.confirm(session["id"], "u1", code))["grant"]
    return grant, walker.open(session["url"]).words


def writing(stage: Stage) -> dict[str, Any]:
    """Arguments with which `stage.write` would do something."""
    if stage.provider.slug == "oidcp":
        return {"name": "slipped in"}
    book = stage.provider.inside.book  # type: ignore[attr-defined]
    projects = book.all(Project, book.people["us_ada"])
    return {"project_id": projects[0].id, "title": "slipped in"}


def covers_whatever_lives(grant: Alive | None, tool: str) -> bool:
    """The mutation of `recording.deliverable`: a grant that has not ended is enough to hand out a result."""
    return grant is not None


def refused(answer: httpx.Response) -> bool:
    return answer.status_code == 403 and answer.json()["code"] == "consent_required"
