"""Delivers each callback to its payment: at once, or after a crash or an outage as soon as possible.

Rows are locked during delivery, so that several gateways share the work. If a gateway dies, other gateways
deliver its rows; a payment that gets a notice twice records it once. Money counts as delivered only when the payment's
stream has it: Temporal may lose an accepted signal, or be restored from a backup without the signal.
"""

import asyncio
from collections.abc import Awaitable, Callable, Collection, Mapping
from datetime import timedelta
from typing import Any, Final, TypeAlias

import structlog
from temporalio.client import Client
from temporalio.common import WorkflowIDConflictPolicy

from activities.ledger.database import ACQUIRE_SECONDS, Connection, Pool
from activities.partners.money.notices import notice_of
from activities.partners.money.provider import Capabilities, Outcome, Verdict
from activities.support.failpoint import failpoint
from gateway.app import PASSING
from gateway.driving import drive
from schemas.ids import TASK_QUEUE
from schemas.payment.state import MoneyNotice
from schemas.stream.restart import Restart, RestartStart
from views.registers.money import demanded, recorded

AT_ONCE: Final = 20
"""The maximum number of callbacks delivered at the same time."""

LONGEST_PAUSE: Final = 60
"""The maximum seconds between two attempts to signal a payment, after failures: the pause doubles each time."""

LONGEST_WAIT: Final = 3600
"""The longest retry pause in seconds, for a notice that was signalled but not recorded, or that has no demand yet."""

RECORDED_WITHIN: Final = 2
"""Seconds after a signal until the payment's stream is checked. If the money is missing, the signal is repeated."""

_SECONDS: Final = 5.0
"""The timeout of a signal to a payment, in seconds. After the timeout the signal is retried."""

_DOUBLINGS: Final = 12

_log = structlog.stdlib.get_logger("motcua.gateway")

Row: TypeAlias = Mapping[str, Any]

Tell = Callable[[str, MoneyNotice], Awaitable[None]]
"""A function that signals a notice to the payment of a stream, at least once. Raises an error if the signal fails."""


class Relay:
    """Delivers pending callbacks. `kept`: set after a callback is stored; `can`: each provider's capabilities."""

    def __init__(self, pool: Pool, can: Mapping[str, Capabilities], tell: Tell, kept: asyncio.Event) -> None:
        self._pool = pool
        self._can = can
        self._tell = tell
        self._kept = kept

    async def forever(self) -> None:
        """Delivers callbacks until cancelled; retries while the record is unreachable."""
        await drive(self._some_if_there, self._kept)

    async def _some_if_there(self) -> bool:
        try:
            return await self.some()
        except PASSING as error:
            _log.warning("callback.no_record", reason=type(error).__name__)
            return False

    async def some(self) -> bool:
        """Delivers the due callbacks, at most `AT_ONCE`. Returns False if none was due."""
        async with self._pool.acquire(timeout=ACQUIRE_SECONDS) as connection, connection.transaction():
            due = await connection.fetch(_DUE, AT_ONCE)
            known = [row for row in due if not await _is_owned_now(connection, row)]
            found = await recorded(connection, [row["stream"] for row in known])
            driven = {row["id"] for row in known if self._is_driven(row, found)}
            left = [row for row in known if row["id"] not in driven]
            told = await asyncio.gather(*map(self._drive, left))
            for row, is_told in zip(left, told, strict=True):
                await connection.execute(_TOLD if is_told else _LATER, row["id"], _pause(row, is_told=is_told))
            if driven:
                await connection.execute("update callback set driven_at = clock_timestamp() where id = any($1)", driven)
        return bool(due)

    async def _drive(self, row: Row) -> bool:
        stream = row["stream"]
        if stream is None:
            return False
        try:
            async with asyncio.timeout(_SECONDS):
                await self._tell(stream, self._notice(row))
        except Exception as error:  # noqa: BLE001 -- any error is logged and delays only its own row
            _log.warning("callback.not_driven", stream=stream, reason=type(error).__name__)
            return False
        failpoint("callback.told")
        return True

    def _notice(self, row: Row) -> MoneyNotice:
        return notice_of(row, self._can.get(row["provider"]))

    def _is_driven(self, row: Row, found: Collection[tuple[Any, ...]]) -> bool:
        """Returns whether a callback is delivered: its money is in `found`, or it reports no money and was signalled.

        After an hour of signals a callback also counts as delivered if it reports a charge-back, or if it reports a
        payment that its provider never confirms and the stream has another payment of the same request.
        """
        if row["stream"] is None:
            return False
        notice, money, told_for = self._notice(row), (row["stream"], row["transaction"]), row["told_for"]
        outcome, long = notice.outcome, told_for is not None and told_for >= timedelta(seconds=LONGEST_WAIT)
        if outcome == Outcome.PAID.value:
            beside = any((one[0], one[-1]) == (row["stream"], notice.reference) for one in found)
            return (*money, notice.reference) in found or (long and beside and notice.confirms is True)
        if outcome != Outcome.REVERSED.value:
            return told_for is not None
        return long or (*money, row["amount"], row["at"]) in found


async def _is_owned_now(connection: Connection, row: Row) -> bool:
    """Assigns a callback without a demand to its demand, if the demand exists by now. Returns whether it did so."""
    if row["stream"] is not None:
        return False
    demand = await demanded(connection, row["provider"], row["reference"])
    if demand is None:
        return False
    verdict = Verdict.CONFIRMED if row["amount"] == demand.amount else Verdict.WRONG_AMOUNT
    await connection.execute(_OWNED, row["id"], demand.stream, demand.agency, verdict, demand.reference)
    return True


def _pause(row: Row, *, is_told: bool) -> int:
    """Returns the seconds until the next attempt to deliver a callback. `is_told`: whether a signal has been sent."""
    doubled: int = 2 ** min(row["tries"], _DOUBLINGS)
    if is_told:
        return min(RECORDED_WITHIN * doubled, LONGEST_WAIT)
    return min(doubled, LONGEST_WAIT if row["stream"] is None else LONGEST_PAUSE)


_DUE: Final = """
select id, provider, reference, transaction, amount, outcome, at, verdict, stream, demanded, tries,
    clock_timestamp() - told_at as told_for
from callback
where driven_at is null and verdict <> 'suspense' and next_try <= clock_timestamp()
order by next_try limit $1 for update skip locked
"""
_OWNED: Final = "update callback set stream = $2, agency = $3, verdict = $4, demanded = $5, tries = 0 where id = $1"
_LATER: Final = """
update callback set tries = tries + 1, next_try = clock_timestamp() + make_interval(secs => $2) where id = $1
"""
_TOLD: Final = """
update callback set told_at = coalesce(told_at, clock_timestamp()),
    tries = tries + 1, next_try = clock_timestamp() + make_interval(secs => $2)
where id = $1
"""


async def tell_payment(client: Client, stream: str, notice: MoneyNotice) -> None:
    """Signals the notice to the payment of this stream. If the workflow has ended, restarts it from its log.

    The signal is idempotent: money is recorded once for each transaction. Raises `RPCError`.
    """
    await client.start_workflow(
        "Payment",
        RestartStart(restart=Restart()).model_dump(mode="json", exclude_none=True),
        id=stream,
        task_queue=TASK_QUEUE,
        id_conflict_policy=WorkflowIDConflictPolicy.USE_EXISTING,
        start_signal="noticed",
        start_signal_args=[notice.model_dump(mode="json", exclude_none=True)],
    )
