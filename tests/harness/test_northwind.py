"""Northwind starts in this process, answers over a socket, and ends."""

from __future__ import annotations

import threading

import httpx

from tests.harness.northwind import RunningNorthwind


def test_northwind_answers_over_a_socket_and_ends() -> None:
    northwind = RunningNorthwind()
    described = httpx.get(f"{northwind.url}/.well-known/oauth-authorization-server", trust_env=False).json()
    assert described["issuer"] == northwind.url
    assert northwind.inside.times("GET", "/.well-known/oauth-authorization-server") == 1
    northwind.close()
    assert "northwind" not in {thread.name for thread in threading.enumerate()}


def test_two_at_once_do_not_know_of_each_other() -> None:
    one, other = RunningNorthwind(), RunningNorthwind()
    assert one.url != other.url
    assert one.inside.store is not other.inside.store
    one.close()
    other.close()
