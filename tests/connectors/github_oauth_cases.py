"""The cases of GitHub's fallback, an OAuth app: those of `github_cases.py`, with its one scope for everything."""

from __future__ import annotations

from msgspec.structs import replace

from connectors import github_oauth as module
from tests.connectors import github_cases as app
from tests.connectors.cases import Case, Subject
from tests.connectors.fakes import github as fake

CLIENT = replace(
    app.CLIENT,
    id="reg_4",
    slug="github_oauth",
    redirect_uri="https://keys.acme.example/oauth/callback/reg_4",
)
DESCRIPTIONS = app.DESCRIPTIONS
NOT_DESCRIBED = app.NOT_DESCRIBED
ROUTE, LEFT_OUT = app.ROUTE, app.LEFT_OUT
NOTES = {
    "name": "ada/notes", "description": "Her notes", "private": True, "archived": False,
    "url": "https://github.com/ada/notes",
}  # fmt: skip
TOOL = {**NOTES, "name": "other/tool", "description": None, "url": "https://github.com/other/tool"}
# GitHub's guide "Scopes for OAuth apps": everything on private repositories needs `repo`.
SUBJECT = Subject(
    connector=module.github_oauth,
    make=fake.of_oauth_app,
    user=fake.ADA,
    scopes=(fake.REPO,),
    fields={},
    names_scopes=True,
    mains=app.mains(fake.REPO, fake.REPO, fake.REPO, fake.REPO, NOTES, TOOL),
    more=(
        *(case for case in app.MORE if (case.tool, case.name) not in {("my_repositories", "next_page")}),
        Case("my_repositories", "next_page", {"limit": 1, "cursor": "2", "owner": "acme"}, app.page(app.OTHER, next="3")),
    ),
)  # fmt: skip
