"""Where each provider's console is and what its buttons are called: what no connector's data says.

The same, at more length, is in docs/connectors/, with the date it was read. Labels in a console change more often than anything
else here; a connector without an entry gets `GENERAL`.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import msgspec

from core.connector import templates
from core.errors import InvalidConfig


class Place(msgspec.Struct, frozen=True):
    """`console`: may hold places of the connector's settings; `consoles`: instead of it, by what is chosen as `by`.
    `permissions` empty: none are chosen in the console, they travel with each request. `names`: what the console calls a
    scope, where that is not its name; empty: it stands there by itself."""

    make: str
    redirect: str
    permissions: str
    then: str
    console: str = ""
    by: str = ""
    consoles: Mapping[str, str] = {}
    names: Mapping[str, str] = {}

    @property
    def settings(self) -> tuple[str, ...]:
        """What has to be known before it is known where the console is."""
        return (self.by,) if self.by else templates.places(self.console)

    def address(self, fields: Mapping[str, str]) -> str:
        """The console's, for a registration filled so; "" while that is not known."""
        if self.by:
            return self.consoles.get(fields.get(self.by, ""), "")
        try:
            return templates.fill(self.console, fields)
        except InvalidConfig:
            return ""


PLACES = {
    "asana": Place(
        console="https://app.asana.com/0/my-apps",
        make="Create a new app in Asana’s developer console. Call it “{name}”. Console:",
        redirect="Under OAuth, add this as Redirect URL, exactly",
        permissions="Under Permission scopes choose scopes, not Full permissions, and tick these, nothing else:",
        then="Client ID and secret stand under Basic information. Manage distribution says whose people may connect.",
    ),
    "attio": Place(
        console="https://build.attio.com/",
        make="Make a new app in Attio’s developer dashboard. Call it “{name}”. Dashboard:",
        redirect="Switch OAuth on and add this as redirect URI, exactly",
        permissions="Under Scopes, give it these and nothing else:",
        then="Copy the client ID and the client secret into the fields below.",
        names={
            "record_permission:read": "Records: Read",
            "object_configuration:read": "Object configuration: Read",
            "user_management:read": "User management: Read",
            "task:read": "Tasks: Read",
            "task:read-write": "Tasks: Read-write",
            "note:read-write": "Notes: Read-write",
        },
    ),
    "github": Place(
        console="https://github.com/settings/apps/new",
        make=(
            "Make a GitHub App, for an organization in its own settings. Call it “{name}”. Leave “Expire user "
            "authorization tokens” on and the webhook off. Form:"
        ),
        redirect="Paste this as Callback URL, exactly",
        permissions="Under Repository permissions choose these and nothing else:",
        then=(
            "Generate a client secret, and copy the Client ID (not the App ID) and the secret. Then install the app where "
            "it is to be used, for selected repositories."
        ),
        names={
            "metadata:read": "Metadata: Read-only",
            "issues:read": "Issues: Read-only",
            "issues:write": "Issues: Read and write",
            "pull_requests:read": "Pull requests: Read-only",
        },
    ),
    "github_oauth": Place(
        console="https://github.com/settings/applications/new",
        make=(
            "Only where a GitHub App cannot be used: register an OAuth app. Call it “{name}”. Leave “Enable Device "
            "Flow” off. Form:"
        ),
        redirect="Paste this as Authorization callback URL, exactly",
        permissions="",
        then="Generate a new client secret, and copy it and the client ID into the fields below.",
    ),
    "gitlab": Place(
        console="{host_url}/-/user_settings/applications",
        make=(
            "Add an application in your GitLab settings, a group’s, or your own server’s admin area. Call it “{name}”. "
            "Leave “Confidential” on. Your own settings:"
        ),
        redirect="Paste this as Redirect URI, exactly",
        permissions="Tick these scopes and nothing else:",
        then="Copy the application ID as client ID, and the secret, into the fields below.",
    ),
    "hubspot": Place(
        console="https://developers.hubspot.com/",
        make=(
            "Make an app with OAuth in your HubSpot developer account: in a project, or as a legacy public app, there on "
            "its Auth tab. Call it “{name}”. Console:"
        ),
        redirect="Add this as Redirect URL, exactly",
        permissions="Under Scopes, make “oauth” required, and add these as conditionally required, no others:",
        then="Save. Client ID and client secret stand with the app’s Auth settings.",
    ),
    "jira": Place(
        console="https://developer.atlassian.com/console/myapps/",
        make=(
            "Open the Atlassian developer console, press Create and choose OAuth 2.0 integration. Call it “{name}”. "
            "Choose resource-level access if you are asked. Console:"
        ),
        redirect="Under Authorization, add OAuth 2.0 (3LO) and paste this as Callback URL, exactly",
        permissions="Under Permissions, add the Jira API and these permissions, nothing else:",
        then=(
            "Client ID and secret stand under Settings. Under Distribution, start sharing if people outside your own "
            "account shall connect."
        ),
    ),
    "linear": Place(
        console="https://linear.app/settings/api/applications/new",
        make="Create an OAuth application in Linear. Call it “{name}”. Form:",
        redirect="Add this as Callback URL, exactly",
        permissions="",
        then="Switch Public on if people of other workspaces are to connect. Copy the client ID and the client secret.",
    ),
    "notion": Place(
        console="https://www.notion.so/developers/connections",
        make="Make a public integration at Notion. Call it “{name}”. Its page:",
        redirect="Add this as Redirect URI, exactly",
        permissions="Under Capabilities switch these on and nothing else:",
        then="Copy the OAuth client ID and the client secret into the fields below.",
        names={
            "read_content": "Read content",
            "update_content": "Update content",
            "insert_content": "Insert content",
            "read_comments": "Read comments",
            "insert_comments": "Insert comments",
            "read_user": "Read user information",
        },
    ),
    "pipedrive": Place(
        console="https://developers.pipedrive.com/",
        make=(
            "In a developer sandbox account open Developer Hub and create a private app. Call it “{name}”. "
            "Sandboxes:"
        ),
        redirect="Paste this as Callback URL, exactly. Pipedrive also tells here when somebody uninstalls the app",
        permissions="Under OAuth & access scopes choose these and nothing else:",
        then="Copy the client ID and the client secret into the fields below.",
        names={
            "base": "",
            "search:read": "Search for all data",
            "deals:read": "Deals: Read only",
            "deals:full": "Deals: Full access",
            "activities:read": "Activities: Read only",
            "activities:full": "Activities: Full access",
        },
    ),
    "salesforce": Place(
        console="{login_url}/lightning/setup/ManageExternalClientApplication/home",
        make=(
            "In Setup, External Client App Manager, make an app with OAuth. Call it “{name}”. Require PKCE and the "
            "secret for the web server flow. Setup:"
        ),
        redirect="Paste this as Callback URL, exactly",
        permissions="Choose these OAuth scopes, never “full”:",
        then="Copy the consumer key as client ID and the consumer secret. A new app works some minutes after it was saved.",
    ),
    "todoist": Place(
        console="https://app.todoist.com/app/settings/integrations/app-management",
        make="Add a new integration in Todoist’s app management. Call it “{name}”. Console:",
        redirect="Paste this as OAuth redirect URL, exactly",
        permissions="",
        then="Copy the client ID and the client secret into the fields below.",
    ),
    "zoho_crm": Place(
        by="data_centre",
        consoles={
            "us": "https://api-console.zoho.com/",
            "eu": "https://api-console.zoho.eu/",
            "in": "https://api-console.zoho.in/",
            "au": "https://api-console.zoho.com.au/",
            "cn": "https://api-console.zoho.com.cn/",
            "jp": "https://api-console.zoho.jp/",
            "ca": "https://api-console.zohocloud.ca/",
            "sa": "https://api-console.zoho.sa/",
        },
        make=(
            "Open the API console of your data centre and add a client of the kind Server-based Applications. Call it "
            "“{name}”. Console:"
        ),
        redirect="Add this as Authorized Redirect URI, exactly",
        permissions="",
        then="Leave Multi-DC off. Copy the client ID and the client secret into the fields below.",
    ),
}
GENERAL = Place(
    make="Open {title}’s settings for developers and make an OAuth app. Call it “{name}”.",
    redirect="Paste this as the redirect address, exactly",
    permissions="Allow these permissions and nothing else:",
    then="Copy the client ID{secret} from there into the fields below.",
)


def place_of(slug: str) -> Place:
    return PLACES.get(slug, GENERAL)


def in_console(slug: str, scopes: Iterable[str]) -> list[str]:
    """What to tick for these scopes, in the console's own words."""
    names = place_of(slug).names
    return list(dict.fromkeys(said for scope in scopes if (said := names.get(scope, scope))))
