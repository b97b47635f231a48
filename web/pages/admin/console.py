"""What to do in a provider's console, step by step, so that the client ID at the end is the right one.

The steps come from the connector's own data: redirect address, permissions, kind of client. What only the provider knows
(where its console is, what its buttons are called) stands in `places.py`.
"""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from core.connector import Connector
from core.connector.scopes import union
from web.pages.admin.places import in_console, place_of


class ConsoleStep(msgspec.Struct, frozen=True):
    """`redirect`: this step is the redirect address, shown with its copy button. `codes`: values to type or tick."""

    text: str
    codes: list[str] = []
    href: str = ""
    link: str = ""
    redirect: bool = False


def console_steps(connector: Connector, workspace: str, tools: Sequence[str]) -> list[ConsoleStep]:
    place = place_of(connector.slug)
    secret = " and the client secret" if connector.oauth.client_auth != "none" else ""
    words = {"title": connector.title, "workspace": workspace, "secret": secret}
    scopes = [
        *connector.oauth.always_scopes,
        *union(connector.tools[name].wanted_scopes() for name in tools if name in connector.tools),
    ]
    steps = [
        ConsoleStep(
            place.make.format(**words),
            href=place.console,
            link=place.console.removeprefix("https://").rstrip("/"),
        ),
        ConsoleStep(place.redirect, redirect=True),
    ]
    if scopes and place.permissions and connector.oauth.scope_mode != "none":
        steps.append(ConsoleStep(place.permissions, codes=in_console(connector.slug, scopes)))
    if connector.oauth.pkce == "S256" and connector.oauth.client_auth != "none":
        steps.append(
            ConsoleStep("If it asks what kind of app this is: a server-side (confidential) web app.")
        )
    return [*steps, ConsoleStep(place.then.format(**words))]
