"""`/admin/assistants`: the programs that may ask, their forms, their keys, their end. A key is on the answer to the request
that made it and nowhere else.
"""

from __future__ import annotations

from collections.abc import Mapping

from litestar import Controller, Response, get, post
from litestar.datastructures import FormMultiDict
from litestar.di import NamedDependency
from litestar.params import FromPath

from core import assistants, overview, revocation, workspaces
from core.assistants import Wish
from core.errors import BadRequest, InvalidBody, InvalidConfig, Missing
from core.grants import GrantFilter
from core.model import Assistant
from core.secret import Secret
from web.pages import forms
from web.pages.admin.faults import by_field
from web.pages.admin.revoke import affected_by, reason_in
from web.pages.admin.views import assistants as views
from web.pages.admin.views.revoke import delete_assistant_view
from web.pages.admin.visit import DEPENDENCIES, Visit
from web.pages.outcome import away

PAGE = 50
MAX_LINES_CHARS = 100_000


class Assistants(Controller):
    include_in_schema = False
    path = "/admin/assistants"
    dependencies = DEPENDENCIES

    @get()
    async def listed(self, visit: NamedDependency[Visit]) -> Response:
        house, workspace = visit.house, visit.workspace.id
        rows = await assistants.listed(
            house, workspace, visit.request.query_params.get("after", ""), PAGE + 1
        )
        following = f"/admin/assistants?after={rows[PAGE - 1].id}" if len(rows) > PAGE else ""
        keys = await overview.keys_by_assistant(house, workspace)
        view = views.assistants_view(rows[:PAGE], keys, following, visit.notice)
        return visit.page("assistants.html", view, "Assistants")

    @get("/new")
    async def ask_new(self, visit: NamedDependency[Visit]) -> Response:
        view = views.NewView(views.form_of(None, visit.house.registry))
        return visit.page("assistant_new.html", view, "Assistants")

    @post(status_code=200)
    async def make(self, visit: NamedDependency[Visit]) -> Response:
        fields = await visit.form()
        try:
            assistant, key = await assistants.create(visit.house, visit.actor, wish_in(fields))
        except (InvalidBody, InvalidConfig) as error:
            view = views.NewView(refilled(visit, fields, error))
            return visit.page("assistant_new.html", view, "Assistants", error.status)
        return key_page(visit, assistant, key, f"{assistant.name} is registered", None)

    @get("/{assistant_id:str}")
    async def one(self, visit: NamedDependency[Visit], assistant_id: FromPath[str]) -> Response:
        assistant = await assistants.get(visit.house, visit.workspace.id, assistant_id)
        return await shown(visit, assistant, views.form_of(assistant, visit.house.registry))

    @post("/{assistant_id:str}", status_code=303)
    async def save(self, visit: NamedDependency[Visit], assistant_id: FromPath[str]) -> Response:
        fields = await visit.form()
        try:
            await assistants.update(visit.house, visit.actor, assistant_id, wish_in(fields))
        except (InvalidBody, InvalidConfig) as error:
            assistant = await assistants.get(visit.house, visit.workspace.id, assistant_id)
            return await shown(visit, assistant, refilled(visit, fields, error), error.status)
        return away(f"/admin/assistants/{assistant_id}?done=saved")

    @get("/{assistant_id:str}/delete")
    async def ask_delete(self, visit: NamedDependency[Visit], assistant_id: FromPath[str]) -> Response:
        return await asked(visit, assistant_id)

    @post("/{assistant_id:str}/delete", status_code=303)
    async def delete(self, visit: NamedDependency[Visit], assistant_id: FromPath[str]) -> Response:
        reason, fault = reason_in(forms.text(await visit.form(), "reason"))
        if fault:
            return await asked(visit, assistant_id, fault)
        await assistants.delete(visit.house, visit.actor, assistant_id, reason)
        await revocation.revoke_matching(
            visit.house, visit.actor, GrantFilter(assistant=assistant_id), reason
        )
        return away("/admin/assistants?done=deleted")


class AssistantKeys(Controller):
    include_in_schema = False
    path = "/admin/assistants/{assistant_id:str}/keys"
    dependencies = DEPENDENCIES

    @post(status_code=200)
    async def make(self, visit: NamedDependency[Visit], assistant_id: FromPath[str]) -> Response:
        chosen = forms.text(await visit.form(), "expires_in")
        if chosen not in dict(views.LIFETIMES):
            raise BadRequest("Choose one of the lengths offered.")
        lasts_s = int(chosen) if chosen else None
        assistant = await assistants.get(visit.house, visit.workspace.id, assistant_id)
        _, key = await assistants.add_key(visit.house, visit.actor, assistant_id, lasts_s)
        ends = None if lasts_s is None else visit.house.now_ms() + lasts_s * 1000
        return key_page(visit, assistant, key, f"A new key for {assistant.name}", ends)

    @get("/{key_id:str}/revoke")
    async def ask_revoke(
        self, visit: NamedDependency[Visit], assistant_id: FromPath[str], key_id: FromPath[str]
    ) -> Response:
        assistant = await assistants.get(visit.house, visit.workspace.id, assistant_id)
        keys = await workspaces.keys_of(visit.house, visit.workspace.id, assistant_id)
        found = next((key for key in keys if key.id == key_id and key.revoked_at is None), None)
        if found is None:
            raise Missing("There is no such key, or it was revoked before.")
        now = visit.house.now_ms()
        others = sum(1 for key in keys if key.id != key_id and views.key_row(key, now).live)
        return visit.page(
            "assistant_key_revoke.html", views.key_revoke_view(assistant, found, others), "Assistants"
        )

    @post("/{key_id:str}/revoke", status_code=303)
    async def revoke(
        self, visit: NamedDependency[Visit], assistant_id: FromPath[str], key_id: FromPath[str]
    ) -> Response:
        await visit.form()
        await assistants.revoke_key(visit.house, visit.actor, assistant_id, key_id)
        return away(f"/admin/assistants/{assistant_id}?done=key-revoked")


def wish_in(fields: FormMultiDict) -> Wish:
    def optional(name: str) -> str | None:
        return forms.text(fields, name).strip() or None

    return Wish(
        name=forms.text(fields, "name"),
        description=optional("description"),
        logo_url=optional("logo_url"),
        homepage_url=optional("homepage_url"),
        allowed_origins=lines_in(fields, "allowed_origins"),
        return_urls=lines_in(fields, "return_urls"),
        default_return_url=optional("default_return_url"),
        tools=forms.texts(fields, "tools") or None,
    )


def lines_in(fields: FormMultiDict, name: str) -> tuple[str, ...]:
    """A text area's lines. It may be longer than other fields: it holds up to 50 addresses."""
    value = fields.get(name, "")
    if not isinstance(value, str) or len(value) > MAX_LINES_CHARS:
        raise BadRequest("A field of the form is not usable.")
    return tuple(dict.fromkeys(line.strip() for line in value.splitlines() if line.strip()))


def refilled(visit: Visit, fields: FormMultiDict, error: BadRequest) -> views.AssistantForm:
    """The form as it was filled in, with what is wrong."""
    typed: Mapping[str, str] = {name: str(fields.get(name, "")) for name in views.FIELDS if name != "tools"}
    connectors = list(visit.house.registry.connectors.values())
    groups = views.choices(connectors, forms.texts(fields, "tools"))
    return views.AssistantForm(**typed, groups=groups, faults=views.no_faults(by_field(error)))


async def shown(visit: Visit, assistant: Assistant, form: views.AssistantForm, status: int = 200) -> Response:
    house = visit.house
    keys = await workspaces.keys_of(house, visit.workspace.id, assistant.id)
    view = views.assistant_view(assistant, keys, form, house.now_ms(), visit.notice)
    return visit.page("assistant.html", view, "Assistants", status)


def key_page(visit: Visit, assistant: Assistant, key: Secret, title: str, ends: int | None) -> Response:
    curl = f'curl -H "Authorization: Bearer $VALETKEY_KEY" {visit.house.public_url}/v1/tools'
    view = views.NewKeyView(assistant.id, assistant.name, title, key.reveal(), ends, curl)
    return visit.page("assistant_key.html", view, "Assistants")


async def asked(visit: Visit, assistant_id: str, fault: str = "") -> Response:
    assistant = await assistants.get(visit.house, visit.workspace.id, assistant_id)
    found = await affected_by(visit, GrantFilter(assistant=assistant_id))
    view = delete_assistant_view(assistant, found, await visit.names(), visit.house.now_ms(), fault)
    return visit.page("delete.html", view, "Assistants", 422 if fault else 200)
