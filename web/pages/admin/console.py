"""What to do in a provider's console, step by step, so that the client ID at the end is the right one.

The steps come from the connector's own data: redirect address, permissions, kind of client. What only the provider knows
(where its console is, what its buttons are called) stands in `PLACES`; a connector without an entry gets the general words.
The same steps, at more length: docs/connectors/. Labels in a console change more often than anything else here.
"""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from core.connector import Connector
from core.connector.scopes import union


class ConsoleStep(msgspec.Struct, frozen=True):
    """`redirect`: this step is the redirect address, shown with its copy button. `codes`: values to type or tick."""

    text: str
    codes: list[str] = []
    href: str = ""
    link: str = ""
    redirect: bool = False


class Place(msgspec.Struct, frozen=True):
    console: str
    make: str
    redirect: str
    permissions: str
    then: str


PLACES = {
    "hubspot": Place(
        console="https://developers.hubspot.com/",
        make=(
            "Make an app with OAuth in your HubSpot developer account: in a project, or as a legacy public app, there on "
            "its Auth tab. Call it “{workspace}”. Console:"
        ),
        redirect="Add this as Redirect URL, exactly",
        permissions="Under Scopes, make “oauth” required, and add these as conditionally required, no others:",
        then="Save. Client ID and client secret stand with the app’s Auth settings.",
    ),
    "jira": Place(
        console="https://developer.atlassian.com/console/myapps/",
        make=(
            "Open the Atlassian developer console, press Create and choose OAuth 2.0 integration. Call it “{workspace}”. "
            "Choose resource-level access if you are asked. Console:"
        ),
        redirect="Under Authorization, add OAuth 2.0 (3LO) and paste this as Callback URL, exactly",
        permissions="Under Permissions, add the Jira API and these permissions, nothing else:",
        then=(
            "Client ID and secret stand under Settings. Under Distribution, start sharing if people outside your own "
            "account shall connect."
        ),
    ),
}
GENERAL = Place(
    console="",
    make="Open {title}’s settings for developers and make an OAuth app. Call it “{workspace}”.",
    redirect="Paste this as the redirect address, exactly",
    permissions="Allow these permissions and nothing else:",
    then="Copy the client ID{secret} from there into the next step.",
)


def console_steps(connector: Connector, workspace: str, tools: Sequence[str]) -> list[ConsoleStep]:
    place = PLACES.get(connector.slug, GENERAL)
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
    if scopes and connector.oauth.scope_mode != "none":
        steps.append(ConsoleStep(place.permissions, codes=list(dict.fromkeys(scopes))))
    if connector.oauth.pkce == "S256" and connector.oauth.client_auth != "none":
        steps.append(
            ConsoleStep("If it asks what kind of app this is: a server-side (confidential) web app.")
        )
    return [*steps, ConsoleStep(place.then.format(**words))]
