"""What core tells of a call and of connecting: the steps in their order, how each ended, and nobody's data."""

from __future__ import annotations

import pytest

from core import calls, revocation
from core.errors import ConsentRequired, UnknownTool, ValetkeyError
from core.observing import NOTHING, SILENT, StepName, watched
from tests.core.home import Home


class Heard:
    """Keeps what it is told: `(step, connector, tool, how it ended)` in the order of the ends, and everything said."""

    def __init__(self) -> None:
        self.steps: list[tuple[str, str | None, str | None, str]] = []
        self.open: list[str] = []
        self.statuses: list[int] = []
        self.vault: list[str] = []
        self.batches: list[int] = []
        self.settled: list[str] = []

    def step(self, name: StepName, connector: str | None = None, tool: str | None = None) -> Heard.Step:
        return Heard.Step(self, name, connector, tool)

    def vault_used(self, operation: str, took_s: float) -> None:
        assert 0 < took_s < 10
        self.vault.append(operation)

    def calls_recorded(self, count: int, took_s: float) -> None:
        assert 0 < took_s < 60
        self.batches.append(count)

    def revocation_settled(self, outcome: str, waited_s: float) -> None:
        assert waited_s >= 0
        self.settled.append(outcome)

    @property
    def names(self) -> list[str]:
        return [name for name, *_ in self.steps]

    class Step:
        def __init__(self, heard: Heard, name: str, connector: str | None, tool: str | None) -> None:
            self.heard, self.about = heard, (name, connector, tool)

        def __enter__(self) -> Heard.Step:
            self.heard.open.append(self.about[0])
            return self

        def answered(self, status: int) -> None:
            self.heard.statuses.append(status)

        def __exit__(self, kind: object, error: BaseException | None, trace: object) -> None:
            self.heard.open.remove(self.about[0])
            how = error.code if isinstance(error, ValetkeyError) else "ok" if error is None else "?"
            self.heard.steps.append((*self.about, how))


@pytest.fixture
def heard(home: Home) -> Heard:
    one = Heard()
    home.house.watched_by(one)
    return one


async def test_connecting_calling_and_stopping(home: Home, heard: Heard) -> None:
    grant = await home.grant()
    assert heard.names[:3] == ["connect.create", "connect.open", "connect.approve"]
    assert heard.names[3:] == ["connect.callback", "connect.redeem", "provider.request", "connect.confirm"]
    assert heard.vault.count("seal") >= 3 and "open" in heard.vault
    heard.steps.clear()
    await home.call()
    assert heard.steps == [
        ("call.resolve", None, None, "ok"),
        ("provider.request", "acme", None, "ok"),
        ("call.provider", None, None, "ok"),
        ("call.deliver", None, None, "ok"),
        ("call", None, "acme.find_items", "ok"),
    ]
    assert heard.batches == [1] and heard.statuses[-1] == 200
    await revocation.revoke(home.house, home.admin, grant.id)
    assert ("outbox.tell", "acme", None, "ok") in heard.steps and heard.settled == ["revoked"]
    assert heard.open == []


async def test_a_step_ends_with_the_error_it_ended_with(home: Home, heard: Heard) -> None:
    with pytest.raises(ConsentRequired):
        await home.call(user="somebody")
    assert heard.steps[-1] == ("call", None, "acme.find_items", "consent_required")
    with pytest.raises(UnknownTool):
        await calls.call(home.house, await home.keyed(), calls.CallWish(tool="x" * 300, user="u1"))
    assert heard.steps[-1] == ("call", None, "x" * 300, "unknown_tool")
    assert heard.open == []


async def test_a_refresh_is_told_with_its_wait(home: Home, heard: Heard) -> None:
    await home.grant()
    home.later(2 * 3_600_000)
    heard.steps.clear()
    await home.call()
    assert heard.names[:3] == ["call.resolve", "token.lease", "token.refresh"]
    home.later(2 * 3_600_000)
    home.provider.fail("/token", 503)
    with pytest.raises(ValetkeyError):
        await home.call()
    assert [how for name, _, _, how in heard.steps if name == "token.refresh"] == ["ok", "provider_error"]


async def test_no_watcher_changes_nothing(home: Home) -> None:
    assert home.house.observer is SILENT
    with SILENT.step("call", tool="x") as step:
        step.answered(200)
    assert SILENT.step("call") is NOTHING
    SILENT.vault_used("open", 1.0)
    SILENT.calls_recorded(1, 1.0)
    SILENT.revocation_settled("revoked", 1.0)
    await home.grant()
    assert await home.call()


async def test_a_watched_flow_keeps_its_arguments_result_and_name(home: Home, heard: Heard) -> None:
    @watched("connect.open")
    async def flow(house: object, number: int, *, word: str) -> str:
        """Says it."""
        assert heard.open == ["connect.open"]
        return word * number

    assert await flow(home.house, 2, word="ab") == "abab"
    assert flow.__name__ == "flow" and flow.__doc__ == "Says it."
    assert heard.steps == [("connect.open", None, None, "ok")]
