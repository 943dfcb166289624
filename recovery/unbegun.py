"""Finds runs whose stream the record lacks, and runs that have not begun another stream, though their log orders it.

A stranger who executes our activity may report events that are in no log, or the start of a stream that never began.
A run of the first sort is nudged, so that it reads the log and begins anew. A run of the second sort is restarted.
"""

from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from datetime import datetime, timedelta
from typing import Any, Final, NamedTuple

import structlog
from temporalio.client import Client
from temporalio.service import RPCError

from activities.ledger.database import Connection, Pool
from motcua.calls.retry import is_not_found
from recovery.histories import each, runs
from recovery.presence import others_work
from recovery.settled import Settled
from recovery.stalled import RUNNING
from rules.filing.fold import stage
from rules.refund.claims import fees_returned, fees_to_return, number_of
from rules.streams import KINDS
from schemas.base import Model
from schemas.filing import events as ev
from schemas.filing.state import Filing, Stage
from schemas.ids import NUDGE, StreamId
from schemas.level import Channel
from schemas.payment import events as pay
from schemas.payment.state import Payment
from schemas.refund.state import CAPTURES
from views.log import Keys, Log, UnfoldableError

_log = structlog.stdlib.get_logger("motcua.healing")

BEGUN: Final = timedelta(minutes=1)
"""The minimum age of a run to nudge: a new run may just be recording its first event."""

SINCE: Final = timedelta(minutes=10)
"""The maximum age of a run to nudge: an older run has been nudged twice already."""

AGAIN: Final = timedelta(minutes=5)
"""The time after which this process nudges a run again."""

MOST_NUDGED: Final = 1000

_UNRECORDED: Final = """
select asked from unnest($1::text[]) as asked where not exists (select from stream where stream = asked)
"""


class Order(NamedTuple):
    """An event that orders a new stream of this kind. `named`: whether the event's `n` is the new stream's number."""

    event: type[Model]
    kind: str
    named: bool = False


_MAY_OWE_MONEY: Final = (
    *(ev.FeeReduced, ev.FeeExpired, ev.SupplementExpired, ev.IntakeRefused, ev.Withdrawn, ev.Stopped, ev.Lapsed),
    ev.HandedOver,
    *(pay.PaymentCaptured, pay.PaymentChargedBack, pay.PaymentExpired, pay.PaymentCancelled),
)

ORDERS: Final = (
    Order(ev.FeeRequested, "payment", named=True),
    Order(ev.ObligationDemanded, "payment", named=True),
    Order(ev.Referred, "referral", named=True),
    Order(ev.ParcelRequested, "parcel", named=True),
    Order(ev.Decided, "result"),
    *(Order(event, "refund") for event in _MAY_OWE_MONEY),
)

KEPT: Final = timedelta(hours=1)
"""The time for which each later search examines a found stream again."""

_RANGE: Final = "select stream, seq from position where position > $1 and position <= $2"
_ORDERED: Final = """
select distinct s.stream
from unnest($1::text[], $2::integer[]) as p (stream, seq)
join event e using (stream, seq) join standing s using (stream) join filing f on f.filing_id = e.filing_id
join unnest($3::text[], $4::text[], $5::boolean[]) as o (event, kind, named) on o.event = e.kind
where (s.open or s.kind = 'filing' and (f.outcome <> 'delivered' or exists (
    select from result r where r.filing_id = f.filing_id and r.outcome = 'refused')))
and not exists (
    select from standing b join event first on first.stream = b.stream and first.seq = 1
    where b.filing_id = e.filing_id and b.kind = o.kind and case
        when o.named then b.n = (convert_from(e.body, 'UTF8')::jsonb ->> 'n')::int
        else first.recorded_at >= e.recorded_at end)
"""
"""SQL: the streams in which one of these events orders another stream to begin, if that stream has not begun.

The result may contain too many streams: if a fee is paid at the counter, or if officers do not sign on this platform,
nothing has to begin, and only a stream's state shows that.
"""
_BEGUN: Final = "select kind, n from standing where filing_id = $1"


async def ordered(connection: Connection, since: int, upto: int) -> set[str]:
    """Returns the streams with an event in this range that orders another stream, if no such stream began after it."""
    orders = [(one.event.model_fields["kind"].default, one.kind, one.named) for one in ORDERS]
    events = await connection.fetch(_RANGE, since, upto)
    if not events:
        return set()
    columns = (list(column) for column in (*zip(*events, strict=True), *zip(*orders, strict=True)))
    return {row["stream"] for row in await connection.fetch(_ORDERED, *columns)}


class Due(NamedTuple):
    """A stream that must have begun: one of this `kind`, with any of the `numbers`."""

    kind: str
    numbers: range


def of_filing(filing: Filing) -> Iterator[Due]:
    """Yields the streams that a filing in this state must have begun."""
    for fee in filing.fees_to_collect:
        yield _one("payment", fee.n)
    for demand in filing.demands_to_collect:
        yield _one("payment", demand.n)
    if not filing.closed:
        for part in filing.parts_under_way:
            yield _one("referral", part.n)
    if stage(filing) is Stage.DELIVERY and filing.parcels:
        yield _one("parcel", filing.parcels)
    if stage(filing) is Stage.ISSUE and filing.signs:
        yield _one("result", len(filing.results) + 1)
    yield from _refunds(filing)


def _refunds(filing: Filing) -> Iterator[Due]:
    online = {fee.n: fee.channel is Channel.ONLINE for fee in filing.fees}
    for n in {*fees_returned(filing), *fees_to_return(filing)}:
        first = number_of(n, 0)
        yield Due("refund", range(first + 1, first + CAPTURES)) if online[n] else _one("refund", first)


def of_payment(payment: Payment) -> Iterator[Due]:
    """Yields the streams that a payment in this state must have begun."""
    for ordinal, capture in enumerate(payment.captures, 1):
        if capture in payment.to_refund or payment.taken_back(capture):
            yield _one("refund", number_of(payment.n, ordinal))


def _one(kind: str, n: int) -> Due:
    return Due(kind, range(n, n + 1))


_DUE: Final[Mapping[str, Callable[[Any], Iterator[Due]]]] = {"filing": of_filing, "payment": of_payment}


class Unbegun:
    """The streams whose log orders a second stream that has not begun.

    An ordering stream is examined at each search until the ordered stream begins, but for at most the time `KEPT`.
    """

    def __init__(self, pool: Pool, keys: Keys) -> None:
        self._pool = pool
        self._keys = keys
        self._settled = Settled()
        self._left: dict[str, datetime] = {}

    async def look(self, client: Client, now: datetime) -> list[str]:
        """Returns the idle streams with an order older than `SETTLED` whose ordered stream has no run.

        Returns none while another Temporal's workers use this record. Raises `RPCError`, and the database's errors.
        """
        async with self._pool.acquire() as connection:
            found = await self._settled.search(connection, now, ordered)
            self._left = dict.fromkeys(found, now) | self._left
            missing = {stream: await self._missing(connection, stream) for stream in self._left}
            self._left = {stream: at for stream, at in self._left.items() if missing[stream] and at > now - KEPT}
            if not self._left or await others_work(connection, client):
                return []
        waits = await each(lambda stream: _is_idle(client, stream, missing[stream]), self._left)
        return [stream for stream, idle in zip(self._left, waits, strict=True) if idle]

    async def _missing(self, connection: Connection, stream: str) -> list[Due]:
        """Returns the streams that this stream must have begun, and that are missing in the record."""
        of = StreamId.parse(stream)
        try:
            state = (await Log(connection, self._keys, KINDS).read(stream)).state
        except UnfoldableError as error:  # one stream must not stop the others
            _log.warning("workflow.not_healed", stream=stream, reason=type(error).__name__)
            return []
        begun = {(row["kind"], row["n"]) for row in await connection.fetch(_BEGUN, of.filing)}
        due = () if state.erased_at is not None else _DUE[of.kind](state)
        return [one for one in due if not any((one.kind, n) in begun for n in one.numbers)]


async def _is_idle(client: Client, stream: str, missing: list[Due]) -> bool:
    """Returns whether no task of the stream's run is pending, and no stream in `missing` has a run."""
    filing = StreamId.parse(stream).filing
    named = [str(StreamId(one.kind, filing, one.numbers[0])) for one in missing if len(one.numbers) == 1]
    try:
        described = await client.get_workflow_handle(stream).describe()
    except RPCError as error:
        if not is_not_found(error):
            raise
        return True
    if described.raw_description.HasField("pending_workflow_task"):
        return False
    return not any([await runs(client, one) for one in named])


class Nudges:
    """The runs that this process has nudged, by run id."""

    def __init__(self, pool: Pool) -> None:
        self._pool = pool
        self._nudged: dict[str, datetime] = {}

    async def nudge(self, client: Client, now: datetime) -> list[str]:
        """Signals the runs whose stream the record lacks; returns the streams. Raises `RPCError`, database errors."""
        since, until = ((now - age).isoformat(timespec="milliseconds") for age in (SINCE, BEGUN))
        query = f"{RUNNING} AND StartTime > '{since}' AND StartTime < '{until}'"
        found = {one.run_id: one.id async for one in client.list_workflows(query, limit=MOST_NUDGED)}
        self._nudged = {run: at for run, at in self._nudged.items() if run in found and at > now - AGAIN}
        due = {workflow: run for run, workflow in found.items() if run not in self._nudged}
        unrecorded = [row["asked"] for row in await self._pool.fetch(_UNRECORDED, list(due))]

        async def one(stream: str) -> None:
            self._nudged[due[stream]] = now
            _log.warning("workflow.unrecorded", stream=stream)
            with suppress(RPCError):  # it has ended meanwhile
                await client.get_workflow_handle(stream, run_id=due[stream]).signal(NUDGE)

        await each(one, unrecorded)
        return unrecorded
