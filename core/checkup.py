"""What an operator wants to know before and while the service runs: each part looked at, what is wrong and how to mend it.

Changes nothing and needs no running service. A part that cannot be looked at because another one is broken is left out: mend
the first, and look again.
"""

from __future__ import annotations

import importlib.util
from collections.abc import Mapping
from importlib.metadata import packages_distributions
from pathlib import Path

import msgspec

from core import audit, registry, rotation, settings
from core.clock import DAY_MS, HOUR_MS, MINUTE_MS
from core.errors import SettingsError, ValetkeyError
from core.model import Workspace
from core.sealed import Row
from core.settings import Settings
from core.store.sqlite import SqliteStore
from core.vault import KeyRing, Vault

OURS = ("core", "connectors", "web")
OVERDUE_MS = 15 * MINUTE_MS  # the service looks every second
OLD_MS = DAY_MS


class Finding(msgspec.Struct, frozen=True):
    """One line. `said`: what is so, or what is wrong and how to mend it."""

    part: str
    ok: bool
    said: str


class _Waiting(msgspec.Struct, frozen=True):
    count: int
    oldest: int | None
    due: int | None


async def examine(environ: Mapping[str, str], now_ms: int) -> list[Finding]:
    """Every part, in the order in which they depend on each other."""
    config, found = _settings(environ)
    found += _names()
    found += _connectors(config)
    ring, about_ring = _ring(environ)
    found += about_ring
    found += await _database(environ, ring, now_ms)
    return found


def _settings(environ: Mapping[str, str]) -> tuple[Settings | None, list[Finding]]:
    try:
        config = settings.load(environ)
    except SettingsError as error:
        faults = error.fields["faults"]
        return None, [
            Finding("settings", False, f"{one.variable}: {one.problem} {one.mend}") for one in faults
        ]
    mode = ", in development: for this machine only" if config.development else ""
    return config, [Finding("settings", True, f"people reach it at {config.public_url}{mode}")]


# ---- the program --------------------------------------------------------------------------------------------------


def _names() -> list[Finding]:
    """`core`, `connectors` and `web` are plain names: another package that brings one takes the place of ours."""
    home = Path(__file__).resolve().parent.parent
    strangers = []
    for name, owners in packages_distributions().items():
        if name in OURS:
            strangers += [f"{owner} brings `{name}` too" for owner in owners if owner.lower() != "valetkey"]
    for name in OURS:
        spec = importlib.util.find_spec(name)
        places = [Path(one).resolve() for one in (spec.submodule_search_locations or ())] if spec else []
        if places != [home / name]:
            strangers.append(f"`{name}` is loaded from {', '.join(map(str, places)) or 'nowhere'}")
    if strangers:
        mend = "Give Valetkey an environment of its own (uv tool install, pipx)."
        return [Finding("packages", False, f"{'; '.join(sorted(set(strangers)))}. {mend}")]
    return [Finding("packages", True, f"{', '.join(OURS)} are ours, from {home}")]


def _connectors(config: Settings | None) -> list[Finding]:
    paths, development = (config.connectors_path, config.development) if config else ((), False)
    try:
        known = registry.load(paths, development=development).connectors
    except registry.RegistryError as error:
        return [Finding("connectors", False, str(one)) for one in error.problems]
    return [Finding("connectors", True, ", ".join(known))]


def _ring(environ: Mapping[str, str]) -> tuple[KeyRing | None, list[Finding]]:
    try:
        path = settings.read_one("keyring", environ)
    except SettingsError:
        return None, []  # told with the settings
    try:
        ring = KeyRing.load(path)
    except ValetkeyError as error:
        return None, [Finding("key ring", False, error.detail)]
    keys = f"{len(ring.ids)} key{'s' if len(ring.ids) != 1 else ''}"
    return ring, [Finding("key ring", True, f"{path}: {keys}, {ring.first_id} seals")]


# ---- the database -------------------------------------------------------------------------------------------------


async def _database(environ: Mapping[str, str], ring: KeyRing | None, now_ms: int) -> list[Finding]:
    path, found = _file(environ)
    if path is None:
        return found
    store = SqliteStore.open(str(path))
    try:
        if fault := await store.fault():
            return [
                Finding("database", False, f"{path}: {fault}. Stop the service and restore your last backup.")
            ]
        if pending := await store.pending_migrations():
            said = f"{path} lacks the migrations {pending}. `valetkey serve` applies them at its start."
            return [Finding("database", False, said)]
        found = [Finding("database", True, f"{path}: sound, migrations current")]
        if ring:
            keys = await _keys(store, ring)
            found += keys
            if all(one.ok for one in keys):  # another database's ring knows no head of this one
                found += await _trails(store, ring)
        return found + await _outbox(store, now_ms)
    except ValetkeyError as error:
        return [Finding("database", False, error.detail)]
    finally:
        await store.close()


def _file(environ: Mapping[str, str]) -> tuple[Path | None, list[Finding]]:
    try:
        path = Path(settings.read_one("database_url", environ).removeprefix("sqlite:///"))
    except SettingsError:
        return None, []  # told with the settings
    if path.is_file():
        return path, []
    mend = "`valetkey serve` makes it at its first start; else correct VALETKEY_DATABASE_URL."
    return None, [Finding("database", False, f"There is none at {path.absolute()}. {mend}")]


async def _keys(store: SqliteStore, ring: KeyRing) -> list[Finding]:
    """Does the ring belong to this database, and does it still hold every key that is needed."""
    canary = await store.one("secret_get", Row, workspace="", owner="canary", kind="canary")
    if canary is None:
        said = "The database has no canary. Start `valetkey serve` once with the right key ring."
        return [Finding("sealed values", False, said)]
    try:
        Vault(ring).check_canary(canary.sealed)
    except ValetkeyError as error:
        return [Finding("sealed values", False, error.detail)]
    uses = await rotation.uses(store)
    lost = {key: count for key, count in uses.items() if key not in ring.ids}
    if lost:
        said = "; ".join(
            f"{count} values need the key {key}, which the ring lacks" for key, count in lost.items()
        )
        return [Finding("sealed values", False, f"{said}. Put it back from your copy of the key ring.")]
    older = sum(count for key, count in uses.items() if key != ring.first_id)
    note = f"; {older} are under an older key: valetkey keys rewrap" if older else ""
    return [Finding("sealed values", True, f"the ring opens this database{note}")]


async def _trails(store: SqliteStore, ring: KeyRing) -> list[Finding]:
    """The signed heads. Walking the whole chains is `valetkey audit verify`."""
    names = {one.id: one.name for one in await store.all("workspaces_all", Workspace)}
    if not names:
        return [Finding("audit", True, "no workspace yet: valetkey workspaces create NAME")]
    broken = []
    for workspace in sorted({*names, *await store.all("audit_workspaces", str)}):
        verdict = await audit.check_head(store, ring, workspace)
        if not verdict.ok:
            said = f"workspace {names.get(workspace, workspace)}: {verdict.what}."
            mend = "Keep a copy of the database as it is, and run: valetkey audit verify"
            broken.append(Finding("audit", False, f"{said} {mend}"))
    return broken or [
        Finding("audit", True, f"{len(names)} signed head{'s' if len(names) != 1 else ''}, one a workspace")
    ]


async def _outbox(store: SqliteStore, now_ms: int) -> list[Finding]:
    waiting = await store.one("outbox_state", _Waiting)
    if waiting is None or not waiting.count:
        return [Finding("revocations", True, "every provider has been told")]
    said = f"{waiting.count} to be told to a provider"
    if waiting.due is not None and waiting.due < now_ms - OVERDUE_MS:
        minutes = (now_ms - waiting.due) // MINUTE_MS
        mend = "Is the service running? Start: valetkey serve"
        return [Finding("revocations", False, f"{said}, one {minutes} minutes overdue. {mend}")]
    if waiting.oldest is not None and waiting.oldest < now_ms - OLD_MS:
        hours = (now_ms - waiting.oldest) // HOUR_MS
        mend = "Look at the grants with “told: pending” on the admin pages; is that provider reachable from here?"
        return [Finding("revocations", False, f"{said}, the oldest for {hours} hours. {mend}")]
    return [Finding("revocations", True, f"{said}, tried again from time to time")]
