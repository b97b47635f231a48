"""The house under attack, twice for the whole folder: as it is (`valetkey serve`), and in this process, where `weaken` takes
one defence out of it.

A test that uses `defended` runs both ways: what it attacks has to hold the first time and to fall the second, or the
test would prove nothing. `stage` is given with Northwind and with oidc-provider, undefended with Northwind only.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from core.store.statements import load
from tests.flows.shared import SharedService
from tests.flows.stage import Stage
from tests.flows.stages import STAGES, NorthwindStage, OidcStage, SitesStage
from tests.harness.collector import Collector
from tests.harness.northwind import RunningNorthwind
from tests.harness.oidc import CONNECTORS, OidcProvider
from tests.harness.sites import SITES_CONNECTOR
from tests.web.pages.running import RunningValetkey

HOSTILE = Path(__file__).resolve().parent / "hostile_connector"
Providers = dict[str, Any]


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    said = " ".join(str(mark.args[0]) for mark in metafunc.definition.iter_markers("parametrize"))
    stage, defended = (name in metafunc.fixturenames and name not in said for name in ("stage", "defended"))
    if stage and defended:  # that a defence is missed needs no second provider
        ways = [(slug, True) for slug in STAGES] + [("northwind", False)]
        ids = [f"{slug}-{'defended' if strong else 'undefended'}" for slug, strong in ways]
        metafunc.parametrize(("stage", "defended"), ways, indirect=["stage"], ids=ids)
    elif stage:
        metafunc.parametrize("stage", list(STAGES), indirect=True)
    elif defended:
        metafunc.parametrize("defended", [True, False], ids=["defended", "undefended"])


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
def strong_service(providers: Providers, tmp_path_factory: pytest.TempPathFactory) -> Iterator[SharedService]:
    env = {**providers["oidcp"].env, "VALETKEY_CONNECTORS_PATH": f"{CONNECTORS}:{HOSTILE}:{SITES_CONNECTOR}"}
    folder = tmp_path_factory.mktemp("attacks") / "service"
    with Collector(
        folder / "spans.otlp"
    ) as collector:  # what it tells a tracing system is looked through like its log
        one = SharedService(folder, env={**env, **collector.env})
        try:
            one.start()
            yield one
        finally:
            one.close()


@pytest.fixture(scope="package")
def weak_service(providers: Providers, tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningValetkey]:
    folder = tmp_path_factory.mktemp("weak")
    with pytest.MonkeyPatch.context() as environ:
        environ.setenv("OIDC_PROVIDER_URL", providers["oidcp"].url)
        one: Any = RunningValetkey(folder, (str(CONNECTORS), str(HOSTILE), str(SITES_CONNECTOR)))
    one.folder, one.database = folder, folder / "valetkey.db"
    yield one
    one.close()


@pytest.fixture
def attacked(request: pytest.FixtureRequest) -> Iterator[Any]:
    """The service as it is; for the undefended half of a test the one in this process, whose clock may be moved."""
    strong = "defended" not in request.fixturenames or request.getfixturevalue("defended")
    one = request.getfixturevalue("strong_service" if strong else "weak_service")
    yield one
    if not strong:
        one.house.clock.offset_ms = 0  # for those who use the service after this test


@pytest.fixture
def stage(attacked: Any, providers: Providers, request: pytest.FixtureRequest) -> Iterator[Stage]:
    """On Northwind, then on oidc-provider."""
    one = STAGES[request.param](attacked, providers[request.param])
    yield one
    one.close()


@pytest.fixture
def northwind_stage(attacked: Any, providers: Providers) -> Iterator[NorthwindStage]:
    one = NorthwindStage(attacked, providers["northwind"])
    yield one
    one.close()


@pytest.fixture
def sites_stage(attacked: Any, providers: Providers) -> Iterator[SitesStage]:
    """Northwind, whose sign-in covers two companies' accounts."""
    one = SitesStage(attacked, providers["northwind"])
    yield one
    one.close()


@pytest.fixture
def oidc_stage(attacked: Any, providers: Providers) -> Iterator[OidcStage]:
    one = OidcStage(attacked, providers["oidcp"])
    yield one
    one.close()


class Weaken:
    """Takes a defence away in the undefended half; does nothing in the other."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, defended: bool) -> None:
        self._patch, self._defended = monkeypatch, defended

    def __call__(self, target: Any, name: str, value: Any) -> None:
        """`value` instead of the function or number of that name."""
        if not self._defended:
            self._patch.setattr(target, name, value)

    def statement(self, name: str, condition: str, instead: str = "") -> None:
        """Another condition in an SQL statement, or none."""
        sql = load()[name]
        assert condition in sql, f"{name} has no {condition!r}"
        if not self._defended:
            self._patch.setitem(load(), name, sql.replace(condition, instead))


@pytest.fixture
def weaken(defended: bool, monkeypatch: pytest.MonkeyPatch) -> Weaken:
    return Weaken(monkeypatch, defended)
