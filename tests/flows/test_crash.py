"""kill -9 at the worst moments: no half grant, no credential without an owner, no acknowledged call without its event."""

from __future__ import annotations

import contextlib
import threading
import time

import httpx

from tests.flows.crash import crash_during, every_secret_has_an_owner, service_of, trail_is_whole
from tests.flows.stage import Stage, only
from tests.harness.tenant import made
from tests.harness.walker import Walker


@only("oidcp", "own")
def test_every_acknowledged_call_is_in_the_trail(own: Stage) -> None:
    own.grant()
    acknowledged: list[str] = []
    enough = threading.Event()

    def caller() -> None:
        with contextlib.suppress(httpx.TransportError):
            while True:
                answer = own.call(own.read)
                assert answer.status_code == 200, answer.text
                acknowledged.append(answer.json()["id"])
                if len(acknowledged) >= 40:
                    enough.set()

    threads = [threading.Thread(target=caller) for _ in range(4)]
    for thread in threads:
        thread.start()
    assert enough.wait(30)
    service_of(own).kill()
    for thread in threads:
        thread.join(20)
    service_of(own).start()
    kept = {event["call"] for event in own.workspace.audit(action="tool.called")}
    assert [call for call in acknowledged if call not in kept] == []
    assert "unbroken" in service_of(own).cli("audit", "verify").stdout
    assert own.call(own.read).status_code == 200


@only("northwind", "own")
def test_a_call_that_was_under_way_leaves_the_grant_as_it_was(own: Stage) -> None:
    grant = own.grant()
    own.trouble("api", before_s=2)
    reached = len(own.asked("api"))
    crash_during(own, lambda: own.call(own.read), held_by_provider)
    own.calm()
    assert own.assistant.grant(grant["id"])["use_count"] == 0
    assert own.call(own.read).status_code == 200
    assert len(own.asked("api")) > reached
    every_secret_has_an_owner(own)
    trail_is_whole(own)


def held_by_provider() -> bool:
    """Long enough for a call to have reached the provider, which holds it for two seconds."""
    time.sleep(0.7)
    return True


@only("northwind", "own")
def test_a_held_code_is_still_there_after_the_crash(own: Stage, walker: Walker) -> None:
    session = own.session("u1", [own.read])
    own.approve(walker, session["url"])
    service_of(own).kill()
    service_of(own).start()
    finish = own.provider.consent(walker, "ada")  # the provider's answer finds the session as it was left
    service_of(own).kill()
    service_of(own).start()
    assert (own.assistant.grants(), own.asked("token")) == ([], [])
    grant = made(own.assistant.confirm(session["id"], "u1", finish.message["code"]))["grant"]
    assert grant["status"] == "active" and own.call(own.read).status_code == 200
    trail_is_whole(own)
