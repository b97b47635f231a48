"""Live while the process answers; ready only with its database, its schema and its keys; metrics without names."""

from __future__ import annotations

from core import revocation
from core.vault import KeyRing, Vault
from tests.web.conftest import Desk


async def test_live_and_ready(desk: Desk) -> None:
    for path in ("/health/live", "/health/ready"):
        answer = await desk.http.get(path)
        assert (answer.status_code, answer.json()["status"]) == (200, "ok")


async def test_not_ready_says_why(desk: Desk) -> None:
    for fault, said in (
        ("DELETE FROM secrets WHERE kind = 'canary'", "canary"),
        ("DELETE FROM migrations WHERE number = 2", "migrations"),
        ("INSERT INTO migrations VALUES (999, 'x', 'x')", "newer"),
    ):
        await desk.home.execute(fault)
        answer = await desk.http.get("/health/ready")
        assert (
            answer.status_code == 503
            and answer.json()["status"] == "not ready"
            and said in answer.json()["reason"]
        )
        assert (await desk.http.get("/health/live")).status_code == 200


async def test_another_key_ring_is_not_ready(desk: Desk) -> None:
    desk.home.house.vault = Vault(KeyRing.generate())
    answer = await desk.http.get("/health/ready")
    assert answer.status_code == 503 and "VALETKEY_KEYRING" in answer.json()["reason"]


async def test_metrics_count_and_name_nobody(desk: Desk) -> None:
    grant = await desk.home.grant(user="user-of-the-test")
    desk.home.provider.fail("/revoke", 503)
    await revocation.revoke(desk.home.house, desk.home.admin, grant.id)
    await desk.http.get(f"/v1/grants/{grant.id}", headers=desk.admin)
    answer = await desk.http.get("/metrics")
    assert answer.headers["content-type"].startswith("text/plain")
    assert "valetkey_outbox_waiting 1.0" in answer.text
    assert 'valetkey_http_requests_total{method="GET",route="/v1/grants/{grant_id}"' in answer.text
    for name in (grant.id, "user-of-the-test", desk.home.workspace.id, desk.home.assistant.id):
        assert name not in answer.text


async def test_metrics_are_there_also_when_the_database_is_not(desk: Desk) -> None:
    await desk.http.get("/v1/catalog", headers=desk.admin)
    await desk.home.execute("DROP TABLE outbox")
    answer = await desk.http.get("/metrics")
    assert answer.status_code == 200
    assert 'valetkey_http_requests_total{method="GET",route="/v1/catalog"' in answer.text
    assert "\nvaletkey_outbox_waiting " not in answer.text
