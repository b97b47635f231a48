"""What must be true before the service answers: the schema is current, and the key ring belongs to this database."""

from __future__ import annotations

from core import sealed
from core.errors import NotReady
from core.house import House
from core.sealed import Row
from core.store import Tx
from core.vault import Aad

_CANARY = Aad("", "canary", "canary", 1)


async def prepare(house: House) -> list[int]:
    """Apply migrations; put the canary into a new database, check it in an old one. Raises VaultError, StoreError."""
    applied = await house.store.migrate()

    async def job(tx: Tx) -> None:
        if await tx.one("secret_get", Row, workspace="", owner="canary", kind="canary") is None:
            await sealed.put_sealed(tx, house.vault.make_canary(), _CANARY, house.now_ms())

    await house.write(job)
    await check(house)
    return applied


async def check(house: House) -> None:
    """Raises NotReady, StoreError or VaultError with what to do."""
    if pending := await house.store.pending_migrations():
        raise NotReady(
            f"The database lacks migrations {pending}. `valetkey serve` applies them at its start."
        )
    row = await house.store.one("secret_get", Row, workspace="", owner="canary", kind="canary")
    if row is None:
        raise NotReady("The database has no canary: it was not prepared by `valetkey serve`.")
    house.vault.check_canary(row.sealed)
