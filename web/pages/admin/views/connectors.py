"""Connectors: the list, and the form of one registration."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import msgspec

from core.connector import Connector
from core.model import Registration
from core.registry import Registry
from web.pages.admin.console import ConsoleStep, console_steps
from web.pages.admin.frame import Choice, Fact, Option, State
from web.pages.admin.places import in_console
from web.pages.admin.views.assistants import choice
from web.pages.text import plural

CATEGORIES = (("crm", "Customer relations"), ("project", "Projects and tasks"), ("other", "Other"))


class ConnectorRow(msgspec.Struct, frozen=True):
    slug: str
    title: str
    text: str
    state: State
    action: str


class ConnectorGroup(msgspec.Struct, frozen=True):
    title: str
    connectors: list[ConnectorRow]


class ConnectorsView(msgspec.Struct, frozen=True):
    groups: list[ConnectorGroup]
    notice: str = ""


class ConfigField(msgspec.Struct, frozen=True):
    """`choices`: a list to choose from instead of a line to fill in."""

    name: str
    label: str
    value: str
    hint: str
    fault: str
    required: bool = True
    choices: list[Option] = []


class ReadClientView(msgspec.Struct, frozen=True, kw_only=True):
    """The second app, that may only read. `scopes`: what to give it."""

    redirect_uri: str
    scopes: list[str]
    client_id: str
    wants_secret: bool
    has_secret: bool
    registered: bool
    fault: str


class ConnectorView(msgspec.Struct, frozen=True, kw_only=True):
    slug: str
    title: str
    heading: str
    lead: str
    registered: bool
    saved_at: int | None
    redirect_uri: str
    console: list[ConsoleStep]
    client_id: str
    wants_secret: bool
    has_secret: bool
    config: list[ConfigField]
    read_client: ReadClientView | None
    tools: list[Choice]
    facts: list[Fact]
    manage_url: str | None
    faults: dict[str, str]
    fault: str
    notice: str


def connectors_view(
    registry: Registry, registrations: Mapping[str, Registration], notice: str
) -> ConnectorsView:
    groups = []
    for category, title in CATEGORIES:
        rows = [
            _row(one, registrations.get(one.slug))
            for one in registry.connectors.values()
            if one.category == category
        ]
        if rows:
            groups.append(ConnectorGroup(title, rows))
    return ConnectorsView(groups, notice)


def _row(connector: Connector, registration: Registration | None) -> ConnectorRow:
    total = len(connector.tools)
    if registration is None:
        return ConnectorRow(
            connector.slug,
            connector.title,
            plural(total, "tool"),
            State("", "minus", "Not set up"),
            "Register",
        )
    on = total if registration.enabled_tools is None else len(registration.enabled_tools)
    text = f"{on} of {plural(total, 'tool')} switched on"
    return ConnectorRow(connector.slug, connector.title, text, State("ok", "check", "Registered"), "Open")


def connector_view(
    connector: Connector,
    registration: Registration | None,
    redirect_uri: str,
    *,
    read_client: ReadClientView | None = None,
    workspace: str,
    typed: Mapping[str, str] | None = None,
    chosen: Sequence[str] | None = None,
    faults: Mapping[str, str] | None = None,
    fault: str = "",
    notice: str = "",
) -> ConnectorView:
    """`typed`: what was entered when the form was refused; kept, but for the secret."""
    typed, faults = dict(typed or {}), dict(faults or {})
    config = registration.config if registration else {}
    on = _chosen(connector, registration) if chosen is None else chosen
    return ConnectorView(
        slug=connector.slug,
        title=connector.title,
        heading=connector.title if registration else f"Register {connector.title}",
        lead=plural(len(connector.tools), "tool") + "."
        if registration
        else f"About five minutes. You need an administrator’s account at {connector.title}.",
        registered=registration is not None,
        saved_at=registration.updated_at if registration else None,
        redirect_uri=redirect_uri,
        console=console_steps(connector, workspace, on),
        client_id=typed.get("client_id", registration.client_id if registration else ""),
        wants_secret=connector.oauth.client_auth != "none",
        has_secret=bool(registration and registration.secret_version),
        config=[
            _config(connector, name, typed.get(f"config.{name}", config.get(name, "")), faults)
            for name in config_names(connector)
        ],
        read_client=read_client,
        tools=[choice(tool, tool.name in on) for tool in connector.tools.values()],
        facts=_facts(connector),
        manage_url=connector.manage_url if connector.manage_url and "{" not in connector.manage_url else None,
        faults={"client_id": "", "client_secret": ""} | faults,
        fault=fault,
        notice=notice,
    )


def _chosen(connector: Connector, registration: Registration | None) -> list[str]:
    """What is on: for a new registration what reads; changing and deleting is for the admin to switch on."""
    if registration is None:
        return [name for name, tool in connector.tools.items() if tool.risk == "read"]
    return list(connector.tools) if registration.enabled_tools is None else list(registration.enabled_tools)


def config_names(connector: Connector) -> list[str]:
    """What the form asks for beside the client: the connector's settings, and every place that nothing else fills."""
    return list(dict.fromkeys([*(one.name for one in connector.settings), *connector.needed_config()]))


def _config(connector: Connector, name: str, value: str, faults: Mapping[str, str]) -> ConfigField:
    fault = faults.get(f"config.{name}", "")
    for setting in connector.settings:
        if setting.name == name:
            shown = value or setting.default or ""
            choices = [Option(one, one, one == shown) for one in setting.choices or ()]
            if choices and not shown:  # nobody's region is guessed
                choices.insert(0, Option("", "Choose one", True))
            return ConfigField(
                name, setting.title, shown, setting.hint, fault, setting.default is None, choices
            )
    label = name.replace("_", " ").capitalize().replace("url", "URL").replace("Url", "URL")
    hint = "An https address, as the provider shows it." if name.endswith("url") else ""
    return ConfigField(name, label, value, hint, fault)


def read_client_view(
    connector: Connector,
    present: Registration | None,
    redirect_uri: str,
    typed: Mapping[str, str] | None,
    fault: str,
) -> ReadClientView | None:
    """None where scopes come with every request: one client does then."""
    if connector.oauth.scope_mode != "app_fixed":
        return None
    kept = present.client_id if present else ""
    return ReadClientView(
        redirect_uri=redirect_uri,
        scopes=in_console(
            connector.slug, (one.name for one in connector.scopes.values() if one.risk == "read")
        ),
        client_id=(typed or {}).get("read_client_id", kept),
        wants_secret=connector.oauth.client_auth != "none",
        has_secret=bool(present and present.secret_version),
        registered=present is not None,
        fault=fault,
    )


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
    if connector.cannot:
        facts.append(Fact("Never does", "; ".join(connector.cannot)))
    return facts
