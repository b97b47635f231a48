"""Recordings of a provider, one for each tool and case, in vcrpy's form: `cassettes/<slug>/<tool>__<case>.yaml`.

Two lines of comment come first and say what the file is: made against a fake, or a recording of the live provider with its
date. A live one also says, in a third, which call it was, so that it can be played again by itself. Writing needs vcrpy, a
dependency of development; playing does not.

Source: vcrpy 9, `serialize.py` (format version 1).
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import httpx
import msgspec
import yaml  # type: ignore[import-untyped]

from core.errors import ValetkeyError
from core.http import Outbound
from core.pseudonyms import Pseudonyms
from core.scrubbing import KEPT_HEADERS, findings, strings, without_secrets

LIVE = "# A recording of the live provider"
MADE_UP = "# Made up, no recording of the live provider"
CALL = "# Call: "
NEEDS_VCRPY = (
    "Recording needs vcrpy, which is not installed here: add it to this environment"
    " (`uv pip install vcrpy`, or `pip install vcrpy`) and try again"
)
_FORM = "application/x-www-form-urlencoded"


class Unwritten(ValetkeyError):
    """The cassette was not written, and why."""

    title = "The recording was not written"


class Exchange(msgspec.Struct, frozen=True):
    """One request and its answer, as text."""

    method: str
    url: str
    sent: str
    sent_headers: dict[str, str]
    status: int
    reason: str
    answered: str
    answered_headers: dict[str, str]


class Call(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What was called: enough to do it again. `fields` fill the places in the connector's URLs."""

    tool: str
    case: str = "success"
    arguments: dict[str, Any] = {}
    fields: dict[str, str] = {}


class Recorder(Outbound):
    """The outbound client, which keeps what was said. Nothing of the token: only headers that cannot hold one are kept."""

    def __init__(self, *, development: bool = False) -> None:
        super().__init__(development=development)
        self.heard: list[Exchange] = []

    async def send(
        self, request: httpx.Request, *, timeout_s: float = 20.0, max_bytes: int = 8_000_000
    ) -> httpx.Response:
        response = await super().send(request, timeout_s=timeout_s, max_bytes=max_bytes)
        self.heard.append(
            Exchange(
                method=request.method,
                url=str(request.url),
                sent=request.content.decode("utf-8", "replace"),
                sent_headers=_kept(request.headers),
                status=response.status_code,
                reason=response.reason_phrase,
                answered=response.text,
                answered_headers=_kept(response.headers),
            )
        )
        return response

    @property
    def answered_bytes(self) -> int:
        return sum(len(one.answered.encode()) for one in self.heard)


def _kept(headers: httpx.Headers) -> dict[str, str]:
    return {
        name: value for name, value in headers.items() if name in KEPT_HEADERS and name != "content-length"
    }


# ---- taking out ----------------------------------------------------------------------------------------------


def scrubbed(
    call: Call, exchanges: Sequence[Exchange], *, keep_names: bool = False
) -> tuple[Call, list[Exchange]]:
    """Call and exchanges without secrets, and without e-mail addresses and names unless they are kept."""
    told = call, [_without_secrets(one) for one in exchanges]
    return told if keep_names else _of_nobody(*told)


def _without_secrets(one: Exchange) -> Exchange:
    return msgspec.structs.replace(
        one,
        url=without_secrets(one.url),
        sent=without_secrets(one.sent),
        answered=without_secrets(one.answered),
    )


def _of_nobody(call: Call, exchanges: list[Exchange]) -> tuple[Call, list[Exchange]]:
    people = Pseudonyms()
    for one in exchanges:
        people.learn(_json(one.sent))
        people.learn(_json(one.answered))
    for name, value in call.arguments.items():
        people.learn(value, name)
    told = [
        msgspec.structs.replace(
            one,
            url=people.url(one.url),
            sent=_body(people, one.sent, one.sent_headers),
            answered=_body(people, one.answered, one.answered_headers),
        )
        for one in exchanges
    ]
    return msgspec.structs.replace(call, arguments=people.tree(call.arguments)), told


def _body(people: Pseudonyms, text: str, headers: dict[str, str]) -> str:
    tree = _json(text)
    if tree is not None:
        told = people.tree(tree)
        return text if told == tree else msgspec.json.encode(told).decode()
    return people.form(text) if headers.get("content-type", "").startswith(_FORM) else people.text(text)


def _json(text: str) -> Any:
    try:
        return msgspec.json.decode(text)
    except msgspec.DecodeError:
        return None


# ---- writing -------------------------------------------------------------------------------------------------


def write(path: Path, header: str, call: Call, exchanges: Sequence[Exchange]) -> None:
    """Raises Unwritten when vcrpy is missing, when there is nothing, or when something like a secret is left."""
    serialize, yaml_form, request_form = _vcrpy()
    if not exchanges:
        raise Unwritten(f"{path.name}: nothing was asked of the provider, so there is nothing to keep")
    requests = [request_form(one.method, one.url, one.sent, one.sent_headers) for one in exchanges]
    kept = {"requests": requests, "responses": [_response(one) for one in exchanges]}
    line = f"{CALL}{msgspec.json.encode(call).decode()}\n"
    text = header + line + serialize(kept, yaml_form)
    left = [kind for kind, _ in suspicious(text)]
    if left:
        raise Unwritten(
            f"{path.name} would hold something like a secret ({', '.join(dict.fromkeys(left))}): it was not written"
        )
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)


def _response(one: Exchange) -> dict[str, Any]:
    headers = {name: [value] for name, value in one.answered_headers.items()}
    return {
        "status": {"code": one.status, "message": one.reason},
        "headers": headers,
        "body": {"string": one.answered.encode()},
    }


def _vcrpy() -> tuple[Any, Any, Any]:
    try:
        from vcr.request import Request  # type: ignore[import-untyped]
        from vcr.serialize import serialize  # type: ignore[import-untyped]
        from vcr.serializers import yamlserializer  # type: ignore[import-untyped]
    except ImportError:
        raise Unwritten(NEEDS_VCRPY) from None
    return serialize, yamlserializer, Request


# ---- reading -------------------------------------------------------------------------------------------------


_LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)  # ten times as fast, where PyYAML was built with it


def _tree(text: str) -> Any:
    return yaml.load(text, Loader=_LOADER)  # noqa: S506 (both are safe ones)


def suspicious(text: str) -> list[tuple[str, int]]:
    """What in a cassette has the look of a secret, each kind with the line it is on (1 where it is folded over several)."""
    found = [(kind, number) for number, line in enumerate(text.splitlines(), 1) for kind in findings(line)]
    known = {kind for kind, _ in found}
    folded = {kind for one in strings(_tree(text)) for kind in findings(one) if kind not in known}
    return found + [(kind, 1) for kind in sorted(folded)]


def is_live(text: str) -> bool:
    return text.startswith(LIVE)


def call_of(text: str) -> Call | None:
    """The call of a live recording."""
    lines = [line for line in text.splitlines()[:5] if line.startswith(CALL)]
    return msgspec.json.decode(lines[0].removeprefix(CALL), type=Call) if lines else None


def exchanges_of(text: str) -> list[Exchange]:
    """Raises ValueError when the text is no cassette."""
    try:
        return [_exchange(one) for one in _tree(text)["interactions"]]
    except (yaml.YAMLError, KeyError, TypeError, AttributeError) as error:
        raise ValueError("this is not a cassette in vcrpy's form") from error


def _exchange(one: Any) -> Exchange:
    asked, answer = one["request"], one["response"]
    body = answer["body"]["string"]
    return Exchange(
        method=asked["method"],
        url=asked["uri"],
        sent=asked["body"] or "",
        sent_headers={},
        status=answer["status"]["code"],
        reason=answer["status"]["message"],
        answered=body.decode() if isinstance(body, bytes) else body,
        answered_headers={name: values[0] for name, values in answer["headers"].items()},
    )


def player(exchanges: Sequence[Exchange]) -> httpx.MockTransport:
    """Answers each request from the recording, in its order. One that is not the next there fails; nothing is sent."""
    left: Iterator[Exchange] = iter(exchanges)

    def answer(request: httpx.Request) -> httpx.Response:
        recorded = next(left, None)
        if recorded is None or not _same(recorded, request):
            raise httpx.ConnectError(
                f"the recording has no {request.method} {request.url.path} at this place"
            )
        return httpx.Response(
            recorded.status, headers=recorded.answered_headers, content=recorded.answered.encode()
        )

    return httpx.MockTransport(answer)


def _same(recorded: Exchange, request: httpx.Request) -> bool:
    one, other = urlsplit(recorded.url), urlsplit(str(request.url))
    where = (one.scheme, one.netloc, one.path) == (other.scheme, other.netloc, other.path)
    query = sorted(parse_qsl(one.query)) == sorted(parse_qsl(other.query))
    sent = request.content.decode("utf-8", "replace")
    return recorded.method == request.method and where and query and _meaning(recorded.sent) == _meaning(sent)


def _meaning(body: str) -> str:
    """JSON without its layout."""
    tree = _json(body)
    return body if tree is None else json.dumps(tree, sort_keys=True)
