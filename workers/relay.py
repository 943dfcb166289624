"""The relay of official papers: `python -m workers.relay`. As many may run as are wanted."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from typing import Final

import asyncpg
import structlog
import uvloop

from activities.ledger.vault import Vault
from activities.partners.http import partner_client
from activities.printing.relay import Relay
from activities.printing.source import Papers
from activities.receipts.issuer import Issuer, NoService, OwnSeries, ReceiptService
from activities.receipts.issuing import Issuers
from activities.results.sealing import AgencySeal
from motcua.stopping import on_stop_signals
from motcua.store import Store, open_store
from rules.streams import KINDS
from workers.settings import RelaySettings
from workers.telemetry import configure_logging
from workers.trust import signing
from workers.wiring import open_pool

AT_ONCE: Final = 3
"""Papers under way at once: while one waits for its seal, another is printed."""
_PAUSE: Final = 0.5
"""Seconds between two looks when nothing waits."""
_PASSING: Final = (asyncpg.PostgresError, asyncpg.InterfaceError, OSError, TimeoutError)

_log = structlog.stdlib.get_logger("motcua.papers")


async def main() -> None:
    """Serve until told to stop, then finish the papers under way."""
    settings = RelaySettings()
    stop = asyncio.Event()
    on_stop_signals(stop)
    async with open_pool(settings) as pool, signing(settings) as (signer, lasting), issuers_of(settings) as issuers:
        keep, print_ = Store(open_store(settings.objects)).put, Papers(pool, settings.tracking_url).print
        seal = AgencySeal(pool, signer, lasting).put_on
        relay = Relay(pool, Vault(settings.master), KINDS, keep, print_, seal, issuers=issuers)
        settings.tell_ready()
        await asyncio.gather(*(_serve(relay, stop) for _ in range(AT_ONCE)))


@asynccontextmanager
async def issuers_of(settings: RelaySettings) -> AsyncIterator[Issuers]:
    """Who gives receipts their numbers, as it is set up."""
    async with AsyncExitStack() as stack:
        service: Issuer = NoService()
        if settings.receipts_url:
            client = await stack.enter_async_context(partner_client(settings.receipts_url))
            service = ReceiptService(client, settings.receipts_secret.get_secret_value())
        yield {"own": OwnSeries(), "service": service}


async def _serve(relay: Relay, stop: asyncio.Event) -> None:
    """Make paper after paper; a record that can't be reached is asked again."""
    while not stop.is_set():
        try:
            made = await relay.one()
        except _PASSING as error:
            _log.warning("papers.no_record", reason=type(error).__name__)
            made = False
        if not made:
            await _wait(stop)


async def _wait(stop: asyncio.Event) -> None:
    try:
        await asyncio.wait_for(stop.wait(), _PAUSE)
    except TimeoutError:
        return


if __name__ == "__main__":
    configure_logging()
    uvloop.run(main())
