"""Assistants: the list, the form, keys."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import msgspec

from core.connector import Connector, Tool
from core.consent import tool_text
from core.model import Assistant, KeyRecord
from core.registry import Registry
from web.pages.admin.frame import Choice, Choices, Line, Option, State, options
from web.pages.admin.views.grants import KINDS
from web.pages.text import plural

LIFETIMES = (("", "never"), ("2592000", "in 30 days"), ("7776000", "in 90 days"), ("31536000", "in a year"))
FIELDS = (
    "name", "description", "homepage_url", "logo_url", "allowed_origins", "return_urls", "default_return_url", "tools",
)  # fmt: skip


class AssistantRow(msgspec.Struct, frozen=True):
    id: str
    name: str
    origins: list[str]
    keys: str
    added: int


class AssistantsView(msgspec.Struct, frozen=True):
    rows: list[AssistantRow]
    next: str
    notice: str


class AssistantForm(msgspec.Struct, frozen=True, kw_only=True):
    """`faults`: what is wrong with each field, empty where nothing is. Lists stand one entry a line."""

    name: str = ""
    description: str = ""
    homepage_url: str = ""
    logo_url: str = ""
    allowed_origins: str = ""
    return_urls: str = ""
    default_return_url: str = ""
    groups: list[Choices] = []
    faults: dict[str, str] = {}


class NewView(msgspec.Struct, frozen=True):
    form: AssistantForm


class KeyRow(msgspec.Struct, frozen=True):
    id: str
    made: int
    used: int | None
    ends: int | None
    state: State
    live: bool


class AssistantView(msgspec.Struct, frozen=True):
    id: str
    name: str
    keys: list[KeyRow]
    lifetimes: list[Option]
    form: AssistantForm
    notice: str = ""


class NewKeyView(msgspec.Struct, frozen=True):
    """The only struct of the pages that holds a key in clear: it is shown this once."""

    id: str
    name: str
    title: str
    key: str
    ends: int | None
    curl: str


class KeyRevokeView(msgspec.Struct, frozen=True):
    id: str
    name: str
    key: str
    used: int | None
    rest: Line


def no_faults(faults: Mapping[str, str] | None = None) -> dict[str, str]:
    return dict.fromkeys(FIELDS, "") | dict(faults or {})


def assistants_view(
    assistants: Sequence[Assistant], keys: Mapping[str, int], next: str, notice: str
) -> AssistantsView:
    rows = [
        AssistantRow(one.id, one.name, list(one.allowed_origins), f"{keys.get(one.id, 0):,}", one.created_at)
        for one in assistants
    ]
    return AssistantsView(rows, next, notice)


def choices(connectors: Sequence[Connector], chosen: Sequence[str]) -> list[Choices]:
    return [
        Choices(
            connector.slug,
            connector.title,
            [choice(tool, tool.name in chosen) for tool in connector.tools.values()],
        )
        for connector in connectors
    ]


def choice(tool: Tool, on: bool) -> Choice:
    return Choice(tool.name, tool.title, tool_text(tool) or tool.description, KINDS[tool.risk], on)


def form_of(
    assistant: Assistant | None, registry: Registry, faults: Mapping[str, str] | None = None
) -> AssistantForm:
    connectors = list(registry.connectors.values())
    if assistant is None:
        return AssistantForm(groups=choices(connectors, ()), faults=no_faults(faults))
    return AssistantForm(
        name=assistant.name,
        description=assistant.description or "",
        homepage_url=assistant.homepage_url or "",
        logo_url=assistant.logo_url or "",
        allowed_origins="\n".join(assistant.allowed_origins),
        return_urls="\n".join(assistant.return_urls),
        default_return_url=assistant.default_return_url or "",
        groups=choices(connectors, assistant.tools or ()),
        faults=no_faults(faults),
    )


def key_row(key: KeyRecord, now_ms: int) -> KeyRow:
    if key.revoked_at is not None:
        state, live = State("", "stop", "Revoked"), False
    elif key.expires_at is not None and key.expires_at <= now_ms:
        state, live = State("", "clock", "Expired"), False
    else:
        state, live = State("ok", "check", "Works"), True
    return KeyRow(key.id, key.created_at, key.last_used_at, key.expires_at, state, live)


def assistant_view(
    assistant: Assistant, keys: Sequence[KeyRecord], form: AssistantForm, now_ms: int, notice: str
) -> AssistantView:
    return AssistantView(
        id=assistant.id,
        name=assistant.name,
        keys=[key_row(key, now_ms) for key in reversed(keys)],
        lifetimes=options(LIFETIMES, ""),
        form=form,
        notice=notice,
    )


def key_revoke_view(assistant: Assistant, key: KeyRecord, others: int) -> KeyRevokeView:
    rest = (
        Line(
            "check",
            f"{plural(others, 'other key')} of {assistant.name} {'goes' if others == 1 else 'go'} on working.",
        )
        if others
        else Line(
            "warn", f"It is the last one: {assistant.name} cannot call Valetkey until it has a new key."
        )
    )
    return KeyRevokeView(assistant.id, assistant.name, key.id, key.last_used_at, rest)
