"""`valetkey connectors new`: what it writes can be imported, checked and tested, and says what only a person can write."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import msgspec
import pytest

from core.connector import Rfc7009
from tests.harness.service import ROOT
from tests.web.cli.connectors.drafts import QUAY, WORDS, made, new, own_tests
from tests.web.cli.test_config import run

HTTPS = "This has to begin with https://, for example https://api.harbour.example/v2"


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
