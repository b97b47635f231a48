"""Everybody on stage, for both providers at once: one running service and one of each provider for the whole folder, and a
workspace with an assistant for each test.

`stage` is given twice, with Northwind and with oidc-provider, to every test that uses it and does not say `only(...)`;
`clocked` is the same with the service in this process, so that its clock can be moved, and `own` with a service of the
module's own, to be killed.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.flows.shared import ClockedService, SharedService, environment
from tests.flows.stage import Stage
from tests.flows.stages import STAGES, NorthwindStage, OidcStage, SitesStage
from tests.harness.northwind import RunningNorthwind
from tests.harness.oidc import OidcProvider

Providers = dict[str, Any]


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    said = {mark.args[0] for mark in metafunc.definition.iter_markers("parametrize")}
    for name in ("stage", "clocked", "own"):
        if name in metafunc.fixturenames and name not in said:
            metafunc.parametrize(name, list(STAGES), indirect=True)


@pytest.fixture(scope="package")
def providers(node_modules: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Providers]:
    """Northwind and oidc-provider, running."""
    northwind = RunningNorthwind()
    try:
        oidcp = OidcProvider(tmp_path_factory.mktemp("oidc"))
        yield {"northwind": northwind, "oidcp": oidcp}
        oidcp.close()
    finally:
        northwind.close()


@pytest.fixture(scope="package")
def shared_service(providers: Providers, tmp_path_factory: pytest.TempPathFactory) -> Iterator[SharedService]:
    one = SharedService(tmp_path_factory.mktemp("flows") / "service", env=environment(providers["oidcp"]))
    try:
        one.start()
        yield one
    finally:
        one.close()


@pytest.fixture
def stage(
    shared_service: SharedService, providers: Providers, request: pytest.FixtureRequest
) -> Iterator[Stage]:
    """On Northwind, then on oidc-provider."""
    one = STAGES[request.param](shared_service, providers[request.param])
    yield one
    one.close()


@pytest.fixture
def oidc_stage(shared_service: SharedService, providers: Providers) -> Iterator[OidcStage]:
    one = OidcStage(shared_service, providers["oidcp"])
    yield one
    one.close()


@pytest.fixture
def northwind_stage(shared_service: SharedService, providers: Providers) -> Iterator[NorthwindStage]:
    one = NorthwindStage(shared_service, providers["northwind"])
    yield one
    one.close()


@pytest.fixture
def sites_stage(shared_service: SharedService, providers: Providers) -> Iterator[SitesStage]:
    """Northwind, whose sign-in covers two companies' accounts."""
    one = SitesStage(shared_service, providers["northwind"])
    yield one
    one.close()


@pytest.fixture(scope="module")
def clocked_service(
    providers: Providers, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[ClockedService]:
    one = ClockedService(tmp_path_factory.mktemp("clocked"), providers["oidcp"])
    yield one
    one.close()


@pytest.fixture
def clocked(
    clocked_service: ClockedService, providers: Providers, request: pytest.FixtureRequest
) -> Iterator[Stage]:
    """As `stage`, with `clocked.service.later(ms)`; the provider's clock stays as it is."""
    one = STAGES[request.param](clocked_service, providers[request.param])  # type: ignore[arg-type]
    yield one
    one.close()


@pytest.fixture(scope="module")
def own_service(
    providers: Providers, tmp_path_factory: pytest.TempPathFactory, workers: int
) -> Iterator[SharedService]:
    """A service of the module's own, to be killed and started again."""
    folder = tmp_path_factory.mktemp("own") / "service"
    one = SharedService(folder, env=environment(providers["oidcp"]), workers=workers)
    try:
        one.start()
        yield one
    finally:
        one.close()


@pytest.fixture(scope="module")
def workers() -> int:
    """How many processes `own_service` has; override it in a module."""
    return 1


@pytest.fixture
def own(own_service: SharedService, providers: Providers, request: pytest.FixtureRequest) -> Iterator[Stage]:
    """As `stage`, on `own_service`, which runs at the beginning of every test."""
    if own_service.child is None:
        own_service.start()
    one = STAGES[request.param](own_service, providers[request.param])
    yield one
    one.close()
