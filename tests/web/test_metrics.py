"""What is counted is told in Prometheus' form, of all workers together."""

from __future__ import annotations

from pathlib import Path

from prometheus_client.parser import text_string_to_metric_families

from tests.core.home import open_home
from web import cells, metrics
from web.metrics import FAMILIES, Metrics

Samples = dict[tuple[str, tuple[tuple[str, str], ...]], float]


def samples(text: str) -> Samples:
    return {
        (sample.name, tuple(sorted(sample.labels.items()))): sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
    }


async def told(own: Metrics, folder: Path) -> Samples:
    async with open_home(folder) as home:
        return samples((await own.exposed(home.house, "9.9")).decode())


async def test_each_answer_is_counted_once_with_its_time(tmp_path: Path) -> None:
    own = Metrics()
    meter = own.meter(metrics.REQUEST_TIME, ("GET", "/of/the/test"), metrics.REQUESTS)
    meter.add(0.25, "204")
    meter.add(0.75, "204")
    meter.add(99.0, "500")
    found = await told(own, tmp_path)
    labels = (("method", "GET"), ("route", "/of/the/test"))
    name = "valetkey_http_request_seconds"
    assert found["valetkey_http_requests_total", (*labels, ("status", "204"))] == 2
    assert found["valetkey_http_requests_total", (*labels, ("status", "500"))] == 1
    assert found[f"{name}_sum", labels] == 100.0 and found[f"{name}_count", labels] == 3
    for bound, below in (("0.1", 0), ("0.25", 1), ("0.5", 1), ("1.0", 2), ("25.0", 2), ("+Inf", 3)):
        assert found[f"{name}_bucket", (("le", bound), *labels)] == below
    assert found["valetkey_build_info", (("version", "9.9"),)] == 1


async def test_the_numbers_of_all_workers_are_one(tmp_path: Path) -> None:
    folder = tmp_path / "numbers"
    folder.mkdir()
    workers = [Metrics(cells.claim(folder)) for _ in range(3)]
    for number, one in enumerate(workers):
        one.count(metrics.PROBLEMS, "forbidden")
        one.meter(metrics.AUDIT_SIZE).add(number)
    found = await told(workers[1], tmp_path)
    assert found["valetkey_problems_total", (("code", "forbidden"),)] == 3
    assert found["valetkey_audit_commit_calls_sum", ()] == 3
    assert found["valetkey_audit_commit_calls_count", ()] == 3
    assert found["valetkey_workers", ()] == 3
    for worker in "012":
        assert found["valetkey_worker_memory_bytes", (("worker", worker),)] > 1e7
        assert found["valetkey_worker_cpu_seconds_total", (("worker", worker),)] > 0


def test_names_follow_the_conventions() -> None:
    for family in FAMILIES:
        assert family.name.startswith("valetkey_")
        assert family.name.endswith("_total") == (family.kind == "counter")
        assert not set(family.labels) & {"user", "grant", "workspace", "assistant", "call", "le"}
    assert len({family.name for family in FAMILIES}) == len(FAMILIES)
