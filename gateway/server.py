"""The gateway's process: `python -m gateway.server`. Several gateways may run at the same time."""

import asyncio
from functools import partial

import uvloop
from temporalio.runtime import Runtime

from activities.ledger.database import Pool
from activities.ledger.health import record_works
from activities.partners.money.provider import CAPABILITIES
from gateway.app import CallbackReceiver, application
from gateway.file_door import files
from gateway.pages import pages
from gateway.relay import Relay, tell_payment
from gateway.serving import Service, listening
from gateway.settings import GatewaySettings
from motcua.connection import connect
from motcua.files.store import Store, open_store
from motcua.payloads.key_ring import ring_here
from motcua.stopping import on_stop_signals
from motcua.tracing.setting import called
from recovery.codec_keys import until_taken
from workers.telemetry import configure_engine, configure_logging
from workers.wiring import open_pool, open_vault


async def main() -> None:
    """Serves until a stop signal, then finishes open requests. Raises `RuntimeError` if the port is taken."""
    settings = GatewaySettings()
    called("motcua-gateway")
    stop, kept = asyncio.Event(), asyncio.Event()
    on_stop_signals(stop)
    tell = partial(tell_payment, await connect())
    can = {name: CAPABILITIES[merchant.kind] for name, merchant in settings.providers.items()}
    with listening(settings.gateway_host, settings.gateway_port) as listener:
        async with open_pool(settings) as pool, open_vault(settings) as vault:
            receiver = CallbackReceiver(pool, vault, settings.providers, Runtime.default().metric_meter, kept)
            app = application(pool, vault, receiver)
            app.include_router(pages(settings.outage))
            if (key := settings.key_of_files) is not None and settings.objects is not None:
                store = Store(open_store(settings.objects))
                await store.expect_kept()
                app.include_router(files(store, key))
            service = Service(
                app, listener, settings.connections, settings.ready_file, partial(record_works, pool, vault)
            )
            await service.serve(stop, beside=_drive(pool, Relay(pool, can, tell, kept)))


async def _drive(pool: Pool, relay: Relay) -> None:
    """Delivers callbacks once workers have this process's encryption key; until then callbacks are only stored."""
    await until_taken(pool, ring_here())
    await relay.forever()


if __name__ == "__main__":
    configure_logging()
    configure_engine()
    uvloop.run(main())
