"""The gateway's process: `python -m gateway.server`. Several gateways may run at the same time."""

import asyncio
import socket
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager, suppress
from functools import partial

import structlog
import uvicorn
import uvloop
from temporalio.runtime import Runtime

from activities.ledger.database import Pool
from activities.ledger.health import record_works
from activities.partners.money.provider import CAPABILITIES
from gateway.app import Hearing, application
from gateway.connections import bounded
from gateway.file_door import files
from gateway.pages import pages
from gateway.relay import Relay, tell_payment
from gateway.settings import GatewaySettings
from motcua.connection import connect
from motcua.files.store import Store, open_store
from motcua.health import keep_health
from motcua.payloads.key_ring import ring_here
from motcua.stopping import GRACE, on_stop_signals
from motcua.tracing.setting import called
from recovery.codec_keys import until_taken
from workers.telemetry import configure_engine, configure_logging
from workers.wiring import open_pool, open_vault

_log = structlog.stdlib.get_logger("motcua.gateway")


async def main() -> None:
    """Serves until a stop signal, then finishes open requests. Raises `RuntimeError` if the port is taken."""
    settings = GatewaySettings()
    called("motcua-gateway")
    started, stop, kept = asyncio.Event(), asyncio.Event(), asyncio.Event()
    on_stop_signals(stop)
    tell = partial(tell_payment, await connect())
    can = {name: CAPABILITIES[merchant.kind] for name, merchant in settings.providers.items()}
    with _listening(settings.gateway_host, settings.gateway_port) as listener:
        async with open_pool(settings) as pool, open_vault(settings) as vault:
            hearing = Hearing(pool, vault, settings.providers, Runtime.default().metric_meter, kept)
            app = application(pool, vault, hearing)
            app.include_router(pages(settings.outage))
            if (key := settings.key_of_files) is not None and settings.objects is not None:
                store = Store(open_store(settings.objects))
                await store.expect_kept()
                app.include_router(files(store, key))
            config = uvicorn.Config(
                app,
                http=bounded(settings.connections),
                log_config=None,
                access_log=False,
                timeout_graceful_shutdown=int(GRACE.total_seconds()),
            )
            server = _Server(config, started.set)
            serving = asyncio.create_task(server.serve([listener]))
            driving = asyncio.create_task(_drive(pool, Relay(pool, can, tell, kept)))
            health = asyncio.create_task(_tell_health(started, settings.ready_file, partial(record_works, pool, vault)))
            await asyncio.wait({serving, asyncio.create_task(stop.wait())}, return_when=asyncio.FIRST_COMPLETED)
            server.should_exit = True
            await serving
            health.cancel()
            driving.cancel()
            with suppress(asyncio.CancelledError):
                await driving


async def _tell_health(started: asyncio.Event, ready: str | None, works: Callable[[], Awaitable[bool]]) -> None:
    await started.wait()
    await keep_health(ready, works)


async def _drive(pool: Pool, relay: Relay) -> None:
    """Delivers callbacks once workers have this process's encryption key; until then callbacks are only stored."""
    await until_taken(pool, ring_here())
    await relay.forever()


class _Server(uvicorn.Server):
    """A server that reports when it is ready, and leaves the handling of signals to its process."""

    def __init__(self, config: uvicorn.Config, ready: Callable[[], None]) -> None:
        super().__init__(config)
        self._ready = ready

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        self._ready()

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


def _listening(host: str, port: int) -> socket.socket:
    try:
        return socket.create_server((host, port), family=socket.AF_INET6 if ":" in host else socket.AF_INET)
    except OSError as error:
        raise RuntimeError(f"{host}:{port}: {error.strerror}") from None


if __name__ == "__main__":
    configure_logging()
    configure_engine()
    uvloop.run(main())
