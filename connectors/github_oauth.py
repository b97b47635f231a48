"""GitHub through an OAuth app: the wider fallback, for those who cannot have a GitHub App installed.

The tools are those of `github.py`, down to the function; what differs is what the connection could do if it were not held by
Valetkey. Use `github` wherever an app can be installed.

- An OAuth app's scope `repo` opens, for reading *and* writing, the code and everything else of every repository the person can
  reach, private ones included; there is no scope for issues, none for reading only, and none for one repository. A connection
  that holds `public_repo` instead does for public repositories.
- Its tokens do not run out, cannot be refreshed and cannot be made smaller for a call. Valetkey limits by its own means only:
  which tools may be called, and what of an answer leaves.
- A request without `scope` silently takes over what was granted before, so it is always sent. The answer names the scopes with
  commas. An organization may refuse OAuth apps (403, or 404 as if nothing were there).
- Revocation is that of `github.py`: the whole grant where it is the last one, else this token.

Sources and dates: `github.py`; github/docs "Scopes for OAuth apps", archived copy read on 2026-11-24. Not verified [U]: that a
missing scope is told by 403 with `x-accepted-oauth-scopes`; for private repositories it is 404, which is taken for what it says.
"""

from __future__ import annotations

from connectors import _github_tokens
from connectors import github as app
from core.connector import Connector, OAuth2, RateLimit, Scope

REPO, PUBLIC = "repo", "public_repo"

github_oauth = Connector(
    slug="github_oauth",
    title="GitHub (OAuth app, wider access)",
    category="project",
    api_url=_github_tokens.API,
    oauth=OAuth2(
        authorize_url="https://github.com/login/oauth/authorize",
        token_url=_github_tokens.TOKEN_URL,
        client_auth="client_secret_post",
        scope_mode="request",
        rotates_refresh_tokens=False,
        revocation=_github_tokens.revoke,
        token_errors={"bad_verification_code": "rejected"},
    ),
    scopes=[
        Scope(
            REPO,
            "All repositories",
            "read and change everything in every repository you can reach, also private code; "
            "GitHub offers OAuth apps nothing smaller",
            risk="delete",
            wide=True,
        ),
        Scope(PUBLIC, "Public repositories", "read and change public repositories", risk="delete", wide=True),
    ],
    headers=_github_tokens.HEADERS,
    manage_url="https://github.com/settings/applications",
    cannot=[
        "be limited by GitHub to issues, to reading, or to some repositories: Valetkey alone keeps it to the tools "
        "you allow here. Ask for the GitHub App if you want GitHub to limit it, too",
        *(line for line in app.github.cannot if "installed on" not in line),
    ],
    rate_limit=RateLimit(5_000, 3_600),
    missing_scope=_github_tokens.missing_oauth_scope,
    refusal=_github_tokens.refusal,
    request_id_header="x-github-request-id",
)
github_oauth.account(app.account)

for _tool in app.github.tools.values():
    github_oauth.tool(
        title=_tool.title,
        group=_tool.group,
        risk=_tool.risk,
        any_of=[[REPO], [PUBLIC]],
        sees=_tool.sees,
        changes=_tool.changes,
    )(_tool.function)
