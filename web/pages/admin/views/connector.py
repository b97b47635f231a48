"""The form of one registration: what assistants may ask for, what follows for the app at the provider, what it gave."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import msgspec

from core.connector import Connector, Tool, templates
from core.errors import InvalidConfig
from core.model import Registration, Tier
from web.pages.admin import guide
from web.pages.admin.console import ConsoleStep, console_steps
from web.pages.admin.faults import FieldFault
from web.pages.admin.frame import Choice, Fact, Option
from web.pages.admin.guide import Chapter
from web.pages.admin.views.assistants import choice
from web.pages.admin.views.connectors import abilities, enabled
from web.pages.text import plural


class ConfigField(msgspec.Struct, frozen=True):
    """`choices`: a list to choose from instead of a line to fill in."""

    name: str
    label: str
    value: str
    hint: str
    required: bool = True
    choices: list[Option] = []


class AppView(msgspec.Struct, frozen=True, kw_only=True):
    """One app at the provider: how to make it, and what is kept of it."""

    redirect_uri: str
    console: list[ConsoleStep]
    client_id: str
    has_secret: bool
    registered: bool


class ConnectorView(msgspec.Struct, frozen=True, kw_only=True):
    """`small`: the second app, that may only read. `faults` by field, `fault_list` in the form's order."""

    slug: str
    title: str
    heading: str
    lead: str
    on: str
    tools_note: str
    registered: bool
    saved_at: int | None
    app: AppView
    small: AppView | None
    small_note: str
    wants_secret: bool
    config: list[ConfigField]
    tools: list[Choice]
    facts: list[Fact]
    cannot: list[str]
    manage_url: str | None
    steps: Chapter | None
    chapters: list[Chapter]
    faults: dict[str, str]
    fault_list: list[FieldFault]
    notice: str


class Draft(msgspec.Struct, frozen=True, kw_only=True):
    """What the form holds but for secrets. `typed` by field, `chosen` by tool, as it was sent or as it is kept."""

    typed: Mapping[str, str]
    chosen: Sequence[str]

    def config(self) -> dict[str, str]:
        """The settings, as a registration would keep them."""
        return {
            name.removeprefix("config."): text.strip()
            for name, text in self.typed.items()
            if name.startswith("config.") and text.strip()
        }


def kept(connector: Connector, registration: Registration | None, small: Registration | None) -> Draft:
    """The form as it is opened: for a new registration what reads is on; changing and deleting is for the admin to add."""
    if registration is None:
        reading = [name for name, tool in connector.tools.items() if tool.risk == "read"]
        return Draft(typed={}, chosen=reading)
    config = {f"config.{name}": registration.config.get(name, "") for name in config_names(connector)}
    typed = {
        "client_id": registration.client_id,
        "read_client_id": small.client_id if small else "",
        **config,
    }
    return Draft(typed=typed, chosen=enabled(connector, registration))


def connector_view(
    connector: Connector,
    registration: Registration | None,
    small: Registration | None,
    addresses: Mapping[Tier, str],
    *,
    workspace: str,
    draft: Draft,
    faults: Sequence[FieldFault] = (),
    notice: str = "",
) -> ConnectorView:
    """`addresses`: the redirect address of each of the two apps."""
    tools, title = connector.tools, connector.title
    on = [tool for name, tool in tools.items() if name in draft.chosen]
    chapters = guide.guide(connector)
    fixed = connector.oauth.scope_mode == "app_fixed"
    return ConnectorView(
        slug=connector.slug,
        title=title,
        heading=title if registration else f"Register {title}",
        lead=_lead(connector, registration),
        on=abilities(on),
        tools_note=_tools_note(registration),
        registered=registration is not None,
        saved_at=registration.updated_at if registration else None,
        app=_app(connector, registration, workspace, draft, "write", addresses),
        small=_app(connector, small, workspace, draft, "read", addresses) if fixed else None,
        small_note=_small_note(on),
        wants_secret=connector.oauth.client_auth != "none",
        config=[_config(connector, name, draft) for name in config_names(connector)],
        tools=[choice(tool, tool in on) for tool in tools.values()],
        facts=_facts(connector),
        cannot=list(connector.cannot),
        manage_url=_manage_url(connector, draft),
        steps=next((one for one in chapters if one.title == guide.STEPS), None),
        chapters=[one for one in chapters if one.title != guide.STEPS],
        faults={one.field: one.text for one in faults if one.field},
        fault_list=list(faults),
        notice=notice,
    )


def _lead(connector: Connector, registration: Registration | None) -> str:
    every = abilities(connector.tools.values())
    if registration is None:
        need = f"About five minutes. You need an administrator’s account at {connector.title}."
        return f"{every}. {need}"
    on = abilities(
        connector.tools[name] for name in enabled(connector, registration) if name in connector.tools
    )
    return f"{every}." if on == every else f"{every}. On: {on}."


def _tools_note(registration: Registration | None) -> str:
    """How what is switched on came about, where the admin did not choose it here."""
    if registration is None:
        return "To begin with, only what reads is on. Switch on what assistants shall also change."
    if registration.enabled_tools is None:
        return (
            "Registered over the API without naming tools: all are on, and those of later versions will be. "
            "Saving here keeps to those that are on now."
        )
    return ""


def _small_note(on: Sequence[Tool]) -> str:
    """Whether a second app is worth its while."""
    if all(tool.risk == "read" for tool in on):
        return "Not needed now: with the tools that are switched on, the first app only reads, too."
    return "Worth it now: tools that change are switched on, so the first app can do more than read."


def _app(
    connector: Connector,
    registration: Registration | None,
    workspace: str,
    draft: Draft,
    tier: Tier,
    addresses: Mapping[Tier, str],
) -> AppView:
    return AppView(
        redirect_uri=addresses[tier],
        console=console_steps(connector, workspace, draft.chosen, draft.config(), tier),
        client_id=draft.typed.get("client_id" if tier == "write" else "read_client_id", ""),
        has_secret=bool(registration and registration.secret_version),
        registered=registration is not None,
    )


def config_names(connector: Connector) -> list[str]:
    """What the form asks for beside the client: the connector's settings, and every place that nothing else fills."""
    return list(dict.fromkeys([*(one.name for one in connector.settings), *connector.needed_config()]))


def labels(connector: Connector) -> dict[str, str]:
    """Every field of the form by its id, in the form's order."""
    settings = {one.name: one.title for one in connector.settings}
    config = {f"config.{name}": settings.get(name, _label(name)) for name in config_names(connector)}
    clients = {"client_id": "Client ID", "client_secret": "Client secret"}
    second = {
        "read_client_id": "Client ID of the second app",
        "read_client_secret": "Client secret of the second app",
    }
    return {**config, "tools": "What assistants may ask for", **clients, **second}


def _label(name: str) -> str:
    return name.replace("_", " ").capitalize().replace("url", "URL").replace("Url", "URL")


def _config(connector: Connector, name: str, draft: Draft) -> ConfigField:
    value = draft.typed.get(f"config.{name}", "")
    for setting in connector.settings:
        if setting.name == name:
            shown = value or setting.default or ""
            choices = [Option(one, one, one == shown) for one in setting.choices or ()]
            if choices and not shown:  # nobody's region is guessed
                choices.insert(0, Option("", "Choose one", True))
            return ConfigField(name, setting.title, shown, setting.hint, setting.default is None, choices)
    hint = "An https address, as the provider shows it." if name.endswith("url") else ""
    return ConfigField(name, _label(name), value, hint)


def _manage_url(connector: Connector, draft: Draft) -> str | None:
    """Where people see their connected apps; None while a setting decides it that is not set."""
    try:
        url = connector.manage_url
        return templates.fill(url, connector.filled(draft.config())) if url else None
    except InvalidConfig:
        return None


def _facts(connector: Connector) -> list[Fact]:
    oauth, title = connector.oauth, connector.title
    pkce = "S256, always" if oauth.pkce == "S256" else f"Off: {oauth.pkce.reason}"
    stop = (
        "Told, and asked until it confirms"
        if oauth.revocation
        else "Cannot be told from here; people remove it there"
    )
    facts = [Fact("Proof key (PKCE)", pkce), Fact(f"{title}, when access is stopped", stop)]
    if oauth.access_token_ttl_s:
        facts.append(
            Fact(
                f"Access ends at {title} after",
                f"{plural(oauth.access_token_ttl_s // 60, 'minute')}, renewed here",
            )
        )
    if oauth.scope_mode != "request":
        facts.append(Fact("Permissions", f"Set in the app at {title}, the same for everybody"))
    if oauth.revocation_scope == "account":
        facts.append(Fact("Ending one grant", "ends all tokens of that account"))
    return facts
