"""Fixtures for every test. What they give is described in tests/README.md; the parts themselves are in
tests/harness.

Nothing outlives a run: the last check fails when a process that a test started is still there.
"""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from tests.harness import node
from tests.harness.processes import adopt_orphans, children
from tests.harness.waiting import until
from tests.harness.walker import Walker

if TYPE_CHECKING:
    from playwright.sync_api import Browser

    from tests.harness.northwind import RunningNorthwind
    from tests.harness.oidc import OidcProvider
    from tests.harness.scene import Scene
    from tests.harness.service import Service

IN_CI = os.environ.get("CI", "").lower() in ("1", "true", "yes")


def missing(what: str, mend: str) -> None:
    """Skip outside CI, where a person may lack something; fail in CI, where nothing may be left out."""
    message = f"{what} is not here: {mend}"
    if IN_CI:
        pytest.fail(message, pytrace=False)
    pytest.skip(message)


def pytest_configure(config: pytest.Config) -> None:
    adopt_orphans()


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """`-m browser` and `-m node` choose by what a test uses."""
    for item in items:
        used = getattr(item, "fixturenames", ())
        if "browser" in used:
            item.add_marker(pytest.mark.browser)
        if "node_modules" in used:
            item.add_marker(pytest.mark.node)


@pytest.fixture(scope="session", autouse=True)
def nothing_is_left_running() -> Iterator[None]:
    before = children()
    yield
    try:
        until(lambda: not left_running(before), within_s=5, what="the end of every child process")
    except AssertionError:
        left = left_running(before)
        for pid in left:
            os.kill(pid, signal.SIGKILL)
        pytest.fail(f"left running by a test, and killed now: {left}", pytrace=False)


def left_running(before: dict[int, str]) -> dict[int, str]:
    return {pid: line for pid, line in children().items() if pid not in before}


@pytest.fixture
def walker() -> Iterator[Walker]:
    """A fresh browser without script."""
    with Walker() as one:
        yield one


@pytest.fixture(scope="session")
def node_modules() -> Path:
    if not node.is_installed():
        missing("tests/node/node_modules", "run `make test`, which installs it")
    return node.MODULES


@pytest.fixture
def oidc_provider(
    node_modules: Path, tmp_path: Path, request: pytest.FixtureRequest
) -> Iterator[OidcProvider]:
    """A fresh oidc-provider; options through `@pytest.mark.parametrize("oidc_provider", [{...}],
    indirect=True)`.
    """
    from tests.harness.oidc import OidcProvider

    options: dict[str, Any] = getattr(request, "param", {})
    provider = OidcProvider(tmp_path, **options)
    yield provider
    provider.close()


@pytest.fixture
def northwind(request: pytest.FixtureRequest) -> Iterator[RunningNorthwind]:
    """The bundled provider in this process; options as for `oidc_provider`, for example `{"token_ttl_s": 1}`."""
    from tests.harness.northwind import RunningNorthwind

    provider = RunningNorthwind(**getattr(request, "param", {}))
    yield provider
    provider.close()


@pytest.fixture
def service_env() -> dict[str, str]:
    """What this test's service gets in its environment besides its own settings; override it in a module or class."""
    return {}


@pytest.fixture
def service(tmp_path: Path, request: pytest.FixtureRequest, service_env: dict[str, str]) -> Iterator[Service]:
    """A running `valetkey serve`, empty. It knows `oidcp` when the test also uses `oidc_provider`."""
    from tests.harness.service import Service

    env = dict(service_env)
    if "oidc_provider" in request.fixturenames:
        env = {**request.getfixturevalue("oidc_provider").env, **env}
    one = Service(tmp_path / "service", env=env)
    try:
        yield one.start()
    finally:
        one.close()


@pytest.fixture
def scene(oidc_provider: OidcProvider, service: Service) -> Iterator[Scene]:
    """A service, oidc-provider, a workspace that registered it, an assistant; `scene.connect()` makes a grant."""
    from tests.harness.scene import Scene

    one = Scene(service, oidc_provider)
    yield one
    one.close()


@pytest.fixture
def northwind_scene(northwind: RunningNorthwind, service: Service) -> Iterator[Scene]:
    """The same with Northwind: `northwind_scene.connect(tools=["find_deals"])`."""
    from tests.harness.scene import Scene

    one = Scene(service, northwind)
    yield one
    one.close()


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """Chromium; `browser.new_context()` for each person. Its module may hold no asynchronous tests.

    One for each module, not for the run: while it lives, Playwright keeps an event loop in this thread, and
    pytest-asyncio
    could start none for the modules that follow.
    """
    from tests.harness.chromium import executable, launched

    path = executable()
    if path is None:
        missing("Chromium", "apt-get install chromium, or name it in CHROMIUM")
    assert path is not None
    with launched(path) as browser:
        yield browser
