"""`valetkey connectors try`: a real call with the developer's own account, and nothing of it left behind."""

from __future__ import annotations

import json
import os
import pty
import signal
import socket
from pathlib import Path
from urllib.parse import parse_qs, urlencode, urlsplit

import httpx
import pytest

from tests.harness.service import ROOT
from tests.harness.sites import FREIGHT, SITES_CONNECTOR
from tests.harness.waiting import until
from tests.harness.walker import Walker
from tests.web.cli.connectors.person import CLIENT_ID, SECRET, Developer
from tests.web.cli.test_config import run

FIND = ("try", "northwind", "find_contacts", "--arg", "limit=2")


def at(url: str, **query: str) -> httpx.Response:
    return httpx.get(f"{url}?{urlencode(query)}" if query else url, trust_env=False, timeout=10)


def state(address: str) -> str:
    return parse_qs(urlsplit(address).query)["state"][0]


def test_the_result_alone_is_printed_and_the_tokens_are_ended(developer: Developer, walker: Walker) -> None:
    with developer.running(*FIND) as terminal:
        page = developer.allow(terminal, walker)
        assert terminal.end() == 0, terminal.err
    shown = json.loads(terminal.out)
    assert len(shown["items"]) == 2
    assert set(shown["items"][0]) == {"id", "name", "email", "job_title", "company_name"}
    assert "You can close this page" in page.words
    for said in (
        "Signed in as ada@northwind.example",
        "Given: contacts.read",
        "There is more: --arg cursor=",
    ):
        assert said in terminal.err
    assert terminal.err.splitlines()[-1] == "The tokens are ended at Northwind."
    assert developer.northwind.live() == []


SEVERAL = {
    "VALETKEY_CONNECTORS_PATH": str(SITES_CONNECTOR), "SITES_CLIENT_ID": CLIENT_ID, "SITES_CLIENT_SECRET": SECRET,
}  # fmt: skip


def test_of_several_accounts_the_developer_chooses(developer: Developer, walker: Walker) -> None:
    with developer.running("try", "sites", "find_deals", typed="7\n2\n", **SEVERAL) as terminal:
        developer.allow(terminal, walker)
        assert terminal.end() == 0, terminal.err
    assert json.loads(terminal.out)["site"] == "freight"
    assert "1  ada@northwind.example in Northwind Trading" in terminal.err
    assert f"Signed in as ada@northwind.example in {FREIGHT}" in terminal.err
    assert developer.northwind.live() == []


def test_with_nobody_at_the_keyboard_none_of_several_is_taken(developer: Developer, walker: Walker) -> None:
    with developer.running("try", "sites", "find_deals", **SEVERAL) as terminal:
        developer.allow(terminal, walker)
        assert terminal.end() == 1
    assert terminal.out == "" and "Signed in as" not in terminal.err
    assert developer.northwind.live() == []


def test_only_what_the_tool_needs_is_asked_for_with_pkce(developer: Developer, walker: Walker) -> None:
    with developer.running(*FIND) as terminal:
        query = parse_qs(urlsplit(terminal.address()).query)
        developer.allow(terminal, walker)
        terminal.end()
    assert query["scope"] == ["contacts.read"] and query["code_challenge_method"] == ["S256"]
    assert query["redirect_uri"] == [developer.redirect_uri]


def test_no_secret_and_no_token_is_printed_or_stands_in_the_arguments(
    developer: Developer, walker: Walker
) -> None:
    with developer.running(*FIND) as terminal:
        terminal.address()
        words = Path(f"/proc/{terminal.process.pid}/cmdline").read_text()
        developer.allow(terminal, walker)
        terminal.end()
    secrets = [SECRET, *developer.northwind.tokens]
    assert len(secrets) > 2
    for secret in secrets:
        assert secret not in terminal.out + terminal.err + words


def test_a_secret_that_is_not_in_the_environment_is_asked_for_and_not_shown(
    developer: Developer, walker: Walker
) -> None:
    ours, theirs = pty.openpty()
    try:
        with developer.running(*FIND, stdin=theirs) as terminal:
            until(lambda: "Client secret (NORTHWIND_CLIENT_SECRET is not set)" in terminal.err, within_s=20)
            os.write(ours, f"{SECRET}\n".encode())
            developer.allow(terminal, walker)
            assert terminal.end() == 0, terminal.err
        os.set_blocking(ours, False)
        try:
            echoed = os.read(ours, 10_000)
        except BlockingIOError:
            echoed = b""
    finally:
        os.close(ours)
        os.close(theirs)
    assert SECRET not in echoed.decode() + terminal.err + terminal.out


def test_a_strange_answer_changes_nothing(developer: Developer, walker: Walker) -> None:
    """Another state, another path, another host, two states: refused, and the right answer still counts."""
    with developer.running(*FIND) as terminal:
        own, callback = state(terminal.address()), developer.redirect_uri
        assert at(callback, state="x" * 43, code="stolen").status_code == 400
        assert at(callback).status_code == 400
        assert at(f"{callback}?state={own}&state={own}&code=x").status_code == 400
        assert at(callback.replace("/callback", "/"), state=own, code="x").status_code == 404
        foreign = httpx.get(
            f"{callback}?state={own}&code=x", headers={"Host": "evil.example"}, trust_env=False
        )
        assert foreign.status_code == 404
        developer.allow(terminal, walker)
        assert terminal.end() == 0, terminal.err


def test_an_answer_of_another_issuer_is_not_redeemed(developer: Developer) -> None:
    with developer.running(*FIND) as terminal:
        own = state(terminal.address())
        assert at(developer.redirect_uri, state=own, code="c", iss="https://evil.example").status_code == 200
        assert terminal.end() == 1
    assert "did not come from Northwind's authorization server" in terminal.err
    assert [one for one in developer.northwind.inside.seen if one.path == "/oauth/token"] == []


def test_a_refusal_is_told(developer: Developer, walker: Walker) -> None:
    with developer.running(*FIND) as terminal:
        walker.open(terminal.address())
        developer.northwind.refuse(walker, "ada")
        assert terminal.end() == 1
    assert "Northwind answered access_denied" in terminal.err and terminal.out == ""


def test_fewer_scopes_stop_the_call_and_the_tokens_end_all_the_same(
    developer: Developer, walker: Walker
) -> None:
    with developer.running(*FIND, "--scope", "contacts.read", "--scope", "deals.read") as terminal:
        developer.allow(terminal, walker, ["deals.read"])
        assert terminal.end() == 1
    assert "Northwind did not give contacts.read" in terminal.err
    assert developer.northwind.tokens and developer.northwind.live() == []


def test_a_tool_that_fails_ends_the_tokens_too(developer: Developer, walker: Walker) -> None:
    with developer.running("try", "northwind", "get_deal", "--arg", "deal_id=de_999999") as terminal:
        developer.allow(terminal, walker)
        assert terminal.end() == 1
    assert terminal.out == "" and developer.northwind.live() == []


def test_a_token_that_is_refused_is_refreshed_once(developer: Developer, walker: Walker) -> None:
    developer.northwind.inside.faults.fail("api", 401, times=1)
    with developer.running(*FIND) as terminal:
        developer.allow(terminal, walker)
        assert terminal.end() == 0, terminal.err
    asked = [one.path for one in developer.northwind.inside.seen]
    assert asked.count("/oauth/token") == 2 and developer.northwind.live() == []


def test_interrupted_while_the_provider_answers_it_ends_the_tokens(
    developer: Developer, walker: Walker
) -> None:
    developer.northwind.inside.faults.slow("api", before_s=3)
    with developer.running(*FIND) as terminal:
        developer.allow(terminal, walker)
        until(lambda: developer.northwind.live(), within_s=10)
        terminal.process.send_signal(signal.SIGINT)
        assert terminal.end() != 0
    assert developer.northwind.live() == []


def test_interrupted_while_the_tokens_are_on_their_way_it_ends_them(
    developer: Developer, walker: Walker
) -> None:
    developer.northwind.inside.faults.slow("token", after_s=1.5)
    with developer.running(*FIND) as terminal:
        developer.allow(terminal, walker)
        until(lambda: developer.northwind.live(), within_s=10)
        terminal.process.send_signal(signal.SIGINT)
        assert terminal.end() != 0
    assert developer.northwind.live() == [] and "Signed in" not in terminal.err


def test_tokens_that_could_not_be_ended_are_told_with_where_to_end_them(
    developer: Developer, walker: Walker
) -> None:
    developer.northwind.inside.faults.fail("revocation", 503, times=5)
    with developer.running(*FIND) as terminal:
        developer.allow(terminal, walker)
        assert terminal.end() == 1
    assert json.loads(terminal.out)["items"]
    assert "could not be ended at Northwind" in terminal.err and "End it by hand: " in terminal.err


def test_what_changes_something_wants_a_yes(developer: Developer, walker: Walker) -> None:
    words = ("try", "northwind", "move_deal", "--arg", "deal_id=de_1", "--arg", "stage=won")
    with developer.running(*words) as terminal:
        assert terminal.end() == 1
    assert "It is done really" in terminal.err and list(developer.northwind.inside.seen) == []


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("try", "nowhere", "find"), "There is no connector `nowhere` here"),
        (("try", "northwind", "fly"), "northwind has no tool `fly`. It has: find_contacts"),
        (("try", "northwind", "find_contacts"), "Northwind needs --config base_url=..."),
        (
            (*FIND, "--arg", "colour=red"),
            "find_contacts has no argument colour. There are: query, company, limit, cursor",
        ),
        (("try", "northwind", "add_note"), "add_note needs --arg deal_id=... and --arg text=..."),
        (("try", "northwind", "add_note", "--arg", "text=Tea"), "add_note needs --arg deal_id=...\n"),
        ((*FIND, "--arg", "limit"), "'limit' is not name=value"),
        ((*FIND, "--arg", "limit=many"), "`/limit`: Expected int"),
        ((*FIND, "--config", "base_url=http://127.0.0.1:9"), "set NORTHWIND_CLIENT_ID in the environment"),
    ],
)
def test_what_is_missing_is_told_before_anything_happens(words: tuple[str, ...], said: str) -> None:
    found = run("connectors", *words, VALETKEY_DEVELOPMENT="1")
    assert found.exit_code != 0 and said in found.stderr


def test_plain_http_outside_development_is_told_with_what_to_set() -> None:
    found = run("connectors", *FIND, "--config", "base_url=http://127.0.0.1:9")
    assert found.exit_code == 2 and "Set VALETKEY_DEVELOPMENT=1 to try it." in found.stderr


def test_a_port_that_is_in_use_is_named_before_anybody_is_sent_anywhere(developer: Developer) -> None:
    with socket.create_server(("127.0.0.1", developer.port)), developer.running(*FIND) as terminal:
        assert terminal.end() == 1
    assert f"Port {developer.port} is in use by another program" in terminal.err
    assert "Sign in and allow" not in terminal.err and "Redirect URI" not in terminal.err


def test_a_fault_of_the_connectors_own_code_is_told_with_its_line(
    developer: Developer, walker: Walker, tmp_path: Path
) -> None:
    """The service would answer with an id and keep the rest in its log; its author is sitting here."""
    own = tmp_path / "mine/leaky.py"
    own.parent.mkdir()
    text = (ROOT / "connectors/northwind.py").read_text().replace('slug="northwind"', 'slug="leaky"')
    head, page, body = text.partition("async def _page(")
    own.write_text(head + page + body.replace(":\n    ", ":\n    1 / 0\n    ", 1))
    line = own.read_text().splitlines().index("    1 / 0") + 1
    env = {
        "LEAKY_CLIENT_ID": CLIENT_ID,
        "LEAKY_CLIENT_SECRET": SECRET,
        "VALETKEY_CONNECTORS_PATH": str(own.parent),
    }
    with developer.running("try", "leaky", "find_deals", **env) as terminal:
        developer.allow(terminal, walker)
        assert terminal.end() == 1
    assert f"{own}:{line}: ZeroDivisionError" in terminal.err and "Traceback" not in terminal.err
    assert developer.northwind.live() == []
