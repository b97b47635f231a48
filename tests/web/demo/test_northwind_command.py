"""`python -m web.demo.northwind`, as a person runs it."""

from __future__ import annotations

import os
import signal
import subprocess
import sys

import httpx

from tests.harness.ports import free_port


def start(port: int) -> subprocess.Popen[str]:
    command = [sys.executable, "-m", "web.demo.northwind", "--port", str(port)]
    return subprocess.Popen(
        [*command, "--redirect-uri", "http://127.0.0.1:9000/cb"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env={**os.environ, "PYTHONUNBUFFERED": "1"},
    )


def test_it_says_how_to_use_it_refuses_a_taken_port_and_ends_on_ctrl_c_without_a_traceback():
    port = free_port()
    first = start(port)
    try:
        assert first.stdout and f"http://127.0.0.1:{port}" in first.stdout.readline()
        assert httpx.get(f"http://127.0.0.1:{port}/sign-in").status_code == 200
        second = start(port)
        assert second.wait(20) == 1
        assert second.stderr and "choose another with --port" in second.stderr.read()
        first.send_signal(signal.SIGINT)
        assert first.wait(10) == 0
        assert first.stderr and first.stderr.read() == ""
        told = first.stdout.read()
        assert "ada@northwind.example" in told and "client secret" in told
    finally:
        first.kill()
        first.wait()
