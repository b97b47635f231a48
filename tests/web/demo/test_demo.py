"""`valetkey demo`: one command, three links, a chat that works with and without script, and nothing left afterwards."""

from __future__ import annotations

import re
import signal
import socket
import subprocess
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from playwright.sync_api import Browser, Page, expect

from tests.harness.chromium import axe, is_too_wide
from tests.harness.demo import DEMO, RunningDemo
from tests.harness.ports import free_port
from tests.harness.processes import descendants
from tests.harness.service import ROOT, clean_environment
from tests.harness.walker import Walker

LOOKS = [("light", 375), ("dark", 1280)]


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningDemo]:
    running = RunningDemo(tmp_path_factory.mktemp("demo")).wait()
    yield running
    running.child.stop()


def test_it_prints_three_links_that_answer(demo: RunningDemo) -> None:
    links = re.findall(r"^  \d\. .*?(http://\S+)$", demo.child.output(), re.MULTILINE)
    assert [httpx.URL(link).port for link in links] == [demo.port + 2, demo.port, demo.port + 1]
    with Walker() as walker:
        for link in links:
            assert walker.open(link).status == 200, link
        assert demo.child.is_running


def test_the_admin_sees_the_history_of_two_people(demo: RunningDemo) -> None:
    key = re.findall(r"vkw_\w+", demo.child.output())[0]
    grants = httpx.get(
        f"http://127.0.0.1:{demo.port}/v1/grants", headers={"Authorization": f"Bearer {key}"}, trust_env=False
    ).json()["items"]
    assert {("ben", "active"), ("cleo", "revoked")} <= {(grant["user"], grant["status"]) for grant in grants}
    with Walker() as walker:
        assert walker.open(demo.sign_in_link()).status == 200


def test_the_whole_story_without_script(demo: RunningDemo) -> None:
    with Walker() as walker:
        walker.open(demo.chat)
        walker.submit(
            next(form for form in walker.page.forms if form.action.endswith("/sign-in")), person="cleo"
        )
        walker.submit(composer(walker), text="Move the deal nobody has to won")
        walker.submit(form_to(walker, "/tab"))
        walker.submit("/approve")
        walker.submit("/sign-in", email="cleo@northwind.example", password="northwind-demo")
        page = walker.submit("/oauth/authorize", decision="allow")
        assert httpx.URL(page.url).port == demo.port + 2
        assert "I find no open deal of yours for “nobody has”, so I changed nothing." in page.words
        assert "in Northwind Trading" in page.words
        page = walker.submit(composer(walker), text="add a task: water the plants tomorrow")
        walker.submit(form_to(walker, "/no"), follow=True)
        assert "Then I cannot" in walker.page.words
        page = walker.submit(composer(walker), text="stop")
        assert "Northwind has confirmed it." in page.words


def composer(walker: Walker):  # type: ignore[no-untyped-def]
    return next(form for form in walker.page.forms if form.action.endswith("/say") and form.fields)


def form_to(walker: Walker, end: str):  # type: ignore[no-untyped-def]
    """The newest card's form, sent by the button that leads to `end`."""
    form = [form for form in walker.page.forms if "/asks/" in form.action][-1]
    form.action = form.action.rpartition("/")[0] + end
    return form


# ---- in a browser -------------------------------------------------------------------------------------------------


@pytest.fixture(params=LOOKS, ids=lambda look: f"{look[0]}-{look[1]}")
def page(browser: Browser, request: pytest.FixtureRequest) -> Iterator[Page]:
    theme, width = request.param
    context = browser.new_context(color_scheme=theme, viewport={"width": width, "height": 760})
    one = context.new_page()
    one.faults = []  # type: ignore[attr-defined]
    one.on("console", lambda said: one.faults.append(said.text) if said.type == "error" else None)  # type: ignore[attr-defined]
    one.on("pageerror", lambda error: one.faults.append(str(error)))  # type: ignore[attr-defined]
    yield one
    context.close()


def say(page: Page, text: str) -> None:
    page.get_by_label("Message Acme Assist").fill(text)
    page.get_by_role("button", name="Send").click()


def is_fine(page: Page) -> None:
    assert axe(page) == []
    assert not is_too_wide(page)
    assert page.faults == []  # type: ignore[attr-defined]


def test_a_person_connects_sees_and_stops_in_the_chat(demo: RunningDemo, page: Page) -> None:
    page.goto(demo.chat)
    is_fine(page)
    say(page, "Show my open deals")
    card = page.locator("valetkey-connect")
    expect(card.get_by_role("group")).to_contain_text(
        "It sees title, company, amount, stage and closing date"
    )
    expect(card.locator("form")).to_be_hidden()
    is_fine(page)
    with page.expect_popup() as opened:
        card.get_by_role("button", name="Review and connect").click()
    popup = opened.value
    popup.get_by_role("button", name="Continue to Northwind").click()
    popup.get_by_label("Work e-mail").fill("ada@northwind.example")
    popup.get_by_label("Password").fill("northwind-demo")
    popup.get_by_role("button", name="Sign in").click()
    popup.get_by_role("button", name="Allow").click()
    expect(page.get_by_role("table")).to_be_visible()
    expect(page.get_by_text("Read 10 deals from Northwind just now")).to_be_visible()
    expect(page.get_by_text("Northwind connected")).to_be_visible()
    is_fine(page)
    with page.expect_popup() as opened:
        page.locator(".source").get_by_role("link", name="What can you see?").click()
    expect(opened.value.get_by_text("Acme Assist").first).to_be_visible()
    say(page, "Add a task: call Ada tomorrow")
    page.get_by_role("button", name="Not now").click()
    expect(page.get_by_text("Then I cannot find projects or add a task for you in Northwind")).to_be_visible()
    say(page, "What can you see?")
    expect(page.locator(".access")).to_contain_text("Find your deals")
    is_fine(page)
    say(page, "stop")
    expect(page.get_by_text("Northwind has confirmed it.")).to_be_visible()
    say(page, "Show my open deals")
    expect(page.get_by_text("My access to Northwind was stopped.")).to_be_visible()
    is_fine(page)


def test_a_closed_window_can_be_opened_again(demo: RunningDemo, browser: Browser) -> None:
    context = browser.new_context()
    page = context.new_page()
    page.goto(demo.chat)
    say(page, "List projects")
    with page.expect_popup() as opened:
        page.get_by_role("button", name="Review and connect").click()
    opened.value.wait_for_load_state()
    opened.value.close()
    with page.expect_popup() as opened:
        page.get_by_role("button", name="Open it again").click()
    expect(opened.value.get_by_role("heading", level=1)).to_contain_text("Acme Assist wants to use")
    context.close()


# ---- how it ends --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_it_ends_cleanly_and_leaves_nothing(tmp_path: Path, number: signal.Signals) -> None:
    running = RunningDemo(tmp_path).wait()
    assert running.left() != []
    below = descendants(running.child.pid)
    assert running.child.stop(sig=number) == 0
    output = running.child.output()
    assert "Traceback" not in output
    assert output.rstrip().endswith("Stopped. Nothing was left on this machine.")
    assert running.left() == []
    assert [
        pid
        for pid in below
        if Path(f"/proc/{pid}/cmdline").exists() and Path(f"/proc/{pid}/cmdline").read_text()
    ] == []


@pytest.mark.parametrize("after_s", [1.5, 2.5, 3.5])
def test_it_can_be_stopped_while_it_starts(tmp_path: Path, after_s: float) -> None:
    running = RunningDemo(tmp_path)
    try:
        running.child.process.wait(after_s)
    except subprocess.TimeoutExpired:
        pass
    running.child.stop(sig=signal.SIGINT)
    assert "Traceback" not in running.child.output()
    assert running.left() == []


@pytest.mark.parametrize(("offset", "part"), [(0, "the service"), (1, "Northwind"), (2, "the chat")])
def test_a_port_that_is_taken_is_named_with_the_mend(tmp_path: Path, offset: int, part: str) -> None:
    port = free_port(3)
    with socket.socket() as other:
        other.bind(("127.0.0.1", port + offset))
        other.listen()
        done = subprocess.run(
            [*DEMO, "--port", str(port)],
            env={**clean_environment(), "TMPDIR": str(tmp_path)},
            cwd=ROOT,
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
    assert done.returncode == 1
    assert f"Port {port + offset}, for {part}, cannot be used" in done.stderr
    assert "valetkey demo --port" in done.stderr
    assert "Traceback" not in done.stderr
    assert list(tmp_path.iterdir()) == []


def test_when_the_service_dies_the_demo_says_so_and_ends(tmp_path: Path) -> None:
    running = RunningDemo(tmp_path).wait()
    (service,) = [
        pid
        for pid, line in descendants(running.child.pid).items()
        if " serve " in line and parent(pid) == running.child.pid
    ]
    subprocess.run(["kill", "-KILL", str(service)], check=True)
    assert running.child.process.wait(30) == 1
    assert "The service ended by itself." in running.child.output()
    assert running.left() == []
    running.child.stop()


def parent(pid: int) -> int:
    return int(Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[1])
