"""One running `valetkey serve` and one Northwind for the whole folder; a workspace with a registration and an assistant of
its own for each test, used with a plain HTTP client.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from tests.flows.shared import SharedService
from tests.harness.northwind import RunningNorthwind
from tests.harness.scene import Scene


@pytest.fixture(scope="package")
def provider() -> Iterator[RunningNorthwind]:
    one = RunningNorthwind()
    yield one
    one.close()


@pytest.fixture(scope="package")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SharedService]:
    one = SharedService(tmp_path_factory.mktemp("api") / "service")
    try:
        one.start()
        yield one
    finally:
        one.close()


@pytest.fixture
def site(server: SharedService, provider: RunningNorthwind) -> Iterator[Scene]:
    one = Scene(server, provider)
    yield one
    one.close()


@pytest.fixture(scope="package")
def lasting(server: SharedService, provider: RunningNorthwind) -> Iterator[Scene]:
    """A workspace for tests that change nothing."""
    one = Scene(server, provider)
    yield one
    one.close()


@pytest.fixture
def stranger(server: SharedService, provider: RunningNorthwind) -> Iterator[Scene]:
    """Another workspace, with everything of its own."""
    one = Scene(server, provider)
    yield one
    one.close()


@pytest.fixture
def admin(site: Scene) -> httpx.Client:
    """Sends the workspace key."""
    return site.workspace.http


@pytest.fixture
def builder(site: Scene) -> httpx.Client:
    """Sends the assistant's key."""
    return site.assistant.http


@pytest.fixture
def anybody(server: SharedService) -> Iterator[httpx.Client]:
    """Sends no key."""
    with httpx.Client(base_url=server.url, timeout=60, trust_env=False) as client:
        yield client


@pytest.fixture
def grant(site: Scene) -> dict[str, Any]:
    """A grant of `find_deals` and `find_contacts`, made the whole way."""
    return site.connect("u1", "ada", ["find_deals", "find_contacts"])
