"""The relay: official papers, and the order of all events. `python -m workers.relay`; any number may run."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from typing import Final

import structlog
import uvloop

from activities.keys.master_key import KeysUnavailableError
from activities.ledger.database import ACQUIRE_SECONDS, Pool
from activities.ledger.sequencer import position_appends
from activities.partners.http import partner_client
from activities.printing.relay import Relay
from activities.printing.source import Papers
from activities.receipts.issuer import Issuer, NoService, OwnSeries, ReceiptService
from activities.receipts.issuing import Issuers
from activities.results.sealing import AgencySeal
from motcua.files.store import Store, open_store
from motcua.stopping import on_stop_signals
from rules.streams import KINDS
from views.log import DATABASE_ERRORS
from workers.settings import RelaySettings
from workers.telemetry import configure_logging
from workers.trust import signing
from workers.wiring import open_pool, open_vault

AT_ONCE: Final = 3
"""The maximum papers in progress at once: while one waits for its seal, another one is printed."""
_PAUSE: Final = 0.5
"""Seconds between two checks when no paper waits."""
_ORDER_PAUSE: Final = 1.0
"""Seconds between two checks when no append waits for its position."""
_PASSING: Final = (*DATABASE_ERRORS, KeysUnavailableError, OSError, TimeoutError)

_log = structlog.stdlib.get_logger("motcua.papers")
_order_log = structlog.stdlib.get_logger("motcua.order")


async def main() -> None:
    """Serves until a stop signal, then finishes the papers in progress."""
    settings = RelaySettings()
    stop = asyncio.Event()
    on_stop_signals(stop)
    async with (
        open_pool(settings) as pool,
        open_vault(settings) as vault,
        signing(settings) as (signer, lasting),
        issuers_of(settings) as issuers,
    ):
        keep, print_ = Store(open_store(settings.objects)).put, Papers(pool, vault, settings.tracking_url).print
        seal = AgencySeal(pool, signer, lasting).put_on
        relay = Relay(pool, vault, KINDS, keep, print_, seal, issuers=issuers)
        settings.tell_ready()
        await asyncio.gather(_order(pool, stop), *(_serve(relay, stop) for _ in range(AT_ONCE)))


@asynccontextmanager
async def issuers_of(settings: RelaySettings) -> AsyncIterator[Issuers]:
    """Yields the issuers of receipts that are set up."""
    async with AsyncExitStack() as stack:
        service: Issuer = NoService()
        if settings.receipts_url:
            client = await stack.enter_async_context(partner_client(settings.receipts_url))
            service = ReceiptService(client, settings.receipts_secret.get_secret_value())
        yield {"own": OwnSeries(), "service": service}


async def _serve(relay: Relay, stop: asyncio.Event) -> None:
    """Makes one due paper after another; retries while the record is unreachable."""
    while not stop.is_set():
        try:
            made = await relay.one()
        except _PASSING as error:
            _log.warning("papers.no_record", reason=type(error).__name__)
            made = False
        if not made:
            await _wait(stop, _PAUSE)


async def _order(pool: Pool, stop: asyncio.Event) -> None:
    """Assigns positions to appends; retries while the record is unreachable."""
    while not stop.is_set():
        try:
            async with pool.acquire(timeout=ACQUIRE_SECONDS) as connection:
                positioned = await position_appends(connection)
        except _PASSING as error:
            _order_log.warning("order.no_record", reason=type(error).__name__)
            positioned = 0
        if not positioned:
            await _wait(stop, _ORDER_PAUSE)


async def _wait(stop: asyncio.Event, seconds: float) -> None:
    try:
        await asyncio.wait_for(stop.wait(), seconds)
    except TimeoutError:
        return


if __name__ == "__main__":
    configure_logging()
    uvloop.run(main())
