"""A line an event, as JSON or text; of an error its places, never its words."""

from __future__ import annotations

import asyncio
import io
import json
import logging
from collections.abc import Iterator
from typing import Literal

import pytest

from core.secret import Secret
from web import logs


@pytest.fixture
def kept() -> Iterator[None]:
    root = logging.getLogger()
    before = root.handlers[:], root.level, logging.getLogger("valetkey").level
    yield
    root.handlers[:], level, ours = before
    root.setLevel(level)
    logging.getLogger("valetkey").setLevel(ours)


def written(form: Literal["json", "text"]) -> tuple[logging.Logger, io.StringIO]:
    logs.configure(form)
    stream = io.StringIO()
    handler = logging.getLogger().handlers[0]
    assert isinstance(handler, logging.StreamHandler)
    handler.setStream(stream)
    return logging.getLogger("valetkey.test"), stream


def test_json_lines_can_be_read_by_programs(kept: None) -> None:
    log, stream = written("json")
    log.info("told %s", "x", extra={"fields": {"http.route": "/v1"}})
    log.debug("not told")
    [line] = stream.getvalue().splitlines()
    found = json.loads(line)
    assert (found["log.level"], found["log.logger"], found["message"]) == ("info", "valetkey.test", "told x")
    assert found["http.route"] == "/v1" and found["@timestamp"].endswith("Z") and found["ecs.version"]
    assert "http.request.id" not in found and "error.type" not in found


@pytest.mark.parametrize("form", ["json", "text"])
async def test_every_line_of_a_request_has_its_id_also_those_of_what_it_started(
    kept: None, form: Literal["json", "text"]
) -> None:
    log, stream = written(form)

    async def request(number: int) -> None:
        logs.REQUEST.set(f"req_{number}")
        log.info("begins")
        await asyncio.sleep(0)
        await asyncio.create_task(background())

    async def background() -> None:
        await asyncio.sleep(0)
        log.info("in the background")

    await asyncio.gather(*(asyncio.create_task(request(number)) for number in range(3)))
    log.info("of no request")
    *lines, last = stream.getvalue().splitlines()
    assert sorted(line[line.index("req_") :][:5] for line in lines) == sorted(
        f"req_{n}" for n in (0, 1, 2, 0, 1, 2)
    )
    assert "req_" not in last


@pytest.mark.parametrize("form", ["json", "text"])
def test_an_error_tells_its_places_and_not_its_words(kept: None, form: Literal["json", "text"]) -> None:
    log, stream = written(form)
    try:
        try:
            raise ValueError("the-inner-words")
        except ValueError as error:
            raise KeyError("other-words") from error
    except KeyError:
        log.exception("it failed")
    text = stream.getvalue()
    assert "it failed" in text and "KeyError" in text and "ValueError" in text and "test_logs.py" in text
    assert "the-inner-words" not in text and "other-words" not in text


@pytest.mark.parametrize("form", ["json", "text"])
def test_a_secret_prints_as_stars_and_a_line_stays_one(kept: None, form: Literal["json", "text"]) -> None:
    log, stream = written(form)
    log.warning("key %s", Secret("hidden"))
    assert "hidden" not in stream.getvalue() and "***" in stream.getvalue()
    if form == "json":
        log.warning("two\nlines")
        assert len(stream.getvalue().splitlines()) == 2


def test_clients_that_log_addresses_are_silenced(kept: None) -> None:
    _, stream = written("text")
    for name in ("httpx", "httpcore", "aiohttp"):
        logging.getLogger(name).warning("GET https://x/?code=secret")
    assert stream.getvalue() == ""
