"""`/admin/connectors`: what is registered, the form of one registration, and deleting it."""

from __future__ import annotations

from litestar import Controller, Response, get, post
from litestar.datastructures import FormMultiDict
from litestar.di import NamedDependency
from litestar.params import FromPath
from msgspec import UNSET, UnsetType

from core import registrations, revocation
from core.connector import Connector
from core.errors import Conflict, InvalidBody, InvalidConfig, Missing, ValetkeyError
from core.grants import GrantFilter
from core.model import Registration
from core.registrations import ReadClient, Wish
from core.secret import Secret
from web.pages import forms
from web.pages.admin.faults import by_field
from web.pages.admin.revoke import affected_by, reason_in
from web.pages.admin.views.connectors import config_names, connector_view, connectors_view, read_client_view
from web.pages.admin.views.revoke import delete_connector_view
from web.pages.admin.visit import DEPENDENCIES, Visit
from web.pages.outcome import away

MOST = 200


class Connectors(Controller):
    include_in_schema = False
    path = "/admin/connectors"
    dependencies = DEPENDENCIES

    @get()
    async def listed(self, visit: NamedDependency[Visit]) -> Response:
        found = await registrations.listed(visit.house, visit.workspace.id, "", MOST)
        view = connectors_view(visit.house.registry, {one.slug: one for one in found}, visit.notice)
        return visit.page("connectors.html", view, "Connectors")

    @get("/{slug:str}")
    async def one(self, visit: NamedDependency[Visit], slug: FromPath[str]) -> Response:
        return await shown(visit, slug)

    @post("/{slug:str}", status_code=303)
    async def save(self, visit: NamedDependency[Visit], slug: FromPath[str]) -> Response:
        fields = await visit.form()
        connector = visit.house.registry.connector(slug)
        present = await registration_of(visit, slug)
        small = await registrations.read_client(visit.house, visit.workspace.id, slug)
        try:
            wish = wish_in(fields, connector, present, small)
            await registrations.put(visit.house, visit.actor, slug, wish)
        except (InvalidBody, InvalidConfig, Conflict) as error:
            return await shown(visit, slug, fields, error)
        if small is not None and wish.read_client is None:
            reason = "The connector's client for reading was removed."
            await revocation.revoke_of_client(visit.house, visit.actor, small.id, reason)
        return away(f"/admin/connectors/{slug}?done=saved")

    @get("/{slug:str}/delete")
    async def ask_delete(self, visit: NamedDependency[Visit], slug: FromPath[str]) -> Response:
        return await asked(visit, slug)

    @post("/{slug:str}/delete", status_code=303)
    async def delete(self, visit: NamedDependency[Visit], slug: FromPath[str]) -> Response:
        reason, fault = reason_in(forms.text(await visit.form(), "reason"))
        if fault:
            return await asked(visit, slug, fault)
        await registrations.delete(visit.house, visit.actor, slug, reason)
        await revocation.revoke_matching(visit.house, visit.actor, GrantFilter(connector=slug), reason)
        return away("/admin/connectors?done=deleted")


async def registration_of(visit: Visit, slug: str) -> Registration | None:
    try:
        return await registrations.get(visit.house, visit.workspace.id, slug)
    except Missing as error:
        if slug not in visit.house.registry.connectors:
            raise error
        return None


async def shown(
    visit: Visit, slug: str, fields: FormMultiDict | None = None, error: ValetkeyError | None = None
) -> Response:
    """The form; with `error`, as it was filled in, but for the secret."""
    registration = await registration_of(visit, slug)
    connector, workspace = visit.house.registry.connector(slug), visit.workspace.id
    typed = {
        name: value
        for name, value in (fields or {}).items()
        if isinstance(value, str) and not name.endswith("client_secret")
    }
    faults = by_field(error) if error else {}
    read_client = read_client_view(
        connector,
        await registrations.read_client(visit.house, workspace, slug),
        await registrations.redirect_uri_for(visit.house, workspace, slug, "read"),
        typed if fields is not None else None,
        faults.get("read_client", ""),
    )
    view = connector_view(
        connector,
        registration,
        await registrations.redirect_uri_for(visit.house, workspace, slug),
        read_client=read_client,
        workspace=visit.workspace.name,
        typed=typed,
        chosen=forms.texts(fields, "tools") if fields is not None else None,
        faults=faults,
        fault=error.detail if error else "",
        notice=visit.notice,
    )
    return visit.page("connector.html", view, "Connectors", error.status if error else 200)


def wish_in(
    fields: FormMultiDict,
    connector: Connector,
    present: Registration | None,
    small: Registration | None = None,
) -> Wish:
    """Raises InvalidBody for what only this form asks: a secret the first time, one tool at least."""
    secret, tools = forms.text(fields, "client_secret").strip(), forms.texts(fields, "tools")
    if not secret and connector.oauth.client_auth != "none" and not (present and present.secret_version):
        raise InvalidBody(
            "The client secret is empty.", errors=[{"path": "/client_secret", "message": "Paste it here."}]
        )
    if not tools:
        raise InvalidBody("Switch on one tool at least, or delete the registration.", errors=[])
    names = config_names(connector)
    kept = {name: value for name, value in (present.config if present else {}).items() if name not in names}
    asked_for = {name: text for name in names if (text := forms.text(fields, f"config.{name}").strip())}
    return Wish(
        client_id=forms.text(fields, "client_id").strip(),
        client_secret=Secret(secret) if secret else None,
        enabled_tools=tools,
        max_scopes=present.max_scopes if present else None,
        config={**kept, **asked_for},
        read_client=_read_client_in(fields, connector, small),
    )


def _read_client_in(
    fields: FormMultiDict, connector: Connector, small: Registration | None
) -> ReadClient | UnsetType | None:
    """The second app; an empty client id takes it away."""
    if connector.oauth.scope_mode != "app_fixed":
        return UNSET
    client_id, secret = (
        forms.text(fields, name).strip() for name in ("read_client_id", "read_client_secret")
    )
    if not client_id:
        return None
    if not secret and connector.oauth.client_auth != "none" and not (small and small.secret_version):
        message = "The second app needs its client secret."
        raise InvalidBody(message, errors=[{"path": "/read_client", "message": "Paste its client secret."}])
    return ReadClient(
        client_id=client_id,
        client_secret=Secret(secret) if secret else None,
        max_scopes=small.max_scopes if small else None,
    )


async def asked(visit: Visit, slug: str, fault: str = "") -> Response:
    await registrations.get(visit.house, visit.workspace.id, slug)
    found = await affected_by(visit, GrantFilter(connector=slug))
    connector = visit.house.registry.connector(slug)
    view = delete_connector_view(connector, found, await visit.names(), visit.house.now_ms(), fault)
    return visit.page("delete.html", view, "Connectors", 422 if fault else 200)
