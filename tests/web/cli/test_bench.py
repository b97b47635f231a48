"""`valetkey bench`: figures of an installation of its own, or of one that is there, of which it only ever reads."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.harness.northwind import RunningNorthwind
from tests.harness.scene import Scene
from tests.harness.service import ROOT, VALETKEY, Service, clean_environment

TOOL = "northwind.find_deals"


@pytest.fixture(scope="module")
def scene(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Scene]:
    northwind = RunningNorthwind()
    service = Service(tmp_path_factory.mktemp("bench") / "service").start()
    one = Scene(service, northwind)
    one.connect(tools=("find_deals", "move_deal"))
    yield one
    one.close()
    service.close()
    northwind.close()


def bench(*arguments: str, key: str = "", cwd: Path = ROOT) -> subprocess.CompletedProcess[str]:
    env = {**clean_environment(), "THE_KEY": key}
    command = [*VALETKEY, "bench", *arguments]
    return subprocess.run(command, env=env, cwd=cwd, text=True, capture_output=True, timeout=120, check=False)


def of(scene: Scene, *arguments: str, tool: str = TOOL, user: str = "u1", key: str | None = None) -> Any:
    where = ("--url", scene.service.url, "--key-env", "THE_KEY", "--user", user, "--tool", tool)
    return bench(*where, "--seconds", "0.3", *arguments, key=scene.assistant.key if key is None else key)


def test_an_installation_of_its_own_is_measured_and_leaves_nothing(tmp_path: Path) -> None:
    done = bench("--seconds", "0.4", "--connections", "3", "--json", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    report = json.loads(done.stdout)
    assert [spell["connections"] for spell in report["spells"]] == [1, 3]
    for spell in report["spells"]:
        straight, through = spell["rows"]
        assert straight["calls"] > 0 and straight["cpu_us"] is None
        assert through["calls"] > 0 and through["p50_ms"] <= through["p99_ms"]
        assert spell["added"]["p50_ms"] == pytest.approx(through["p50_ms"] - straight["p50_ms"])
        assert spell["added"]["p50_ms"] > 0
    assert list(tmp_path.iterdir()) == []


def test_a_running_installation_is_measured_with_what_its_metrics_say(scene: Scene) -> None:
    before = len(scene.workspace.audit(action="tool.called"))
    done = of(scene, "--connections", "2")
    assert done.returncode == 0, done.stderr
    assert "Valetkey 0.1.0 at" in done.stdout and TOOL in done.stdout
    assert "one connection" in done.stdout and "2 connections" in done.stdout
    assert done.stdout.count("the provider took") == 2
    assert scene.assistant.key not in done.stdout + done.stderr
    report = json.loads(of(scene, "--connections", "1", "--json").stdout)
    [spell] = report["spells"]
    [row] = spell["rows"]
    made = len(scene.workspace.audit(action="tool.called")) - before
    assert made > row["calls"] > 0 and not [one for one in spell["remarks"] if "refused" in one]


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"tool": "northwind.move_deal"}, "changes something. Name a tool that only reads."),
        ({"tool": "northwind.fly"}, "these only read:"),
        ({"user": "nobody"}, "consent_required"),
        ({"key": "vka_wrong"}, "invalid_credentials"),
        ({"key": ""}, "There is no key in THE_KEY"),
    ],
    ids=["a writing tool", "an unknown tool", "no grant", "a wrong key", "no key"],
)
def test_what_cannot_be_measured_is_told_and_nothing_was_called(
    scene: Scene, changes: dict[str, Any], said: str
) -> None:
    before = len(scene.workspace.audit(action="tool.called"))
    done = of(scene, **changes)
    assert done.returncode == 1 and said in done.stderr and done.stdout == ""
    assert "Traceback" not in done.stderr
    assert len(scene.workspace.audit(action="tool.called")) == before


def test_refusals_are_counted_apart(scene: Scene) -> None:
    scene.provider.inside.limits.per_minute = 0  # type: ignore[attr-defined]
    try:
        done = of(scene)
        assert done.returncode == 1 and "provider_rate_limited" in done.stderr
    finally:
        scene.provider.inside.limits.per_minute = 10**9  # type: ignore[attr-defined]


@pytest.mark.parametrize(
    "arguments",
    [
        ("--user", "u1"),
        ("--url", "http://127.0.0.1:1", "--user", "u1", "--tool", TOOL),
        ("--url", "http://127.0.0.1:1", "--key-env", "THE_KEY", "--tool", TOOL),
        (
            "--url",
            "http://127.0.0.1:1",
            "--key-env",
            "THE_KEY",
            "--user",
            "u",
            "--tool",
            TOOL,
            "--arguments",
            "x",
        ),
        (
            "--url",
            "http://127.0.0.1:1",
            "--key-env",
            "THE_KEY",
            "--user",
            "u",
            "--tool",
            TOOL,
            "--workers",
            "2",
        ),
    ],
    ids=["no url", "no key", "no user", "no JSON", "workers"],
)
def test_wrong_usage_is_told(arguments: tuple[str, ...]) -> None:
    done = bench(*arguments, key="vka_x")
    assert done.returncode == 2 and "Error:" in done.stderr and "Traceback" not in done.stderr


def test_nobody_is_there(tmp_path: Path) -> None:
    (tmp_path / "key").write_text("vka_x\n")
    where = (
        "--url",
        "http://127.0.0.1:1",
        "--key-file",
        str(tmp_path / "key"),
        "--user",
        "u1",
        "--tool",
        TOOL,
    )
    done = bench(*where)
    assert done.returncode == 1 and "Is the service running there?" in done.stderr
