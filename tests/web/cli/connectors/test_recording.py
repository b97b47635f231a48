"""`valetkey connectors record`: what the live provider said, of nobody, ready to be played again."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import vcr
import yaml

from core import cassettes, evidence, registry, rehearsal
from core.scrubbing import findings, strings
from tests.harness.walker import Walker
from tests.web.cli.connectors.person import SECRET, Developer
from tests.web.cli.test_config import run
from web.demo.northwind.records import Contact

RECORD = ("record", "northwind")


def recorded(
    developer: Developer, walker: Walker, *words: str, scopes: list[str] | None = None
) -> tuple[int, str, str]:
    into = ("--into", str(developer.folder / "cassettes"))
    with developer.running(*RECORD, *words, *into) as terminal:
        developer.allow(terminal, walker, scopes)
        return terminal.end(), terminal.out, terminal.err


def shelf(developer: Developer) -> Path:
    return developer.folder / "cassettes" / "northwind"


def contacts(developer: Developer) -> list[Contact]:
    return [one for one in developer.northwind.inside.book.records.values() if isinstance(one, Contact)]


def test_a_recording_says_what_it_is_and_plays_again(developer: Developer, walker: Walker) -> None:
    code, out, err = recorded(developer, walker, "find_contacts", "--arg", "limit=3")
    assert code == 0, err
    path = shelf(developer) / "find_contacts__success.yaml"
    assert out.splitlines() == [str(path)]
    text = path.read_text()
    first, second, third = text.splitlines()[:3]
    assert first.startswith("# A recording of the live provider of Northwind, made on 20")
    assert first.endswith("by: valetkey connectors record northwind find_contacts")
    assert second == "# Scrubbed: tokens, e-mail addresses and names are taken out."
    assert third.startswith(cassettes.CALL)
    northwind = registry.load(development=True).connector("northwind")
    assert len(rehearsal.replay(northwind, text)["result"]["items"]) == 3
    assert list(evidence.recording_problems(northwind, path.parent.parent)) == []


def test_vcrpy_reads_what_was_written(developer: Developer, walker: Walker) -> None:
    recorded(developer, walker, "find_projects")
    with vcr.use_cassette(str(shelf(developer) / "find_projects__success.yaml"), record_mode="none") as tape:
        assert tape.requests[0].method == "GET" and "/api/v1/projects" in tape.requests[0].uri
        assert json.loads(tape.responses[0]["body"]["string"])["items"]


def test_nothing_of_a_person_or_a_token_is_in_it(developer: Developer, walker: Walker) -> None:
    recorded(developer, walker, "find_contacts", "find_deals", "--arg", "limit=50")
    for path in shelf(developer).glob("*.yaml"):
        text = path.read_text()
        told = " ".join(strings(yaml.safe_load(text)))
        assert findings(text) == [] and findings(told) == []
        for secret in (SECRET, *developer.northwind.tokens):
            assert secret not in text
        names = {text for one in contacts(developer) for text in (one.name, one.email, one.company_name)}
        names |= {one.email for one in developer.northwind.inside.book.people.values()}
        assert [name for name in names if name in told] == []
    assert len(list(shelf(developer).glob("*.yaml"))) == 2


def test_names_stay_where_the_account_is_of_nobody(developer: Developer, walker: Walker) -> None:
    recorded(developer, walker, "find_contacts", "--arg", "limit=50", "--keep-names")
    text = (shelf(developer) / "find_contacts__success.yaml").read_text()
    assert "# Scrubbed: tokens are taken out." in text
    assert any(one.email in text for one in contacts(developer))


def test_a_search_for_a_name_is_one_for_its_stand_in(developer: Developer, walker: Walker) -> None:
    name = contacts(developer)[0].name
    code, _, err = recorded(developer, walker, "find_contacts", "--arg", f"query={name}")
    assert code == 0, err
    text = (shelf(developer) / "find_contacts__success.yaml").read_text()
    call = cassettes.call_of(text)
    assert call is not None and name not in text and call.arguments["query"].startswith("Name ")


@pytest.mark.parametrize(
    ("case", "words"),
    [
        ("empty", ("--arg", "query=nobody is called this")),
        ("next_page", ("--arg", "limit=2")),
        ("unauthorized", ()),
    ],
)
def test_each_case_can_be_recorded(
    developer: Developer, walker: Walker, case: str, words: tuple[str, ...]
) -> None:
    code, out, err = recorded(developer, walker, "find_contacts", "--case", case, *words)
    assert code == 0, err
    call = cassettes.call_of(Path(out.strip()).read_text())
    assert call is not None and call.case == case


def test_a_missing_scope_is_recorded_with_a_smaller_sign_in(developer: Developer, walker: Walker) -> None:
    words = ("find_contacts", "--case", "missing_scope", "--scope", "deals.read")
    code, out, err = recorded(developer, walker, *words)
    assert code == 0, err
    assert "insufficient_scope" in Path(out.strip()).read_text()


def test_what_is_not_the_case_is_not_written(developer: Developer, walker: Walker) -> None:
    code, out, err = recorded(developer, walker, "find_contacts", "--case", "empty")
    assert code == 1 and out == "" and "this is no 'empty'" in err
    assert not shelf(developer).exists()
    assert developer.northwind.live() == []


def test_a_refusal_is_a_recording_of_its_own_and_no_success(developer: Developer, walker: Walker) -> None:
    words = ("get_deal", "--arg", "deal_id=de_999999")
    code, out, err = recorded(developer, walker, *words)
    assert code == 1 and out == "" and "this is no 'success': it ended with not_found" in err
    code, out, err = recorded(developer, walker, *words, "--case", "not_found")
    assert code == 0 and out.strip().endswith("get_deal__not_found.yaml"), err


def test_without_a_name_every_reading_tool_is_recorded(developer: Developer, walker: Walker) -> None:
    code, out, err = recorded(developer, walker)
    assert code == 0, err
    tools = ("find_contacts", "find_companies", "find_deals", "find_projects", "my_tasks")
    assert [Path(line).stem for line in out.splitlines()] == [f"{name}__success" for name in tools]
    assert "get_deal is left out: it needs --arg deal_id" in err


def test_a_recording_that_is_there_is_kept_unless_told(developer: Developer, walker: Walker) -> None:
    path = shelf(developer) / "find_contacts__success.yaml"
    path.parent.mkdir(parents=True)
    path.write_text("mine")
    with developer.running(*RECORD, "find_contacts", "--into", str(path.parent.parent)) as terminal:
        assert terminal.end() == 1 and "--replace writes over it" in terminal.err
    assert path.read_text() == "mine"
    assert recorded(developer, walker, "find_contacts", "--replace")[0] == 0
    assert path.read_text().startswith(cassettes.LIVE)


@pytest.mark.parametrize(("case", "status"), [("rate_limited", 429), ("server_error", 500)])
def test_what_no_account_can_be_made_to_get_is_made_of_its_success(
    developer: Developer, walker: Walker, case: str, status: int
) -> None:
    """Without a sign-in, and it says that nobody gave this answer."""
    order = (*RECORD, "find_contacts", "--case", case, "--into", str(developer.folder / "cassettes"))
    found = run("connectors", *order, VALETKEY_DEVELOPMENT="1")
    assert found.exit_code == 1 and "record its success first" in found.stderr
    assert recorded(developer, walker, "find_contacts", "--arg", "limit=3")[0] == 0
    found = run("connectors", *order, VALETKEY_DEVELOPMENT="1")
    assert found.exit_code == 0, found.output
    text = Path(found.stdout.strip()).read_text()
    assert text.startswith(cassettes.MADE_UP) and not cassettes.is_live(text)
    [one] = cassettes.exchanges_of(text)
    assert one.status == status and "limit=3" in one.url
    assert ("retry-after" in one.answered_headers) == (case == "rate_limited")
    northwind = registry.load(development=True).connector("northwind")
    assert list(evidence.recording_problems(northwind, shelf(developer).parent)) == []
    again = run("connectors", *RECORD, *order[3:], VALETKEY_DEVELOPMENT="1")
    assert "find_contacts is left out: " in again.stderr and "is there already" in again.stderr


def test_without_a_name_what_is_there_is_left_out(developer: Developer, walker: Walker) -> None:
    path = shelf(developer) / "find_contacts__success.yaml"
    path.parent.mkdir(parents=True)
    path.write_text("mine")
    code, out, err = recorded(developer, walker)
    assert code == 0 and f"find_contacts is left out: {path} is there already" in err
    assert path.read_text() == "mine" and str(path) not in out
    assert "find_deals__success.yaml" in out


def test_without_vcrpy_it_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    found = run("connectors", "record", "northwind", VALETKEY_DEVELOPMENT="1")
    assert found.exit_code == 1 and "Recording needs vcrpy" in found.stderr
