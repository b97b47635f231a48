"""What to do in a provider's console, step by step, so that the client ID at the end is the right one.

The steps come from the connector's own data and from what is chosen on the form: redirect address, permissions of the tools
that are on, kind of client. What only the provider knows (where its console is, what its buttons are called) stands in
`places.py`. Where scopes are fixed with the app there may be two apps, and the steps are told for each.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Literal

import msgspec

from core.connector import Connector
from core.model import Tier
from core.registrations import to_give
from web.pages.admin.places import in_console, place_of

Part = Literal["make", "redirect", "permissions", "kind", "then"]


class ConsoleStep(msgspec.Struct, frozen=True):
    """`redirect` is shown with the address and its copy button. `codes`: what to tick. `hint`: smaller, below."""

    part: Part
    text: str
    codes: list[str] = []
    href: str = ""
    link: str = ""
    hint: str = ""


def app_name(workspace: str, tier: Tier) -> str:
    """What to call the app at the provider: people read it there when they agree."""
    return workspace if tier == "write" else f"{workspace} (read only)"


def console_steps(
    connector: Connector,
    workspace: str,
    tools: Sequence[str],
    config: Mapping[str, str],
    tier: Tier = "write",
) -> list[ConsoleStep]:
    """`tools` and `config`: what the form holds, saved or not."""
    place = place_of(connector.slug)
    secret = " and the client secret" if connector.oauth.client_auth != "none" else ""
    words = {"title": connector.title, "name": app_name(workspace, tier), "secret": secret}
    steps = [
        _make(connector, place.make.format(**words), config),
        ConsoleStep("redirect", place.redirect),
    ]
    if place.permissions and connector.oauth.scope_mode != "none":
        codes = permissions(connector, tools, tier)
        none = "" if codes else "None of the tools that are on needs one."
        steps.append(ConsoleStep("permissions", place.permissions, codes=codes, hint=none))
    if connector.oauth.pkce == "S256" and connector.oauth.client_auth != "none":
        kind = "If it asks what kind of app this is: a server-side (confidential) web app."
        steps.append(ConsoleStep("kind", kind))
    return [*steps, ConsoleStep("then", place.then.format(**words))]


def _make(connector: Connector, text: str, config: Mapping[str, str]) -> ConsoleStep:
    """With the address of the console, when it is known where that is."""
    place = place_of(connector.slug)
    named = f"People read the app’s name at {connector.title} when they agree."
    href = place.address(connector.filled(config))
    if href or not place.settings:
        return ConsoleStep("make", text, href=href, link=href.partition("://")[2].rstrip("/"), hint=named)
    titles = [one.title for one in connector.settings if one.name in place.settings]
    return ConsoleStep("make", text, link=f"linked here when “{', '.join(titles)}” is set above", hint=named)


def permissions(connector: Connector, tools: Iterable[str], tier: Tier) -> list[str]:
    """What to tick for these tools, in the console's own words."""
    scopes = to_give(connector, tools, tier)
    if connector.oauth.scope_mode == "app_fixed":
        scopes = _without_the_smaller(connector, tools, scopes)
    return in_console(connector.slug, scopes)


def _without_the_smaller(
    connector: Connector, tools: Iterable[str], scopes: tuple[str, ...]
) -> tuple[str, ...]:
    """An app that may write needs no second permission to read the same: in a console the two are one choice. Where scopes
    travel with the request both are needed, since a request names the smaller one."""
    able = [tool for name in tools if (tool := connector.tools.get(name)) and not tool.missing_scopes(scopes)]
    kept = scopes
    for scope in scopes:
        rest = tuple(one for one in kept if one != scope)
        if scope not in connector.oauth.always_scopes and not any(tool.missing_scopes(rest) for tool in able):
            kept = rest
    return kept
