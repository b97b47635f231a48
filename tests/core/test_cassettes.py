"""Cassettes: written in vcrpy's form without secrets, read again, played in their order and to nobody else."""

from __future__ import annotations

import builtins
from pathlib import Path
from typing import Any

import httpx
import msgspec
import pytest

from core import cassettes
from core.cassettes import Call, Exchange, Unwritten
from core.http import Outbound, OutboundError

ASKED = Exchange(
    method="POST",
    url="https://acme.example/people?q=Ada+Lovelace",
    sent='{"about":"Ada Lovelace"}',
    sent_headers={"content-type": "application/json"},
    status=200,
    reason="OK",
    answered='{"displayName":"Ada Lovelace","email":"ada@acme.example","token":"abc"}',
    answered_headers={"content-type": "application/json"},
)
CALL = Call(tool="find_people", arguments={"query": "Ada Lovelace"})
HEADER = f"{cassettes.LIVE} of Acme, made on 2026-11-24\n"


def written(path: Path, exchange: Exchange = ASKED, *, keep_names: bool = False) -> str:
    call, kept = cassettes.scrubbed(CALL, [exchange], keep_names=keep_names)
    cassettes.write(path, HEADER, call, kept)
    return path.read_text()


def test_a_name_is_replaced_in_call_request_and_answer_alike(tmp_path: Path) -> None:
    text = written(tmp_path / "a.yaml")
    call, [exchange] = cassettes.call_of(text), cassettes.exchanges_of(text)
    assert call is not None and call.arguments == {"query": "Name 1"}
    assert exchange.url.endswith("?q=Name+1") and exchange.sent == '{"about":"Name 1"}'
    answer = msgspec.json.decode(exchange.answered)
    assert answer["displayName"] == "Name 1" and answer["token"] == "***"
    assert "Lovelace" not in text and "acme.example/people" in text


def test_an_address_keeps_no_secret(tmp_path: Path) -> None:
    text = written(
        tmp_path / "a.yaml", msgspec.structs.replace(ASKED, url="https://acme.example/x?token=abc&q=1")
    )
    assert cassettes.exchanges_of(text)[0].url == "https://acme.example/x?token=***&q=1"


def test_kept_names_keep_no_secret(tmp_path: Path) -> None:
    text = written(tmp_path / "a.yaml", keep_names=True)
    assert "Ada Lovelace" in text and "ada@acme.example" in text and "abc" not in text


@pytest.mark.parametrize(
    "secret",
    [
        '{"secret": "hunter2"}',
        '{"note": "Bearer abcdefgh12"}',
        '{"key": "ghp_abcdefghijkl"}',
        '{"x": "sk-abcdef123456"}',
    ],
)
def test_something_like_a_secret_stops_the_writing_and_is_not_shown(tmp_path: Path, secret: str) -> None:
    with pytest.raises(Unwritten) as refused:
        written(tmp_path / "a.yaml", msgspec.structs.replace(ASKED, answered=secret))
    assert not (tmp_path / "a.yaml").exists()
    assert not {"hunter2", "abcdefgh12", "ghp_abcdefghijkl", "sk-abcdef123456"} & set(
        str(refused.value).split()
    )


def test_without_vcrpy_it_says_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    real = builtins.__import__

    def without(name: str, *rest: Any, **named: Any) -> Any:
        if name.startswith("vcr"):
            raise ImportError(name)
        return real(name, *rest, **named)

    monkeypatch.setattr(builtins, "__import__", without)
    with pytest.raises(Unwritten, match="vcrpy, which is not installed"):
        written(tmp_path / "a.yaml")


def test_nothing_heard_is_nothing_written(tmp_path: Path) -> None:
    with pytest.raises(Unwritten, match="nothing was asked"):
        cassettes.write(tmp_path / "a.yaml", HEADER, CALL, [])


async def played(*urls: str) -> list[int]:
    two = msgspec.structs.replace(ASKED, method="GET", sent="", url="https://acme.example/two?b=2&a=1")
    http = Outbound(transport=cassettes.player([ASKED, two]))
    given = [
        http.request("POST", urls[0], json={"about": "Ada Lovelace"}),
        *(http.request("GET", url) for url in urls[1:]),
    ]
    return [(await http.send(request)).status_code for request in given]


async def test_requests_are_answered_in_their_order_whatever_the_order_of_a_query() -> None:
    assert await played(ASKED.url, "https://acme.example/two?a=1&b=2") == [200, 200]


@pytest.mark.parametrize(
    "urls",
    [
        ("https://acme.example/people?q=Ben",),
        ("https://evil.example/people?q=Ada+Lovelace",),
        ("https://acme.example/two?b=2&a=1",),
        (ASKED.url, "https://acme.example/two?b=2&a=1", "https://acme.example/two?b=2&a=1"),
    ],
)
async def test_what_is_not_the_next_in_the_recording_fails(urls: tuple[str, ...]) -> None:
    with pytest.raises(OutboundError):
        await played(*urls)


async def test_another_body_is_another_request() -> None:
    http = Outbound(transport=cassettes.player([ASKED]))
    with pytest.raises(OutboundError):
        await http.send(http.request("POST", ASKED.url, json={"about": "Ben"}))


async def test_a_recorder_keeps_no_header_that_could_hold_a_token(monkeypatch: pytest.MonkeyPatch) -> None:
    recorder = cassettes.Recorder()
    answer = httpx.Response(200, headers={"Set-Cookie": "a=secret"}, json={"id": 1})
    monkeypatch.setattr(recorder, "_transport", httpx.MockTransport(lambda request: answer))
    request = recorder.request("GET", "https://acme.example/x", headers={"Authorization": "Bearer secret"})
    await recorder.send(request)
    await recorder.close()
    [heard] = recorder.heard
    assert "secret" not in str(heard) and heard.answered_headers == {"content-type": "application/json"}
    assert recorder.answered_bytes == len(answer.content)
