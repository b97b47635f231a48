"""Requests are counted by route, method and status."""

from __future__ import annotations

from prometheus_client import REGISTRY

from web import metrics


def value(name: str, **labels: str) -> float:
    return REGISTRY.get_sample_value(name, labels) or 0.0


def test_each_answer_is_counted_once_with_its_time() -> None:
    labels = {"method": "GET", "route": "/of/the/test"}
    before = value("valetkey_http_requests_total", status="204", **labels)
    metrics.answered("GET", "/of/the/test", 204, 0.25)
    metrics.answered("GET", "/of/the/test", 204, 0.75)
    assert value("valetkey_http_requests_total", status="204", **labels) == before + 2
    assert value("valetkey_http_request_seconds_sum", **labels) == 1.0
    assert value("valetkey_http_requests_total", status="500", **labels) == 0
