"""The running demo, and a person with a browser of their own."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser

from tests.browser.crowd import Crowd
from tests.browser.person import Person
from tests.harness.demo import RunningDemo


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningDemo]:
    running = RunningDemo(tmp_path_factory.mktemp("demo")).wait()
    yield running
    running.child.stop()


@pytest.fixture
def ada(demo: RunningDemo, browser: Browser) -> Iterator[Person]:
    """She has allowed nothing yet."""
    demo.forget("ada")
    context = browser.new_context(viewport={"width": 1280, "height": 800})
    yield Person(demo, context)
    context.close()


@pytest.fixture(scope="module")
def crowd(demo: RunningDemo) -> Iterator[Crowd]:
    one = Crowd(demo)
    yield one
    one.close()
