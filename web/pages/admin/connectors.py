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
from core.model import Registration, Tier
from core.registrations import ReadClient, Wish
from core.secret import Secret
from web.pages import forms
from web.pages.admin.faults import labelled
from web.pages.admin.revoke import affected_by, reason_in
from web.pages.admin.views.connector import Draft, config_names, connector_view, kept, labels
from web.pages.admin.views.connectors import connectors_view
from web.pages.admin.views.revoke import delete_connector_view
from web.pages.admin.visit import DEPENDENCIES, Visit
from web.pages.outcome import away

MOST = 200
PASTE = "Paste it here"
TIERS: tuple[Tier, ...] = ("write", "read")


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
        if "show" in fields:
            return await shown(visit, slug, fields)
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
    """The form; with `fields` as it was filled in, but for the secrets."""
    connector, workspace = visit.house.registry.connector(slug), visit.workspace.id
    registration = await registration_of(visit, slug)
    small = await registrations.read_client(visit.house, workspace, slug)
    addresses: dict[Tier, str] = {
        tier: await registrations.redirect_uri_for(visit.house, workspace, slug, tier) for tier in TIERS
    }
    view = connector_view(
        connector,
        registration,
        small,
        addresses,
        workspace=visit.workspace.name,
        draft=kept(connector, registration, small) if fields is None else draft_in(fields),
        faults=labelled(error, labels(connector)) if error else (),
        notice=visit.notice,
    )
    return visit.page("connector.html", view, "Connectors", error.status if error else 200)


def draft_in(fields: FormMultiDict) -> Draft:
    typed = {
        name: forms.text(fields, name)
        for name in fields
        if name in ("client_id", "read_client_id") or name.startswith("config.")
    }
    return Draft(typed=typed, chosen=forms.texts(fields, "tools"))


def wish_in(
    fields: FormMultiDict,
    connector: Connector,
    present: Registration | None,
    small: Registration | None = None,
) -> Wish:
    """Raises InvalidBody naming every field that may not be empty; what is in them is core's to check."""
    faults = _gaps(fields, connector, present, small)
    if faults:
        gaps = [{"path": field, "message": said} for field, said in faults.items()]
        raise InvalidBody("The registration was not changed.", errors=gaps)
    names = config_names(connector)
    others = {name: value for name, value in (present.config if present else {}).items() if name not in names}
    asked_for = {name: text for name in names if (text := _line(fields, f"config.{name}"))}
    return Wish(
        client_id=_line(fields, "client_id"),
        client_secret=_secret(fields, "client_secret"),
        enabled_tools=forms.texts(fields, "tools"),
        max_scopes=present.max_scopes if present else None,
        config={**others, **asked_for},
        read_client=_read_client_in(fields, connector, small),
    )


def _gaps(
    fields: FormMultiDict, connector: Connector, present: Registration | None, small: Registration | None
) -> dict[str, str]:
    """What has to be there and is not, by field. A saved secret may stay; of the second app there is all or nothing."""
    secrets = connector.oauth.client_auth != "none"
    needed = {f"config.{name}": "Is needed" for name in connector.needed_config()}
    needed["tools"] = "Switch on one tool at least, or delete the registration"
    needed["client_id"] = PASTE
    if secrets and not (present and present.secret_version):
        needed["client_secret"] = PASTE
    if connector.oauth.scope_mode == "app_fixed":
        if _line(fields, "read_client_id") and secrets and not (small and small.secret_version):
            needed["read_client_secret"] = f"{PASTE}: the second app has a secret of its own"
        if _line(fields, "read_client_secret"):
            needed["read_client_id"] = f"{PASTE}: a secret alone is no second app"
    return {field: said for field, said in needed.items() if not _line(fields, field)}


def _read_client_in(
    fields: FormMultiDict, connector: Connector, small: Registration | None
) -> ReadClient | UnsetType | None:
    """The second app; an empty client id takes it away."""
    if connector.oauth.scope_mode != "app_fixed":
        return UNSET
    client_id = _line(fields, "read_client_id")
    if not client_id:
        return None
    return ReadClient(
        client_id=client_id,
        client_secret=_secret(fields, "read_client_secret"),
        max_scopes=small.max_scopes if small else None,
    )


def _line(fields: FormMultiDict, name: str) -> str:
    return forms.text(fields, name).strip()


def _secret(fields: FormMultiDict, name: str) -> Secret | None:
    text = _line(fields, name)
    return Secret(text) if text else None


async def asked(visit: Visit, slug: str, fault: str = "") -> Response:
    await registrations.get(visit.house, visit.workspace.id, slug)
    found = await affected_by(visit, GrantFilter(connector=slug))
    connector = visit.house.registry.connector(slug)
    view = delete_connector_view(connector, found, await visit.names(), visit.house.now_ms(), fault)
    return visit.page("delete.html", view, "Connectors", 422 if fault else 200)
