"""`valetkey connectors new`: what it writes can be imported, checked and tested, and says what only a person can write."""

from __future__ import annotations

import ast
import json
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import msgspec
import pytest
from click.testing import Result

from core import registry
from core.connector import Connector, Problem, Rfc7009
from tests.harness.service import ROOT, clean_environment
from tests.web.cli.test_config import run

QUAY = Path(__file__).parent / "descriptions/quay.yaml"
EVERY = "listShips,registerShip,getShip,scrap-ship,searchShips"
PROVIDERS = ROOT.parent / "shared/providers"
SPECS = sorted(PROVIDERS.glob("specs*/*/openapi.json"))
HTTPS = "This has to begin with https://, for example https://api.harbour.example/v2"
WORDS = ("does not say what it sees", "does not say what it changes", "has no title or description")


def new(*words: str) -> Result:
    return run("connectors", "new", *words, "--no-ask")


def made(root: Path) -> tuple[Connector, list[Problem]]:
    """The connector of a package, and what is wrong with it by the rules."""
    [source] = [path for path in root.glob("valetkey_connector_*/*.py") if path.name != "__init__.py"]
    found, faults = registry.search([str(source.parent)])
    [one] = [connector for connector in found if connector.place.file == str(source.resolve())]
    return one, [fault for fault in faults if fault.file == one.place.file]


def quay(tmp_path: Path, *words: str, operations: str = EVERY) -> Path:
    root = tmp_path / "quay"
    done = new("quay", "--from-openapi", str(QUAY), "--operations", operations, "--into", str(root), *words)
    assert done.exit_code == 0, done.output
    return root


def own_tests(*roots: Path) -> subprocess.CompletedProcess[str]:
    """The generated tests, as their owner would run them."""
    env = {**clean_environment(), "PYTHONPATH": os.pathsep.join(map(str, (ROOT, *roots)))}
    options = ["-q", "-p", "no:cacheprovider", "--import-mode=importlib", f"--rootdir={roots[0].parent}"]
    return subprocess.run(
        [sys.executable, "-m", "pytest", *options, *(str(root / "tests") for root in roots)],
        cwd=roots[0].parent,
        env=env,
        capture_output=True,
        text=True,
        check=False,
    )


# ---- from nothing -----------------------------------------------------------------------------------------------


def test_a_new_one_has_module_test_page_and_a_place_for_recordings(tmp_path: Path) -> None:
    done = new("acme_crm", "--into", str(tmp_path / "mine"))
    assert done.exit_code == 0, done.output
    written = {str(Path(line).relative_to(tmp_path / "mine")) for line in done.stdout.splitlines()}
    assert written == {
        "valetkey_connector_acme_crm/acme_crm.py", "valetkey_connector_acme_crm/__init__.py", "tests/test_acme_crm.py",
        "docs/acme_crm.md", "cassettes/acme_crm", "pyproject.toml", "README.md",
    }  # fmt: skip
    assert "export VALETKEY_CONNECTORS_PATH=" in done.stderr


def test_its_own_test_passes_at_once(tmp_path: Path) -> None:
    new("acme", "--into", str(tmp_path / "acme"))
    done = own_tests(tmp_path / "acme")
    assert done.returncode == 0 and " passed" in done.stdout, done.stdout


def test_check_names_what_only_a_person_can_write(tmp_path: Path) -> None:
    new("acme", "--into", str(tmp_path / "acme"))
    folder = tmp_path / "acme/valetkey_connector_acme"
    done = run("connectors", "check", "acme", VALETKEY_CONNECTORS_PATH=str(folder))
    *told, count = done.stdout.splitlines()
    assert done.exit_code == 1 and count == f"acme: {len(told)} to mend"
    places = [line.split(":", 2) for line in told]
    assert all(Path(file).is_file() and number.isdigit() for file, number, _ in places)
    assert all(any(word in line for word in (*WORDS, "a draft")) for line in told)
    assert [sum(word in line for line in told) for word in WORDS] == [1, 0, 1]


def test_whatever_is_made_up_is_marked_where_it_stands(tmp_path: Path) -> None:
    """Taking one mark away leaves the others: an invented address is not shipped with the mark at the head."""
    new("acme", "--token-url", "https://acme.com/token", "--into", str(tmp_path / "acme"))
    lines = (tmp_path / "acme/valetkey_connector_acme/acme.py").read_text().splitlines()
    for told in ("api_url=", "authorize_url=", "manage_url=", "cannot=[]", '"""Acme.'):
        [line] = [line for line in lines if line.strip().startswith(told)]
        assert "# DRAFT: " in line
    assert [line for line in lines if "acme.com/token" in line and "DRAFT" not in line]
    [above] = [index for index, line in enumerate(lines) if line.startswith("@acme.tool(")]
    assert lines[above - 1].startswith("# DRAFT: an example")


def test_a_title_that_is_only_the_name_of_an_operation_is_marked(tmp_path: Path) -> None:
    tree = msgspec.yaml.decode(QUAY.read_bytes())
    del tree["paths"]["/ships"]["get"]["summary"]
    file, root = tmp_path / "quay.json", tmp_path / "quay"
    file.write_text(json.dumps(tree))
    new("quay", "--from-openapi", str(file), "--operations", "listShips,scrap-ship", "--into", str(root))
    text = (root / "valetkey_connector_quay/quay.py").read_text()
    assert re.search(r'title="List ships",  # DRAFT: ', text)
    assert re.search(r'"""List ships\."""  # DRAFT: ', text)
    assert "DRAFT" not in next(line for line in text.splitlines() if "Scrap a ship" in line)


def test_options_and_answers_go_into_it(tmp_path: Path) -> None:
    addresses = ["--api-url", "https://a.example/v9", "--revoke-url", "https://a.example/revoke"]
    new("one", "--title", "One & Only", "--category", "crm", *addresses, "--into", str(tmp_path / "one"))
    connector, _ = made(tmp_path / "one")
    assert (connector.title, connector.category, connector.api_url) == ("One & Only", "crm", "https://a.example/v9")  # fmt: skip
    assert connector.oauth.revocation is not None


def test_what_no_option_says_is_asked_for(tmp_path: Path) -> None:
    from click.testing import CliRunner

    from web.cli import main

    answers = (
        "Ship Shop\nproject\nhttps://ship.example/v1\nhttps://ship.example/in\nhttps://ship.example/token\n"
        "https://ship.example/end\n"
    )
    words = ["connectors", "new", "ship", "--ask", "--into", str(tmp_path / "ship")]
    done = CliRunner().invoke(main, words, input=answers)
    assert done.exit_code == 0, done.output
    connector, _ = made(tmp_path / "ship")
    assert (connector.title, connector.category) == ("Ship Shop", "project")
    assert connector.oauth.authorize_url == "https://ship.example/in"
    assert connector.oauth.revocation == Rfc7009("https://ship.example/end")


def test_an_answer_that_cannot_be_is_asked_for_again(tmp_path: Path) -> None:
    """By the rules the options have; what an option said is not asked for."""
    from click.testing import CliRunner

    from web.cli import main

    answers = (
        'Sh"ip\nShip\nships\nproject\nship.example/v1\nhttps://ship.example/v1\n\nhttp://ship.example/end\n\n'
    )
    words = ["connectors", "new", "ship", "--ask", "--into", str(tmp_path / "ship")]
    words += ["--authorize-url", "https://ship.example/in"]
    done = CliRunner().invoke(main, words, input=answers)
    assert done.exit_code == 0, done.output
    for said in ("a name in one line", "'ships' is not one of 'crm', 'project', 'other'"):
        assert done.stderr.count(said) == 1
    assert done.stderr.count(f"Error: {HTTPS}") == 2
    assert "Where a person signs in" not in done.stderr
    connector, _ = made(tmp_path / "ship")
    assert connector.title == "Ship" and connector.api_url == "https://ship.example/v1"
    assert connector.oauth.revocation is None and connector.oauth.authorize_url == "https://ship.example/in"


def test_nothing_is_written_over(tmp_path: Path) -> None:
    new("acme", "--into", str(tmp_path / "acme"))
    source = tmp_path / "acme/valetkey_connector_acme/acme.py"
    source.write_text("mine")
    (tmp_path / "acme/README.md").unlink()
    done = new("acme", "--into", str(tmp_path / "acme"))
    assert done.exit_code == 1 and "there already" in done.stderr
    assert source.read_text() == "mine" and not (tmp_path / "acme/README.md").exists()


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("Acme",), "lower-case letters"),
        (("acme", "--title", 'A"c'), "a name in one line"),
        (("notion",), "notion is a connector of Valetkey already: choose another slug, such as notion_acme"),
        (("acme", "--api-url", "api.acme.example"), HTTPS),
        (("acme", "--revoke-url", "http://acme.example/end"), HTTPS),
        (("acme", "--operations", "a"), "name it with --from-openapi"),
        (("acme", "--builtin", "--into", "docs"), "is not Valetkey's own repository"),
        (
            ("acme", "--from-openapi", str(QUAY), "--operations", "fly"),
            "has no operation 'fly'. It has: getShip",
        ),
        (
            ("acme", "--from-openapi", str(QUAY), "--operations", "getShip", "--fields", "id,crew"),
            "crew is a list: add it by hand after drafting. getShip has: id, name, tons, class, flagged, secret_cargo",
        ),
        (("acme", "--from-openapi", __file__, "--operations", "a"), "neither JSON nor YAML"),
    ],
)
def test_what_cannot_be_made_is_told(words: tuple[str, ...], said: str) -> None:
    done = new(*words)
    assert done.exit_code in (1, 2) and said in done.stderr, done.output


# ---- inside the repository --------------------------------------------------------------------------------------


def test_a_built_in_one_goes_where_built_in_ones_are(tmp_path: Path) -> None:
    (tmp_path / "connectors").mkdir()
    listing = tmp_path / "connectors/__init__.py"
    listing.write_text(
        '"""The list."""\n\nCONNECTORS: tuple[str, ...] = ("connectors.alpha", "connectors.zeta")\n'
    )
    done = new("mid", "--builtin", "--into", str(tmp_path))
    assert done.exit_code == 0, done.output
    names: dict[str, Any] = {}
    exec(listing.read_text(), names)
    assert names["CONNECTORS"] == ("connectors.alpha", "connectors.mid", "connectors.zeta")
    for file in (
        "connectors/mid.py",
        "tests/connectors/test_mid.py",
        "docs/connectors/mid.md",
        "cassettes/mid",
    ):
        assert (tmp_path / file).exists()
    for command in (
        ["check", "--config", "lint.isort.known-first-party=['connectors', 'core']"],
        ["format", "--check"],
    ):
        words = [
            sys.executable,
            "-m",
            "ruff",
            *command,
            "--config",
            str(ROOT / "pyproject.toml"),
            str(tmp_path),
        ]
        done_ = subprocess.run(words, capture_output=True, text=True, check=False)
        assert done_.returncode == 0, done_.stdout


# ---- from a description -----------------------------------------------------------------------------------------


def test_without_a_choice_the_operations_are_listed_and_nothing_is_written(tmp_path: Path) -> None:
    done = new("quay", "--from-openapi", str(QUAY), "--into", str(tmp_path / "quay"))
    assert done.exit_code == 0 and not (tmp_path / "quay").exists()
    lines = {line.split()[0]: " ".join(line.split()) for line in done.stdout.splitlines()}
    assert set(lines) == {"whoami", *EVERY.split(",")}
    assert lines["listShips"] == "listShips GET /ships List the ships in the harbour"
    assert lines["scrap-ship"] == "scrap-ship DELETE /ships/{shipId} Scrap a ship"


def test_what_has_no_type_or_parts_of_its_own_is_told_with_what_to_do(tmp_path: Path) -> None:
    tree = msgspec.yaml.decode(QUAY.read_bytes())
    ship = tree["components"]["schemas"]["Ship"]["allOf"][1]["properties"]
    ship["due_date"] = {"description": "When it has to leave."}
    file, into = tmp_path / "quay.json", ("--into", str(tmp_path / "quay"))
    file.write_text(json.dumps(tree))
    words = ("quay", "--from-openapi", str(file), "--operations", "getShip", *into)
    for field, said in (
        ("due_date", "due_date has no type in the description: add it by hand after drafting"),
        ("parent", "parent has parts of its own: add it by hand after drafting"),
        ("crew", "crew is a list: add it by hand after drafting"),
        ("wings", "there is no wings"),
    ):
        done = new(*words, "--fields", f"id,{field}")
        assert done.exit_code == 1 and said in done.stderr, done.stderr
        assert "getShip has: id, name, tons, class, flagged, secret_cargo" in done.stderr


def test_a_draft_has_the_addresses_scopes_and_account_of_the_description(tmp_path: Path) -> None:
    connector, _ = made(quay(tmp_path))
    oauth = connector.oauth
    assert connector.api_url == "https://quay.example/api/v2"
    assert (oauth.authorize_url, oauth.token_url) == (
        "https://quay.example/oauth/authorize",
        "https://quay.example/oauth/token",
    )
    assert {name: scope.risk for name, scope in connector.scopes.items()} == {
        "profile": "read", "ships.read": "read", "ships.write": "delete", "harbour.admin": "write",
    }  # fmt: skip
    assert connector.scopes["ships.read"].description == "Look at ships"
    assert oauth.always_scopes == ("profile",)


def test_risk_scopes_and_arguments_are_those_of_the_operation(tmp_path: Path) -> None:
    connector, _ = made(quay(tmp_path))
    tools = {tool.function_name: tool for tool in connector.tools.values()}
    assert {name: tool.risk for name, tool in tools.items()} == {
        "list_ships": "read", "register_ship": "write", "get_ship": "read", "scrap_ship": "delete", "search_ships": "read",
    }  # fmt: skip
    assert tools["list_ships"].scopes == ("ships.read",)
    assert tools["register_ship"].any_of == (("ships.write",), ("harbour.admin", "ships.read"))
    find = tools["list_ships"].input_schema["properties"]
    assert list(find) == ["q", "page_size", "class_", "cursor"] and find["page_size"]["maximum"] == 50
    make = tools["register_ship"].input_schema
    assert make["required"] == ["name"] and make["properties"]["name"]["minLength"] == 2
    assert set(make["properties"]) == {"name", "tons"}
    assert tools["get_ship"].input_schema["properties"]["ship_id"]["maxLength"] == 12


def test_a_result_has_the_plain_members_or_those_that_were_chosen(tmp_path: Path) -> None:
    connector, _ = made(quay(tmp_path))
    shape = connector.tools["quay.get_ship"].output_schema["properties"]
    assert set(shape) == {"id", "name", "tons", "class", "flagged", "secret_cargo"}
    fewer, _ = made(quay(tmp_path / "fewer", "--fields", "id,name", "--fields", "getShip=id,class"))
    assert set(fewer.tools["quay.get_ship"].output_schema["properties"]) == {"id", "class"}
    [item] = [fewer.tools["quay.list_ships"].output_schema["properties"]["items"]["items"]]
    assert set(item["properties"]) == {"id", "name"}


def test_only_the_words_of_people_are_missing(tmp_path: Path) -> None:
    _, faults = made(quay(tmp_path))
    assert [fault.what for fault in faults if not any(word in fault.what for word in WORDS)] == []
    assert len(faults) == 6  # five tools, and the scope the description says nothing of


def test_what_was_guessed_or_left_out_is_marked(tmp_path: Path) -> None:
    text = (quay(tmp_path) / "valetkey_connector_quay/quay.py").read_text()
    assert "# DRAFT: the body also takes `owner`, no plain values" in text
    assert "# DRAFT: a search by POST" in text
    assert (
        "# DRAFT: is /me the request that tells who signed in, and does its id never change?\n@quay.account"
        in text
    )


def test_the_id_of_the_account_is_needed_also_where_a_description_leaves_it_open(tmp_path: Path) -> None:
    """Else every account without one would be the account "None"; also where a tool answers the same record."""
    tree = msgspec.yaml.decode(QUAY.read_bytes())
    answer = tree["paths"]["/me"]["get"]["responses"]["200"]["content"]["application/json"]
    del answer["schema"]["required"]
    tree["components"]["schemas"]["Me"] = answer["schema"]
    answer["schema"] = {"$ref": "#/components/schemas/Me"}
    file, root = tmp_path / "quay.json", tmp_path / "quay"
    file.write_text(json.dumps(tree))
    new("quay", "--from-openapi", str(file), "--operations", "whoami", "--into", str(root))
    text = (root / "valetkey_connector_quay/quay.py").read_text()
    assert "    user_id: int\n" in text.partition("class Me(")[2].partition("@quay")[0]
    assert own_tests(root).returncode == 0


def test_words_of_a_description_stay_words(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Quotes, backslashes and lines of a summary do not become code."""
    monkeypatch.chdir(tmp_path)
    source = quay(tmp_path) / "valetkey_connector_quay/quay.py"
    kinds = {type(node).__name__ for node in ast.parse(source.read_text()).body}
    assert kinds == {"Expr", "Import", "ImportFrom", "Assign", "ClassDef", "AsyncFunctionDef"}
    made(source.parent.parent)
    assert not (tmp_path / "planted").exists()


def test_its_test_passes_and_falls_when_more_leaves_than_was_named(tmp_path: Path) -> None:
    root = quay(tmp_path, "--fields", "getShip=id")
    done = own_tests(root)
    assert done.returncode == 0 and " passed" in done.stdout, done.stdout
    source = root / "valetkey_connector_quay/quay.py"
    source.write_text(source.read_text().replace("    id: str\n", '    id: str\n    surplus: str = ""\n', 1))
    assert own_tests(root).returncode == 1


def test_a_description_of_openapi_3_0_is_read_too(tmp_path: Path) -> None:
    tree = msgspec.yaml.decode(QUAY.read_bytes()) | {"openapi": "3.0.3"}
    ship = tree["components"]["schemas"]["Ship"]["allOf"][1]["properties"]
    ship["tons"] = {"type": "number", "nullable": True}
    ship["flagged"] = {"type": "boolean", "nullable": True}
    file = tmp_path / "quay.json"
    file.write_text(json.dumps(tree))
    root = tmp_path / "quay"
    new("quay", "--from-openapi", str(file), "--operations", "GET /ships/{shipId}", "--into", str(root))
    tons = made(root)[0].tools["quay.get_ship"].output_schema["properties"]["tons"]
    assert {"type": "null"} in tons["anyOf"]


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"openapi": "2.0"}, "OpenAPI 3.0 or 3.1 is needed"),
        ({"swagger": "2.0", "openapi": None}, "OpenAPI 3.0 or 3.1 is needed"),
        ({"paths": {"/a": {"$ref": "other.yaml#/x"}}}, "bundle the description into one first"),
        ({"paths": {"/a": {"$ref": "#/nowhere"}}}, "there is nothing at"),
        ({"paths": {"/a": {"$ref": "#/paths/~1a"}}}, "leads in a circle"),
    ],
)
def test_a_description_that_cannot_be_read_is_told(tmp_path: Path, change: dict[str, Any], said: str) -> None:
    file = tmp_path / "broken.json"
    file.write_text(json.dumps(msgspec.yaml.decode(QUAY.read_bytes()) | change))
    done = new(
        "quay", "--from-openapi", str(file), "--operations", "getShip", "--into", str(tmp_path / "quay")
    )
    assert done.exit_code == 1 and said in done.stderr, done.output


# ---- from real descriptions -------------------------------------------------------------------------------------


@pytest.mark.skipif(not SPECS, reason="../shared/providers is not here: no real descriptions to draft from")
def test_every_operation_of_every_description_there_is_becomes_a_tool_that_passes_its_test(
    tmp_path: Path,
) -> None:
    """All are drafted and checked; a few of each are run, to keep the time short."""
    from web.cli.connectors.description import load

    roots = []
    for path in SPECS:
        slug = f"{'o' if path.parent.parent.name == 'specs' else 'h'}_{path.parent.name}"
        names = [one.id for one in load(path).operations()]
        for what, chosen in (("whole", names), ("part", names[:3])):
            root = tmp_path / what / slug
            done = new(
                slug, "--from-openapi", str(path), "--operations", ",".join(chosen), "--into", str(root)
            )
            assert done.exit_code == 0, f"{slug}: {done.output}"
            connector, faults = made(root)
            assert len(connector.tools) == len(chosen)
            assert [fault for fault in faults if not any(word in fault.what for word in WORDS)] == []
        roots.append(root)
    done_ = own_tests(*roots)
    assert done_.returncode == 0, done_.stdout[-3000:]
