"""The relay: makes official papers, positions events, chains rows, deletes used statements, measures all queues.

Any number of relays may run at the same time.

`python -m workers.relay`
"""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from functools import partial
from typing import Final

import structlog
import uvloop
from temporalio.runtime import Runtime

from activities.keys.master_key import KeysUnavailableError
from activities.ledger.authority.used import forget
from activities.ledger.database import ACQUIRE_SECONDS, Connection, Pool
from activities.ledger.health import record_works
from activities.ledger.sequencer import chain_rows, position_appends
from activities.partners.http import partner_client
from activities.partners.receipts import ReceiptService
from activities.printing.relay import Relay
from activities.printing.source import Papers
from activities.results.signing import AgencySeal
from motcua.files.store import Store, open_store
from motcua.health import keep_health
from motcua.stopping import on_stop_signals
from motcua.tracing.setting import called, spans_here
from rules.streams import KINDS
from views.log import DATABASE_ERRORS
from workers.queue_measures import QueueMeasures
from workers.settings import RelaySettings
from workers.telemetry import configure_engine, configure_logging
from workers.trust import signing
from workers.wiring import open_pool, open_vault

AT_ONCE: Final = 3
"""The maximum papers in progress at once: while one waits for its seal, another one is printed."""
_PAUSE: Final = 0.5
"""Seconds between two checks when no paper waits."""
_ORDER_PAUSE: Final = 1.0
"""Seconds between two checks when no append waits for its position, or no row for its place."""
_FORGET_PAUSE: Final = 10.0
"""Seconds between two checks when no used statement has expired."""
_MEASURE_PAUSE: Final = 10.0
"""Seconds between two measurements of the queues."""
_PASSING: Final = (*DATABASE_ERRORS, KeysUnavailableError, OSError, TimeoutError)

_log = structlog.stdlib.get_logger("motcua.papers")
_order_log = structlog.stdlib.get_logger("motcua.order")


async def main() -> None:
    """Serves until a stop signal, then finishes the papers in progress."""
    settings = RelaySettings()
    configure_engine()
    called("motcua-relay")
    spans = spans_here()
    stop = asyncio.Event()
    on_stop_signals(stop)
    async with (
        open_pool(settings) as pool,
        open_vault(settings) as vault,
        signing(settings) as (signer, lasting),
        receipts_of(settings) as receipts,
    ):
        store = Store(open_store(settings.objects))
        await store.expect_kept()
        keep, print_ = store.put, Papers(pool, vault, settings.tracking_url).print
        seal = AgencySeal(pool, signer, lasting).put_on
        meter = Runtime.default().metric_meter
        traced = {} if spans is None else {"around": spans.around}
        relay = Relay(pool, vault, KINDS, keep, print_, seal, receipts=receipts, meter=meter, **traced)
        measures = QueueMeasures(meter)
        health = asyncio.create_task(keep_health(settings.ready_file, partial(record_works, pool, vault)))
        papers = (_repeated(relay.one, _PAUSE, stop, partial(_log.warning, "papers.no_record")) for _ in range(AT_ONCE))
        no_order, keeps = partial(_order_log.warning, "order.no_record"), partial(_log.warning, "statements.no_record")
        await asyncio.gather(
            *papers,
            *(
                _repeated(partial(_within, pool, act), _ORDER_PAUSE, stop, no_order)
                for act in (position_appends, chain_rows)
            ),
            _repeated(partial(_within, pool, forget), _FORGET_PAUSE, stop, keeps),
            _repeated(partial(_within, pool, measures.measure), _MEASURE_PAUSE, stop, measures.unreachable),
        )
        health.cancel()


@asynccontextmanager
async def receipts_of(settings: RelaySettings) -> AsyncIterator[ReceiptService | None]:
    """Yields the client of the service that issues receipts; None if no address is set."""
    if settings.receipts_url:
        async with partner_client(settings.receipts_url) as client:
            yield ReceiptService(client, settings.receipts_secret.get_secret_value())
    else:
        yield None


async def _within(pool: Pool, act: Callable[[Connection], Awaitable[int]]) -> int:
    async with pool.acquire(timeout=ACQUIRE_SECONDS) as connection:
        return await act(connection)


async def _repeated(
    act: Callable[[], Awaitable[object]], pause: float, stop: asyncio.Event, unreachable: Callable[..., object]
) -> None:
    """Calls `act` again and again; pauses after a call without effect, and while the record is unreachable."""
    while not stop.is_set():
        try:
            if await act():
                continue
        except _PASSING as error:
            unreachable(reason=type(error).__name__)
        with suppress(TimeoutError):
            await asyncio.wait_for(stop.wait(), pause)


if __name__ == "__main__":
    configure_logging()
    uvloop.run(main())
