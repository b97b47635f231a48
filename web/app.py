"""The composition root: the only place that puts the parts together.

`build_house(settings)` opens the parts, `create_app(house)` is the ASGI application over them, `worker()` is what each server
process runs (`valetkey serve` has prepared database and checked settings before).
"""

from __future__ import annotations

import asyncio
import contextlib
import gc
import logging
import os
from collections.abc import AsyncIterator, Mapping
from pathlib import Path

from litestar import Litestar
from litestar.di import Provide
from litestar.types import ASGIApp

from core import housekeeping, registry, settings, startup
from core.house import House
from core.http import Outbound
from core.registry import Registry
from core.settings import Settings
from core.store.sqlite import SqliteStore
from core.vault import KeyRing, Vault
from web import cells, logs, openapi, problems, traces
from web.api import CONTROLLERS
from web.health import Operations
from web.metrics import Metrics
from web.middleware import Envelope
from web.pages.routes import CONTROLLERS as PAGES
from web.reading import ReadableRequest
from web.version import VERSION
from web.watching import Watch

log = logging.getLogger("valetkey.app")

MAX_BODY_BYTES = 1_000_000
# Little of a request is in cycles: looking for them every 700 objects (Python's default) is a twentieth of a call.
GARBAGE_OBJECTS = 50_000
METRICS_FOLDER = "VALETKEY_METRICS_FOLDER"  # from `valetkey serve` to its workers; no setting


def build_house(config: Settings, connectors: Registry | None = None) -> House:
    """Open the parts. Raises SettingsError, KeyRingError, RegistryError. Needs a running event loop only when used."""
    return House(
        store=SqliteStore.open(config.database_path),
        vault=Vault(KeyRing.load(config.keyring)),
        outbound=Outbound(development=config.development),
        registry=connectors
        if connectors is not None
        else registry.load(config.connectors_path, development=config.development),
        public_url=config.public_url,
        development=config.development,
    )


def create_app(house: House, watch: Watch | None = None) -> Litestar:
    """The service over a prepared house; it closes the house when it stops. `watch`: who is told of what it does."""
    watch = watch or Watch(house.registry)
    house.watched_by(watch)

    @contextlib.asynccontextmanager
    async def living(app: Litestar) -> AsyncIterator[None]:
        await startup.check(house)
        stop = asyncio.Event()
        chores = asyncio.create_task(housekeeping.run(house, stop))
        try:
            yield
        finally:
            stop.set()
            try:
                await chores
            finally:  # work under way comes to its end, whatever the chores' last round met
                await house.close()
                await watch.tracer.close()

    def provide_house() -> House:
        return house

    app = Litestar(
        route_handlers=[Operations, *CONTROLLERS, *PAGES],
        dependencies={"house": Provide(provide_house, sync_to_thread=False)},
        exception_handlers={Exception: problems.on_error},
        lifespan=[living],
        openapi_config=openapi.config(VERSION),
        plugins=[openapi.WireSchemas()],
        request_max_body_size=MAX_BODY_BYTES,
        request_class=ReadableRequest,
        logging_config=None,
    )
    app.state.house, app.state.watch = house, watch
    # Around the router too: an address that is not there is answered before any route's own middleware.
    app.asgi_handler = Envelope(app.asgi_handler, watch)
    return app


def worker() -> ASGIApp:
    """The application of one server process, from the environment."""
    config = settings.load(os.environ)
    logs.configure(config.log)
    house = build_house(config)
    app = create_app(house, Watch(house.registry, _metrics(os.environ), traces.configured(os.environ)))
    # What was loaded stays: the collector need not walk it again and again.
    gc.collect()
    gc.freeze()
    gc.set_threshold(GARBAGE_OBJECTS)
    return app


def _metrics(environ: Mapping[str, str]) -> Metrics:
    """Counted where the other workers can read it, if `valetkey serve` has made a place for that."""
    folder = environ.get(METRICS_FOLDER)
    try:
        return Metrics(cells.claim(Path(folder)) if folder else None)
    except OSError as error:
        log.warning("/metrics tells of one worker only: %s", error)
        return Metrics()
