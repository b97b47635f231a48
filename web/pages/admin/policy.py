"""`/admin/policy`: the workspace's rules as a form."""

from __future__ import annotations

from litestar import Controller, Response, get, post
from litestar.datastructures import FormMultiDict
from litestar.di import NamedDependency

from core import workspaces
from core.connector import Connector
from core.errors import InvalidBody
from core.model import Policy
from web.pages import forms
from web.pages.admin.views.policy import patterns, policy_view
from web.pages.admin.visit import DEPENDENCIES, Visit
from web.pages.outcome import away


class PolicyPage(Controller):
    include_in_schema = False
    path = "/admin/policy"
    dependencies = DEPENDENCIES

    @get()
    async def show(self, visit: NamedDependency[Visit]) -> Response:
        view = policy_view(visit.workspace.policy, connectors(visit), notice=visit.notice)
        return visit.page("policy.html", view, "Policy")

    @post(status_code=303)
    async def save(self, visit: NamedDependency[Visit]) -> Response:
        fields, known = await visit.form(), connectors(visit)
        policy = visit.workspace.policy
        try:
            policy = policy_in(fields, known)
            await workspaces.put_policy(visit.house, visit.actor, policy)
        except InvalidBody as error:
            return visit.page(
                "policy.html", policy_view(policy, known, fault=fault_of(error)), "Policy", error.status
            )
        return away("/admin/policy?done=saved")


def connectors(visit: Visit) -> list[Connector]:
    return list(visit.house.registry.connectors.values())


def policy_in(fields: FormMultiDict, known: list[Connector]) -> Policy:
    """Raises InvalidBody for a number that is none."""
    everything = forms.text(fields, "allow") != "some"
    return Policy(
        connectors=None if everything else forms.texts(fields, "connectors"),
        tools=None if everything else patterns(known, forms.texts(fields, "tools")),
        max_grant_days=_number(fields, "max_grant_days"),
        calls_per_minute=_number(fields, "calls_per_minute"),
    )


def _number(fields: FormMultiDict, name: str) -> int | None:
    text = forms.text(fields, name).strip()
    if not text:
        return None
    if not text.isascii() or not text.isdigit() or len(text) > 9:
        raise InvalidBody(
            "Write a whole number, or nothing.",
            errors=[{"path": f"/{name}", "message": "is no whole number"}],
        )
    return int(text)


def fault_of(error: InvalidBody) -> str:
    said = "; ".join(str(one.get("message", "")) for one in error.fields.get("errors", []))
    return f"{error.detail} ({said}.)" if said else error.detail
