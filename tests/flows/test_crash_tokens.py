"""kill -9 while tokens change hands. What only time would bring (a lease that runs out, a retry that is due) is brought about
in the database.
"""

from __future__ import annotations

from tests.flows.crash import crash_during, every_secret_has_an_owner, service_of, trail_is_whole
from tests.flows.stage import Stage, only
from tests.flows.stages import NorthwindStage
from tests.harness.tenant import made
from tests.harness.waiting import until
from tests.harness.walker import Walker

HOUR_MS = 3_600_000
ROTATED = ["access", "refresh"]  # before it there was the refresh token alone


def confirming(stage: Stage, session: str) -> bool:
    [row] = stage.rows("SELECT confirming_at FROM connect_sessions WHERE id = ?", session)
    return row["confirming_at"] is not None


def an_hour_passes(stage: Stage) -> None:
    """For what waits in this workspace: sessions under confirmation, rows of the outbox, leases."""
    service, workspace = service_of(stage), stage.workspace.id
    service.execute(
        "UPDATE connect_sessions SET confirming_at = confirming_at - ?, expires_at = expires_at - ? WHERE workspace = ?",
        HOUR_MS,
        HOUR_MS,
        workspace,
    )
    service.execute("UPDATE outbox SET next_at = next_at - ? WHERE workspace = ?", HOUR_MS, workspace)
    service.execute("UPDATE grants SET lease_until = lease_until - ? WHERE workspace = ?", HOUR_MS, workspace)


@only("oidcp", "own")
def test_while_the_code_is_redeemed_no_half_grant_is_left(own: Stage, walker: Walker) -> None:
    session = own.session("u1", [own.read])
    code = own.authorize(walker, session)
    own.trouble("token", before_s=2)
    confirm = lambda: own.assistant.confirm(session["id"], "u1", code)  # noqa: E731
    crash_during(own, confirm, lambda: confirming(own, session["id"]))
    own.calm()
    assert own.assistant.grants() == []
    assert confirm().json()["code"] == "already_confirmed"  # the code is spent, whatever became of it
    an_hour_passes(own)
    until(lambda: own.assistant.session(session["id"])["status"] == "failed")
    assert own.assistant.session(session["id"])["error"]["code"] == "interrupted"
    every_secret_has_an_owner(own)
    trail_is_whole(own)


def test_tokens_that_had_no_grant_yet_are_revoked_after_the_crash(own: Stage, walker: Walker) -> None:
    if not isinstance(own, NorthwindStage):
        own.paths = {**own.paths, "api": "/api/me"}  # type: ignore[attr-defined]
    session = own.session("u1", [own.read])
    code = own.authorize(walker, session)
    own.trouble("api", before_s=3)
    held = "SELECT id FROM outbox WHERE workspace = ?"
    crash_during(
        own,
        lambda: own.assistant.confirm(session["id"], "u1", code),
        lambda: own.rows(held, own.workspace.id),
    )
    own.calm()
    assert own.assistant.grants() == []
    assert own.live_kinds() == ["access", "refresh"]
    every_secret_has_an_owner(own)
    an_hour_passes(own)
    own.dead()
    until(lambda: own.assistant.session(session["id"])["status"] == "failed")
    assert own.rows(held, own.workspace.id) == []
    trail_is_whole(own)


def leased(stage: Stage) -> bool:
    return (
        stage.rows("SELECT lease_owner FROM grants WHERE workspace = ?", stage.workspace.id)[0]["lease_owner"]
        is not None
    )


@only("oidcp", "own")
def test_a_refresh_that_came_to_nothing_is_made_again_after_the_crash(own: Stage) -> None:
    grant = own.grant()
    own.reject_access_tokens()
    own.trouble("token", 503, before_s=2)
    crash_during(own, lambda: own.call(own.read), lambda: leased(own))
    until(lambda: own.asked("token")[1:] == [503])
    own.calm()
    an_hour_passes(own)
    assert own.call(own.read).status_code == 200
    assert own.assistant.grant(grant["id"])["status"] == "active"
    trail_is_whole(own)


@only("oidcp", "own")
def test_a_token_that_was_rotated_while_the_plug_was_pulled_is_told_honestly(
    own: Stage, walker: Walker
) -> None:
    """The provider's answer was lost, and with it the only refresh token: the person has to connect again."""
    grant = own.grant()
    own.reject_access_tokens()
    own.trouble("token", after_s=2)
    crash_during(own, lambda: own.call(own.read), lambda: leased(own) and own.live_kinds() == ROTATED)
    own.calm()
    an_hour_passes(own)
    refused = own.call(own.read).json()
    assert (refused["code"], refused["reason"]) == ("reconnect_required", "refresh_token_rejected")
    assert own.assistant.grant(grant["id"])["status"] == "needs_reconnect"
    code = own.authorize(walker, refused["connect"])
    again = made(own.assistant.confirm(refused["connect"]["id"], "u1", code))["grant"]
    assert (again["id"], again["status"]) == (grant["id"], "active")
    trail_is_whole(own)


def test_a_stop_the_provider_did_not_hear_of_is_told_after_the_crash(own: Stage) -> None:
    grant = own.grant()
    own.trouble("revocation", 503)
    assert made(own.assistant.revoke(grant["id"]))["upstream"] == "pending"
    service_of(own).kill()
    own.calm()
    assert own.live_kinds() == ["access", "refresh"]
    service_of(own).start()
    assert own.call(own.read).json()["code"] == "grant_revoked"
    an_hour_passes(own)
    own.dead()
    until(lambda: own.assistant.grant(grant["id"])["upstream"] == "revoked")
    every_secret_has_an_owner(own)
    trail_is_whole(own)


@only("northwind", "own")
def test_a_stop_that_was_being_told_is_told_again_after_the_crash(own: Stage) -> None:
    grant = own.grant()
    own.trouble("revocation", before_s=3)
    revoked = "SELECT id FROM grants WHERE workspace = ? AND status = 'revoked'"
    crash_during(own, lambda: own.assistant.revoke(grant["id"]), lambda: own.rows(revoked, own.workspace.id))
    own.calm()
    assert own.assistant.grant(grant["id"])["status"] == "revoked"
    an_hour_passes(own)
    until(lambda: own.assistant.grant(grant["id"])["upstream"] == "revoked")
    own.dead()
    every_secret_has_an_owner(own)
    trail_is_whole(own)
