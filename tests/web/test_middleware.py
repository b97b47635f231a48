"""Around every answer: an id of its own, headers, a line for what was refused, and never a query or an id in it."""

from __future__ import annotations

import io
import json
import logging

from tests.web.conftest import Desk
from web import logs

LOGGER = "valetkey.access"


async def test_an_id_and_headers_on_every_answer(desk: Desk) -> None:
    ids = set()
    for method, path in (
        ("GET", "/health/live"),
        ("GET", "/nothing"),
        ("PUT", "/health/live"),
        ("GET", "/static/none"),
    ):
        answer = await desk.http.request(method, path, headers={"X-Request-Id": "forged"})
        ids.add(answer.headers["x-request-id"])
        assert answer.headers["x-content-type-options"] == "nosniff" and answer.headers["cache-control"]
    assert len(ids) == 4 and all(one.startswith("req_") for one in ids)


async def test_nothing_of_us_is_kept_by_anybody(desk: Desk) -> None:
    for path in ("/v1/grants", "/v1/audit/export", "/v1/catalog"):
        answer = await desk.http.get(path, headers=desk.admin)
        assert answer.headers.get_list("cache-control") == ["no-store"]


async def test_what_is_refused_is_logged_by_its_route_and_without_its_query(
    desk: Desk,
) -> None:
    stream = io.StringIO()
    handler = logging.StreamHandler(stream)
    handler.setFormatter(logs.JsonLines())
    logger = logging.getLogger(LOGGER)
    level = logger.level
    logger.addHandler(handler)
    logger.setLevel(logging.INFO)
    try:
        refused = await desk.http.get("/v1/grants/gr_secretid?token=secret-query", headers=desk.admin)
        await desk.http.get("/health/live")
    finally:
        logger.removeHandler(handler)
        logger.setLevel(level)
    [text] = stream.getvalue().splitlines()
    line = json.loads(text)
    assert "secret" not in text
    assert line["http.route"] == "/v1/grants/{grant_id}" and line["http.request.method"] == "GET"
    assert (line["http.response.status_code"], line["error.code"]) == (404, "not_found")
    assert line["http.request.id"] == refused.headers["x-request-id"] and line["event.duration"] > 0


async def test_an_address_that_is_not_there_and_a_made_up_method_add_no_label_of_their_own(
    desk: Desk,
) -> None:
    for n in range(3):
        await desk.http.get(f"/nothing/{n}")
        await desk.http.request(f"MADEUP{n}", "/v1/catalog")
    text = (await desk.http.get("/metrics")).text
    assert "MADEUP" not in text and "/nothing/" not in text
    assert 'route="unmatched"' in text and 'method="other"' in text
