"""`valetkey connectors check` and `list`: where they look, and what they demand, with file, line and mend."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.web.cli.test_config import run

BROKEN = "from core.connector import Connector\n"
GOOD = '''"""Acme. Source: acme.example/api, read on 2026-11-24. Limits: none."""

import msgspec

from core.connector import Account, Api, Connector, OAuth2, Page, Rfc7009, Scope

acme = Connector(
    slug="acme",
    title="Acme",
    category="crm",
    api_url="https://acme.example",
    oauth=OAuth2(
        authorize_url="https://acme.example/in", token_url="https://acme.example/t", revocation=Rfc7009("https://acme.example/r")
    ),
    scopes=[Scope("read", "Things", "read your things")],
)


class Thing(msgspec.Struct, frozen=True):
    id: str


@acme.account
async def account(api: Api) -> Account:
    return Account("1", "Ada")


@acme.tool(scopes=["read"], risk="read", sees="ids of things")
async def find_things(api: Api) -> Page[Thing]:
    """Find things."""
    return await api.get("/things", into=Page[Thing])
'''
PAGE = "# Acme\n`acme.find_things` needs `read`. Enter the redirect URI at Acme.\n"
CASES = (
    "success",
    "empty",
    "next_page",
    "unauthorized",
    "missing_scope",
    "not_found",
    "rate_limited",
    "server_error",
)
CASSETTE = """\
# Made against a fake, not a recording of the live provider.
interactions:
- request: {body: '', headers: {}, method: GET, uri: 'https://acme.example/things'}
  response: {body: {string: '{"items": []}'}, headers: {content-type: [application/json]}, status: {code: 200, message: OK}}
version: 1
"""


class Project:
    """A package with one connector, whole: nothing is to be mended in it."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.source, self.page = root / "acme_connector/acme.py", root / "docs/acme.md"
        self.shelf = root / "cassettes/acme"
        for path, text in (
            (root / "pyproject.toml", ""),
            (self.source, GOOD),
            (self.page, PAGE),
            *((self.shelf / f"find_things__{case}.yaml", CASSETTE) for case in CASES),
        ):
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text)

    def check(self, *words: str) -> tuple[int, str, list[str]]:
        done = run("connectors", "check", "acme", *words, VALETKEY_CONNECTORS_PATH=str(self.source.parent))
        assert done.stderr == ""  # all on one stream, where a pager or `grep` finds it
        *faults, count = done.stdout.splitlines(keepends=True)
        return done.exit_code, count, [line.rstrip("\n") for line in faults]


@pytest.fixture
def project(tmp_path: Path) -> Project:
    return Project(tmp_path)


def test_a_folder_named_in_the_file_is_looked_at(tmp_path: Path) -> None:
    folder, file = tmp_path / "mine", tmp_path / "vk.toml"
    folder.mkdir()
    (folder / "empty.py").write_text(BROKEN)
    file.write_text(f'connectors_path = ["{folder}"]\n')
    found = run("connectors", "check", VALETKEY_CONFIG=str(file))
    assert found.exit_code == 1 and "there is no Connector in it" in found.stdout.splitlines()[0]


def test_a_folder_that_is_not_there_is_told_as_the_setting_it_is() -> None:
    found = run("connectors", "list", VALETKEY_CONNECTORS_PATH="/nowhere")
    assert found.exit_code == 1 and found.stderr.startswith(
        "Error: VALETKEY_CONNECTORS_PATH: there is no folder"
    )


def test_what_is_built_in_is_right() -> None:
    found = run("connectors", "check")
    assert found.stderr == "" and found.exit_code == 0
    told = [re.sub(r"  \(PKCE off: .*\)$", "", line) for line in found.stdout.splitlines()]
    assert {"hubspot: ok", "jira: ok", "northwind: ok"} <= set(told)
    assert [line for line in told if not line.endswith(": ok")] == []


def test_a_whole_project_has_nothing_to_mend(project: Project) -> None:
    assert project.check() == (0, "acme: ok\n", [])


def change(path: Path, old: str, new: str) -> None:
    assert old in path.read_text()
    path.write_text(path.read_text().replace(old, new))


@pytest.mark.parametrize(
    ("old", "new", "line", "told"),
    [
        ("Source: acme.example/api, read", "Read", 1, "the docstring names no source"),
        ("2026-11-24", "lately", 1, "does not say when its source was read"),
        (GOOD.splitlines()[0], "", 1, "the module has no docstring"),
        ("import msgspec", "import msgspec  # DRAFT: what else?", 3, "a draft: what else?"),
        ('sees="ids of things"', 'sees=""', 28, "does not say what it sees"),
    ],
)
def test_what_is_wrong_in_the_module_is_told(
    project: Project, old: str, new: str, line: int, told: str
) -> None:
    change(project.source, old, new)
    code, out, [problem] = project.check()
    assert (code, out) == (1, "acme: 1 to mend\n")
    assert problem.startswith(f"{project.source}:{line}: ") and told in problem
    assert re.fullmatch(r".+:\d+: .+: .+", problem)


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        ("acme.find_things", "acme.find", "the page does not name `acme.find_things`"),
        ("`read`", "nothing", "the page does not name the scope `read`"),
        ("redirect URI", "address", "does not say where the redirect URI goes"),
        ("# Acme", "# Acme <!-- DRAFT: more -->", "a draft: more"),
    ],
)
def test_what_the_page_lacks_is_told(project: Project, old: str, new: str, told: str) -> None:
    change(project.page, old, new)
    code, _, [problem] = project.check()
    assert code == 1 and problem.startswith(f"{project.page}:1: ") and told in problem


def test_a_page_is_asked_for_in_a_project_and_not_beside_a_lone_file(project: Project) -> None:
    project.page.unlink()
    code, _, [problem] = project.check()
    assert code == 1 and f"write {project.page}" in problem
    (project.root / "pyproject.toml").unlink()
    assert project.check() == (0, "acme: ok\n", [])


@pytest.mark.parametrize(
    ("old", "new", "line", "told"),
    [
        ("# Made against a fake", "# Something", 1, "it does not say what it is"),
        ('"items": []', '"access_token": "abc123"', 4, "something like a secret (json member)"),
        ("interactions:", "tracks:", 1, "this is not a cassette"),
        (CASSETTE.split("interactions:\n")[1], "version: 1", 1, "this is not a cassette"),
    ],
)
def test_what_is_wrong_in_a_recording_is_told(
    project: Project, old: str, new: str, line: int, told: str
) -> None:
    path = project.shelf / "find_things__empty.yaml"
    change(path, old, new)
    code, _, [problem] = project.check()
    assert code == 1 and problem.startswith(f"{path}:{line}: ") and told in problem
    assert "abc123" not in problem


def test_from_the_first_recording_on_all_are_asked_for(project: Project) -> None:
    rest = [path for path in project.shelf.iterdir() if "success" not in path.name]
    for path in rest:
        path.unlink()
    code, out, told = project.check()
    assert code == 1 and out == "acme: 1 to mend\n" and len(told) == 1
    assert all(path.stem.partition("__")[2] in told[0] for path in rest)
    (project.shelf / "find_things__success.yaml").unlink()
    assert project.check() == (0, "acme: ok\n", [])
    assert project.check("--cassettes", str(project.shelf.parent))[0] == 1


def test_of_a_connector_of_the_repository_all_are_asked_for_at_once(project: Project) -> None:
    source = project.root / "connectors/acme.py"
    source.parent.mkdir()
    project.source.rename(source)
    project.source = source
    assert project.check()[0] == 0
    for path in project.shelf.iterdir():
        path.unlink()
    assert project.check()[1] == "acme: 1 to mend\n"


def test_a_live_recording_that_does_not_play_again_is_told(project: Project) -> None:
    path = project.shelf / "find_things__success.yaml"
    head = '# A recording of the live provider of Acme, made on 2026-11-24\n# Call: {"tool":"find_things","case":"success"}\n'
    body = CASSETTE.partition("\n")[2]
    path.write_text(head + body)
    assert project.check() == (0, "acme: ok\n", [])
    path.write_text(head + body.replace("/things'", "/other'"))
    code, _, [problem] = project.check()
    assert code == 1 and "does not play again as 'success': it ends with provider_error" in problem
    path.write_text(head.replace('"success"', '"not_found"') + body)
    assert "does not play again as 'not_found': it ends with ok" in project.check()[2][0]


def test_another_broken_connector_is_no_fault_of_the_one_that_is_asked_for(project: Project) -> None:
    (project.source.parent / "broken.py").write_text("import nothing_of_this_name\n")
    assert project.check() == (0, "acme: ok\n", [])
    found = run("connectors", "check", VALETKEY_CONNECTORS_PATH=str(project.source.parent))
    assert found.exit_code == 1 and "broken.py:1: it cannot be loaded" in found.stdout.splitlines()[0]


def test_the_list_has_its_columns_under_each_other_and_what_is_right_although_another_is_not(
    project: Project,
) -> None:
    change(project.source, 'slug="acme"', 'slug="acme_with_a_long_name_of_its_own"')
    env = {"VALETKEY_CONNECTORS_PATH": str(project.source.parent)}
    found = run("connectors", "list", **env)
    assert (found.exit_code, found.stderr) == (0, "")
    rows = [re.split(r"  +", line) for line in found.stdout.splitlines()]
    assert ["acme_with_a_long_name_of_its_own", "Acme", "crm", "1 tool", "revokes at the provider"] in rows
    assert len({line.index(row[-1]) for line, row in zip(found.stdout.splitlines(), rows, strict=True)}) == 1
    assert {row[-1] for row in rows} == {"revokes at the provider", "ended by hand at the provider"}
    (project.source.parent / "broken.py").write_text("import nothing_of_this_name\n")
    change(project.source, 'sees="ids of things"', 'sees=""')
    broken = run("connectors", "list", **env)
    assert broken.exit_code == 1 and "acme_with" not in broken.stdout and "hubspot" in broken.stdout
    assert (
        "broken.py:1: it cannot be loaded" in broken.stderr and "does not say what it sees" in broken.stderr
    )
