"""Logging: one line an event, as text or JSON, on standard error. Secrets print as `***`; bodies are never logged.

JSON lines have the field names of the Elastic Common Schema (ECS 8, https://www.elastic.co/docs/reference/ecs, read 2026-11-24),
which collectors and OpenTelemetry's log bridge understand. Every line written while a request is answered has its id, also where
the line comes from core, which knows of no request. Further fields: `extra={"fields": {...}}`.
"""

from __future__ import annotations

import logging
import sys
import time
import traceback
from contextvars import ContextVar
from typing import Any, Literal

import msgspec

ECS_VERSION = "8.11.0"
REQUEST: ContextVar[str | None] = ContextVar("valetkey_request", default=None)
TRACE: ContextVar[str | None] = ContextVar("valetkey_trace", default=None)


def _context() -> dict[str, str]:
    found = {"http.request.id": REQUEST.get(), "trace.id": TRACE.get()}
    return {name: value for name, value in found.items() if value is not None}


class JsonLines(logging.Formatter):
    def format(self, record: logging.LogRecord) -> str:
        at = time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(record.created))
        line: dict[str, Any] = {
            "@timestamp": f"{at}.{int(record.msecs):03d}Z",
            "log.level": record.levelname.lower(),
            "message": record.getMessage(),
            "ecs.version": ECS_VERSION,
            "service.name": "valetkey",
            "process.pid": record.process,
            "log.logger": record.name,
            **_context(),
            **getattr(record, "fields", {}),
        }
        if record.exc_info and record.exc_info[0]:
            line |= {"error.type": record.exc_info[0].__name__, "error.stack_trace": places(record)}
        return msgspec.json.encode(line).decode()


class TextLines(logging.Formatter):
    def format(self, record: logging.LogRecord) -> str:
        at = time.strftime("%H:%M:%S", time.localtime(record.created))
        request = f" [{REQUEST.get()}]" if REQUEST.get() else ""
        text = f"{at} {record.levelname.lower():7} {record.name}: {record.getMessage()}{request}"
        return f"{text}\n{places(record)}" if record.exc_info else text


def places(record: logging.LogRecord) -> str:
    """Where an error came from: types, files and lines. Its message is left out: it may quote what a provider sent."""
    error = record.exc_info[1] if record.exc_info else None
    lines: list[str] = []
    while error is not None:
        lines.append(type(error).__name__)
        lines += [
            f"  {f.filename}:{f.lineno} {f.name}" for f in traceback.extract_tb(error.__traceback__)[-8:]
        ]
        error = error.__cause__ or error.__context__
    return "\n".join(lines)


def configure(form: Literal["json", "text"], level: int = logging.INFO) -> None:
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(JsonLines() if form == "json" else TextLines())
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(logging.WARNING)
    logging.getLogger("valetkey").setLevel(level)
    # httpx and aiohttp log URLs, and URLs can hold what must not be written down
    for name in ("httpx", "httpcore", "aiohttp"):
        logging.getLogger(name).setLevel(logging.ERROR)
