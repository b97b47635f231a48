"""`/metrics` is true over all workers of a service, and stays so when one of them dies."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from prometheus_client.parser import text_string_to_metric_families

from tests.harness.northwind import RunningNorthwind
from tests.harness.processes import descendants
from tests.harness.scene import Scene
from tests.harness.service import Service
from tests.harness.waiting import until

CALLS = 40


@pytest.fixture
def numbers_in(tmp_path: Path) -> Path:
    folder = tmp_path / "tmp"
    folder.mkdir()
    return folder


@pytest.fixture
def scene(tmp_path: Path, numbers_in: Path) -> Iterator[Scene]:
    service = Service(tmp_path / "service", workers=2, env={"TMPDIR": str(numbers_in)}).start()
    provider = RunningNorthwind()
    one = Scene(service, provider)
    yield one
    one.close()
    service.close()
    provider.close()


def shown(url: str) -> dict[str, float]:
    """Each series' value as one worker tells it; a new connection each time, so that any of them may answer."""
    text = httpx.get(f"{url}/metrics", trust_env=False).text
    return {
        sample.name + "".join(f"|{value}" for _, value in sorted(sample.labels.items())): sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
    }


def worker_pids(service: Service) -> set[int]:
    """Those that hold a file of numbers: the launcher and Python's resource tracker do not."""
    assert service.child is not None
    return {pid for pid in descendants(service.child.pid) if any(".cells" in one for one in opened(pid))}


def opened(pid: int) -> list[str]:
    try:
        return [os.readlink(entry) for entry in Path(f"/proc/{pid}/fd").iterdir()]
    except FileNotFoundError:  # it ended meanwhile
        return []


OK = "valetkey_tool_calls_total|northwind|ok|northwind.find_deals"


def test_every_worker_tells_what_all_have_counted_also_after_one_was_killed(
    scene: Scene, numbers_in: Path
) -> None:
    service = scene.service
    scene.connect(tools=("find_deals",))

    def call_anew() -> None:  # on a connection of its own, so that both workers get some
        headers = {"Authorization": f"Bearer {scene.assistant.key}"}
        body = {"tool": "northwind.find_deals", "user": "u1", "arguments": {}}
        answer = httpx.post(f"{service.url}/v1/tool-calls", json=body, headers=headers, trust_env=False)
        assert answer.status_code == 200, answer.text

    for _ in range(CALLS):
        call_anew()
    assert {shown(service.url)[OK] for _ in range(8)} == {CALLS}
    found = shown(service.url)
    assert found["valetkey_workers"] == 2
    assert found["valetkey_tool_call_seconds_count|northwind|northwind.find_deals"] == CALLS
    assert found["valetkey_provider_requests_total|northwind|2xx"] >= CALLS
    pids = worker_pids(service)
    assert len(pids) == 2

    os.kill(next(iter(pids)), signal.SIGKILL)
    until(lambda: len(worker_pids(service) - pids) == 1, within_s=20)
    until(lambda: shown(service.url)["valetkey_workers"] == 2, within_s=20)
    assert {shown(service.url)[OK] for _ in range(8)} == {CALLS}
    for _ in range(10):
        call_anew()
    assert {shown(service.url)[OK] for _ in range(8)} == {CALLS + 10}
    [folder] = numbers_in.iterdir()
    assert sorted(path.name for path in folder.iterdir()) == ["0.cells", "1.cells", "lock"]

    service.restart()
    assert OK not in shown(service.url)
    [folder] = numbers_in.iterdir()
    service.kill()
    service.start()
    assert list(numbers_in.iterdir()) != [folder] and len(list(numbers_in.iterdir())) == 1
    service.stop()
    assert list(numbers_in.iterdir()) == []
