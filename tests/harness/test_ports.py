"""Ports: two processes of one run never choose the same."""

from __future__ import annotations

import pytest

from tests.harness.ports import HIGHEST, LOWEST, free_port


@pytest.mark.parametrize("number", [0, 1, 2])
def test_each_process_of_a_run_has_ports_of_its_own(monkeypatch: pytest.MonkeyPatch, number: int) -> None:
    monkeypatch.setenv("PYTEST_XDIST_WORKER", f"gw{number}")
    monkeypatch.setenv("PYTEST_XDIST_WORKER_COUNT", "3")
    width = (HIGHEST - LOWEST) // 3
    for _ in range(50):
        assert number * width <= free_port(row=2) - LOWEST < (number + 1) * width


def test_a_run_in_one_process_never_gets_a_port_twice() -> None:
    given = [free_port() for _ in range(50)]
    assert len(set(given)) == 50 and all(LOWEST <= port < HIGHEST for port in given)
