"""`valetkey connectors new --from-openapi`: a draft says what the description says, and marks what it does not say."""

from __future__ import annotations

import ast
import json
from pathlib import Path
from typing import Any

import msgspec
import pytest

from tests.harness.service import ROOT
from tests.web.cli.connectors.drafts import EVERY, QUAY, WORDS, made, new, own_tests, quay

PROVIDERS = ROOT.parent / "shared/providers"
SPECS = sorted(PROVIDERS.glob("specs*/*/openapi.json"))


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
