"""The door's process: `python -m gateway.door.server`. Several doors may run at the same time."""

import asyncio
from functools import partial

import httpx
import uvloop

from activities.ledger.authority.budgets import Budgets
from activities.ledger.authority.principals import Guard, Keyring
from activities.ledger.database import Pool
from activities.ledger.health import record_works
from activities.views import Views
from gateway.door.app import Door, application
from gateway.door.drafts.routes import Drafts
from gateway.door.drafts.stored import Stored
from gateway.door.identity.signed_out import SignedOutPersons
from gateway.door.identity.speaking import Interpreter
from gateway.door.identity.tokens import Issuers
from gateway.door.kept.delivery import Delivery
from gateway.door.kept.received import Received
from gateway.door.public.by_hand import Public
from gateway.door.reads import Reads
from gateway.door.settings import DoorSettings
from gateway.door.writes import Writes
from gateway.serving import Service, listening
from motcua.configured_speaker import speaker_here
from motcua.connection import connect
from motcua.errors import SettingsError
from motcua.files.store import open_store
from motcua.payloads.key_ring import ring_here
from motcua.stopping import on_stop_signals
from motcua.tracing.setting import called
from recovery.codec_keys import until_taken
from rules.streams import KINDS
from workers.file_addresses import FileAddresses
from workers.memory import settle
from workers.telemetry import configure_engine, configure_logging
from workers.wiring import open_pool, open_vault


async def main() -> None:
    """Serves until a stop signal, then finishes open requests.

    Raises `RuntimeError` if the port is taken, and `SettingsError` without an identity of its own.
    """
    settings, stop, kept = DoorSettings(), asyncio.Event(), asyncio.Event()
    called("motcua-door")
    on_stop_signals(stop)
    speaker = await asyncio.to_thread(speaker_here)
    if speaker is None:
        raise SettingsError("the door signs all that it passes on: set MOTCUA_IDENTITY_PRINCIPAL and its key")
    interpreter = Interpreter(speaker)
    client = await connect()
    store = await asyncio.to_thread(open_store, settings.objects)
    addresses = FileAddresses(store, settings.files_url, settings.key_of_files)
    with listening(settings.door_host, settings.door_port) as listener:
        async with (
            open_pool(settings) as pool,
            open_vault(settings) as vault,
            Keyring(pool, of_door=True) as keyring,
            httpx.AsyncClient() as http,
        ):
            guard = Guard(keyring, settings.audience, Budgets(settings.budgets))
            reads = Reads(Views(pool, vault, KINDS, guard, addresses), guard, interpreter, pool, vault)
            received = Received(pool, vault, kept)
            delivery = Delivery(pool, vault, client, interpreter.voice, kept)
            signed_out = SignedOutPersons(pool, vault)
            issuers = Issuers(settings.issuers, http, signed_out)
            public = Public.over(pool, issuers, signed_out)
            drafts = Drafts(issuers, reads, Stored(pool, vault, settings.draft_days))
            door = Door(issuers, reads, Writes(client, reads, interpreter), received, public, drafts)
            works = partial(record_works, pool, vault)
            service = Service(application(door, works), listener, settings.connections, settings.ready_file, works)
            settle()
            await service.serve(stop, beside=_deliver(pool, delivery))


async def _deliver(pool: Pool, delivery: Delivery) -> None:
    """Delivers kept messages once workers have this process's encryption key; until then they are only stored."""
    await until_taken(pool, ring_here())
    await delivery.forever()


if __name__ == "__main__":
    configure_logging()
    configure_engine()
    uvloop.run(main())
