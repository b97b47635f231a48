"""Logging: one line an event, as text or JSON, on standard error. Secrets print as `***`; bodies are never logged."""

from __future__ import annotations

import logging
import sys
import time
import traceback
from typing import Literal

import msgspec

_FIELDS = ("request_id",)


class JsonLines(logging.Formatter):
    def format(self, record: logging.LogRecord) -> str:
        line = {
            "at": time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(record.created))
            + f".{int(record.msecs):03d}Z",
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": record.getMessage(),
        }
        line |= {name: getattr(record, name) for name in _FIELDS if hasattr(record, name)}
        if record.exc_info:
            line["trace"] = places(record)
        return msgspec.json.encode(line).decode()


class TextLines(logging.Formatter):
    def format(self, record: logging.LogRecord) -> str:
        at = time.strftime("%H:%M:%S", time.localtime(record.created))
        request = f" [{record.request_id}]" if hasattr(record, "request_id") else ""
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
