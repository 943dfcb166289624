"""The append: the only code that writes the event log.

An append is one transaction, and optimistic: if rows from `next_seq` on exist already, the append writes nothing and
returns these rows (docs/ledger.md).

The append is one SQL statement. If the batch follows on the stream's head and the batch's actor may write, the
statement writes everything, else nothing. If nothing was written, a second query locks the head and finds the reason;
this query waits for any process that has locked the stream, such as a restart.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from functools import cache
from itertools import accumulate, islice
from time import perf_counter
from typing import Any, Final, NamedTuple

from asyncpg.exceptions import UniqueViolationError
from temporalio import activity
from temporalio.common import MetricMeter, RetryPolicy
from temporalio.exceptions import ApplicationError
from temporalio.workflow import LocalActivityConfig

from activities.ledger import builds, event_rows, read_models, till_cash
from activities.ledger.authority import answers, bank_references, officers, readers, received, statements, two_people
from activities.ledger.authority.meanwhile import changed_meanwhile
from activities.ledger.database import Connection, Pool, acquired
from activities.ledger.measures import Measures
from activities.ledger.reserving import Reserved, Reserving, Whose
from activities.ledger.vault import KeyGoneError, Vault
from activities.support.failpoint import failpoint
from activities.support.readings import Readings
from rules.causes import papers_of
from rules.stream_kind import Kinds, StreamKind
from schemas.errors import Problem, Refusal, RefusalCode, problem
from schemas.filing.events import Submitted
from schemas.ids import filing_workflow
from schemas.papers.state import PaperKind
from schemas.people import OFFICERS, Role
from schemas.privacy import ERASED
from schemas.stream.ledger import Appended, Batch, Receipt, Recorded, StoredEvent
from views import log
from views.access import ACTIVE
from views.standby import waits_uncut

APPEND: Final = "ledger.append"

LEDGER: Final = LocalActivityConfig(
    start_to_close_timeout=timedelta(seconds=5),
    retry_policy=RetryPolicy(
        initial_interval=timedelta(milliseconds=100),
        backoff_coefficient=2,
        maximum_interval=timedelta(seconds=5),
    ),
)
"""The options of an append: retried without end, since an attempt without an answer may have been committed."""


class _NotTakenError(Exception):
    """The batch was not written: it does not follow on the head, its actor may not write, or it was recorded before."""


@dataclass(frozen=True)
class _Parsed:
    """A batch with the kind of its stream, its events as models of that kind, and the evidence needed in the log.

    `cash`: the seqs of the events about cash; `named`: seq, field and number of each event that names a transfer or a
    card slip; `unread`: whether the batch depends on a reading that this process has not made; `statement`: the batch's
    statement, even if no signature is checked or stored.
    """

    batch: Batch
    kind: StreamKind[Any]
    events: tuple[Any, ...]
    needed: str | None
    cash: tuple[int, ...]
    named: tuple[tuple[int, str, str], ...]
    unread: bool
    statement: str | None


class Ledger:
    """Appends to the event log through a pool that the worker owns."""

    def __init__(
        self,
        pool: Pool,
        vault: Vault,
        kinds: Kinds,
        meter: MetricMeter = MetricMeter.noop,
        audience: str | None = None,
        readings: Readings | None = None,
    ) -> None:
        """`audience`: the installation's name. If it is given, back offices and all actors except the system must sign.

        Without `audience` no signature is checked or stored. `readings`: the readings made by this process; if None, a
        batch may depend on any reading.
        """
        self._pool = pool
        self._audience = audience
        self._vault = vault
        self._kinds = kinds
        self._reserving = Reserving(vault, kinds.numberings)
        self._measures = Measures(meter, kinds)
        self._readings = readings

    @activity.defn(name=APPEND)
    async def append(self, batch: Batch) -> Appended:
        """Appends the batch. If it can't be appended, returns the reason: the log's later events, or a refusal.

        Raises `ledger_conflict`, without retry, if a later epoch has taken the stream over, or if the log holds other
        or fewer events than the run has seen. Once the filing's key is deleted, commands of people are refused; for
        commands of the system `KeyGoneError` is raised, which is retried.
        """
        began = perf_counter()
        asked = self._parsed(batch)
        moves = None
        async with acquired(self._pool) as connection, waits_uncut(connection):
            answer = await self._answer(connection, asked)
            if batch.moves_with is not None:
                moves = await builds.can_take_over(connection, asked.kind.name, batch.stream, batch.moves_with)
        self._measures.answered(batch, answer, perf_counter() - began)
        failpoint("ledger.committed")
        told = {"command_id": batch.command_id, "moves": moves}
        return answer.model_copy(update=told | {"continue_as_new_suggested": batch.continue_as_new_suggested or None})

    async def append_within(self, connection: Connection, batch: Batch) -> Appended:
        """Appends a batch like `append`, but in the caller's transaction. The batch must not take any numbers."""
        return await self._answer(connection, self._parsed(batch))

    def _parsed(self, proposed: Batch) -> _Parsed:
        kept = self._audience is not None or proposed.statement is None
        batch = proposed if kept else proposed.model_copy(update={"statement": None})
        kind = self._kinds.of(batch.stream)
        events = tuple(map(kind.event, batch.events))
        needed = officers.needed(kind, batch, events)
        unread = self._readings is not None and not self._readings.hold(batch.readings)
        cash, named = till_cash.cash_of(batch, events), bank_references.of(batch, events)
        return _Parsed(batch, kind, events, needed, cash, named, unread, proposed.statement)

    async def _answer(self, connection: Connection, asked: _Parsed) -> Appended:
        while True:
            unproved = await officers.unproved(connection, asked.kind, asked.batch, asked.events)
            unproved += await two_people.alone(connection, self._vault, asked.batch, asked.events)
            unproved += await answers.untold(connection, asked.batch, asked.events)
            unproved += await officers.reworded(connection, self._vault, asked.batch, asked.events)
            unproved += await officers.taken_in(connection, self._vault, asked.batch, asked.events)
            unproved += await officers.beside(connection, self._vault, self._kinds, asked.batch)
            changed = await changed_meanwhile(connection, asked.kind, asked.batch)
            unproved += await received.unborne(connection, asked.batch, asked.statement)
            unsigned = []
            unfounded = asked.unread or await received.is_awaited(connection, asked.batch)
            if self._audience is not None:
                unsigned = statements.unsigned(asked.batch)
                unfounded = unfounded or await answers.unanswered(
                    connection, self._audience, asked.kind, asked.batch, asked.events
                )
            if asked.events and not (unproved or unsigned or unfounded or changed):
                try:
                    async with self._reserving.reserved(connection, asked.batch, asked.events) as reserved:
                        return await _write(connection, self._vault, asked, reserved)
                except _NotTakenError:
                    pass
                except UniqueViolationError as error:
                    if error.constraint_name != bank_references.TAKEN:
                        raise
                except KeyGoneError:
                    gone = not await connection.fetchval(_ERASED, asked.batch.filing_id)
                    if gone and asked.batch.actor.role is Role.SYSTEM:
                        await self._expect_recorded(connection, asked.batch)
                        raise
                    unproved = [problem("", "key_gone")]
            async with connection.transaction():
                answer = await self._instead(
                    connection, asked, unproved, unsigned, unfounded=unfounded, changed=changed
                )
                if answer is not None:
                    return answer

    async def _expect_recorded(self, connection: Connection, batch: Batch) -> None:
        """Raises `ledger_conflict` if the run has seen events of the stream, but the log has none.

        A filing that was never recorded has no key, and never gets one from such a run.
        """
        if batch.next_seq > 1 and not await connection.fetchval(_BEGUN, batch.stream):
            raise self._conflict(batch, "the log holds less than this run has seen")

    async def _instead(
        self,
        connection: Connection,
        asked: _Parsed,
        unproved: list[Problem],
        unsigned: list[Problem],
        *,
        unfounded: bool,
        changed: Refusal | None,
    ) -> Appended | None:
        """Returns the log's answer to a batch that was not written; None if the append may be tried again.

        Any caller gets the receipt of a command recorded before. Because the head is locked, the transaction's commit
        waits for a standby, and the standby then has everything that was read here (views/standby.py). An actor without
        the right to act is refused for that reason only, and does not learn which other rules the batch breaks.
        """
        batch, actor = asked.batch, asked.batch.actor
        whose = (actor.agency, actor.subject, actor.role)
        asks = (batch.stream, *whose, batch.filing_id, batch.next_seq, batch.command_id)
        [head] = await connection.fetch(_LOCKED_HEAD, *asks)
        epoch, seq, agency, in_directory, erased, head_hash, known, recorded = head.values()
        self._expect_current(batch, epoch, seq, known)
        if erased:
            return Appended(epoch=epoch, refused=ERASED)
        if seq >= batch.next_seq:
            return await self._held(connection, asked, epoch, agency)
        if recorded is not None:
            return Appended(epoch=epoch, receipts=(Receipt.model_validate_json(recorded),), head=head_hash)
        if batch.events and _keeps_agency(batch) and agency not in {None, batch.agency}:
            raise self._conflict(batch, "the stream is another agency's")
        unheard = await statements.missing(connection, batch) or unsigned
        if not unheard and (unfounded or not await officers.is_founded(connection, batch)):
            return Appended(epoch=epoch, unfounded=True, head=head_hash)
        if unheard or changed or not batch.events:
            refused = officers.refusal(actor, unheard, in_directory=True) or changed
            return Appended(epoch=epoch, refused=refused, head=head_hash)
        wrong = unproved + await officers.missing(connection, asked.needed, batch.filing_id)
        wrong += [one for one in await officers.own(connection, batch) if one not in wrong]
        wrong += await till_cash.missing(connection, batch, asked.cash)
        wrong += await bank_references.missing(connection, batch, asked.named)
        refused = officers.refusal(actor, wrong, in_directory=in_directory)
        return Appended(epoch=epoch, refused=refused, head=head_hash) if refused else None

    def _expect_current(self, batch: Batch, epoch: int, seq: int, known: str | None) -> None:
        """Raises `ledger_conflict` if a newer run has the stream, or if this run has seen events that the log lacks."""
        if batch.epoch not in {None, epoch}:
            raise self._conflict(batch, "a later run has taken this stream over")
        if seq + 1 < batch.next_seq:
            raise self._conflict(batch, "the log holds less than this run has seen")
        if batch.head not in {None, known}:
            raise self._conflict(batch, "the log holds other events than this run has seen")

    async def _held(self, connection: Connection, asked: _Parsed, epoch: int, agency: str) -> Appended:
        """Returns the events that the log has from the batch's first seq on, with their receipts: at most one page."""
        batch = asked.batch
        found = await connection.fetch(f"{log.SELECT} limit {_MOST_EVENTS + 1}", batch.stream, batch.next_seq)
        rows = _page(found)
        receipts = await connection.fetch(_RECEIPTS, batch.stream, batch.next_seq, rows[-1]["seq"])
        key = await self._vault.key(connection, batch.filing_id, batch.agency)
        opened = (log.opened(asked.kind, batch.stream, row, key) for row in rows)
        return Appended(
            epoch=epoch,
            agency=agency if batch.next_seq == 1 else None,
            stored=tuple(_stored(one, one.event.model_dump(mode="json", exclude_none=True)) for one in opened),
            receipts=tuple(Receipt.model_validate_json(row["body"]) for row in receipts),
            more=len(rows) < len(found),
            unfounded=asked.unread or None,
            head=await connection.fetchval(_HASH, batch.stream, rows[-1]["seq"]),
        )

    def _conflict(self, batch: Batch, message: str) -> ApplicationError:
        self._measures.conflicted(batch)
        return ApplicationError(message, type=RefusalCode.LEDGER_CONFLICT, non_retryable=True)


def _keeps_agency(batch: Batch) -> bool:
    """Returns whether the batch's stream always stays with one agency; False for filings and their papers."""
    return not batch.stream.startswith(("filing:", "papers:"))


def _page(rows: Sequence[Mapping[str, Any]]) -> Sequence[Mapping[str, Any]]:
    """Returns as many of the first rows as fit in one answer, but at least one."""
    sizes = accumulate(len(row["body"]) + len(row["sealed"] or b"") for row in rows)
    return rows[: max(1, sum(size <= _MOST_BYTES for size in islice(sizes, _MOST_EVENTS)))]


def columns_of(whose: Whose) -> dict[str, str | None]:
    """Returns those columns of a filing's row that name persons; only the ledger fills them."""
    return {column: None if person is None else f"\\x{person.hex()}" for column, person in whose.items()}


def _stored(recorded: Recorded, fields: dict[str, Any]) -> StoredEvent:
    return StoredEvent(
        seq=recorded.seq, at=recorded.at, command_id=recorded.command_id, actor=recorded.actor, event=fields
    )


async def _write(connection: Connection, vault: Vault, asked: _Parsed, reserved: Reserved) -> Appended:
    """Writes the batch after the stream's head. Raises `_NotTakenError` if nothing was written."""
    batch = asked.batch
    stored: list[StoredEvent] = []
    rows: list[dict[str, Any]] = []
    caused: list[tuple[int, PaperKind]] = []
    events = list(reserved.filled(asked.events))
    for ordinal, event in enumerate(events):
        seq = batch.next_seq + ordinal
        recorded = Recorded(seq=seq, at=batch.at, command_id=batch.command_id, actor=batch.actor, event=event)
        fields = event.model_dump(mode="json", exclude_none=True)
        version = asked.kind.event_version(fields["kind"])
        rows.append(event_rows.columns(batch, recorded, fields, version, ordinal, reserved.key))
        stored.append(_stored(recorded, fields))
        caused.extend((seq, paper) for paper in papers_of(event))
    numbers = {kind: taken[-1] for kind, taken in reserved.numbers.items()}
    receipt = Receipt(
        command_id=batch.command_id,
        digest=batch.digest,
        seq=stored[-1].seq,
        at=batch.at,
        code=numbers.get("dossier") or (batch.rows and batch.rows.row and batch.rows.row.get("code")),
    )
    added: dict[str, Any] = columns_of(reserved.whose)
    if isinstance(asked.events[0], Submitted):
        added["possible_duplicates"] = reserved.others
    change = read_models.change(asked.kind, batch, numbers, added)
    bound = event_rows.bindings(batch, len(rows), reserved.key)
    now_read_by = await readers.after_batch(
        connection,
        vault,
        batch,
        events,
        rows[0]["via"],
        lambda row: log.opened(asked.kind, batch.stream, row, reserved.key).event,
    )
    beside = _Beside(receipt, change, caused, now_read_by)
    epoch, head = await _record(connection, asked, list(zip(rows, bound, strict=True)), beside)
    return Appended(epoch=epoch, stored=tuple(stored), receipts=(receipt,), head=head)


class _Beside(NamedTuple):
    """The rows that an append writes beside its events: its receipt, read models, papers to make, and readers."""

    receipt: Receipt
    change: read_models.Change | None
    caused: Sequence[tuple[int, PaperKind]]
    readers: str | None


async def _record(
    connection: Connection, asked: _Parsed, rows: Sequence[tuple[dict[str, Any], str]], beside: _Beside
) -> tuple[int, str]:
    """Writes the `rows`, each with its `bound` text, and all rows that depend on them; returns epoch and hash."""
    receipt, change, caused, now_read_by = beside
    batch, actor = asked.batch, asked.batch.actor
    needed = () if asked.needed is None else (asked.needed,)
    written, tasks = (change.rows, change.tasks) if change else ((), False)
    papers = tuple(map(list, zip(*caused, strict=True)))
    cash = (list(asked.cash),) if asked.cash else ()
    named = ([seq for seq, *_ in asked.named], [number for *_, number in asked.named]) if asked.named else ()
    spoken = statements.parameters(batch)
    one = len(rows) == 1
    events = [
        [event_rows.hashed(row, event_rows.BOUND) for row, _ in rows],
        *([row[column] for row, _ in rows] for column in event_rows.EACH),
        [bound for _, bound in rows],
    ]
    statement = _recording(
        written,
        one=one,
        tasks=tasks,
        papers=bool(papers),
        needed=bool(needed),
        cash=bool(cash),
        named=bool(named),
        spoken=len(spoken),
        read=now_read_by is not None,
        knows=batch.head is not None,
        begins=batch.next_seq == 1 and batch.stream != filing_workflow(batch.filing_id),
        keeps=_keeps_agency(batch),
    )
    to = (batch.stream, batch.filing_id, batch.agency, batch.next_seq, receipt.seq, batch.epoch)
    who = (actor.agency, actor.subject, actor.role if actor.role in OFFICERS else None)
    moved = await connection.fetchrow(
        statement,
        *to,
        *who,
        receipt.command_id,
        receipt.digest,
        receipt.model_dump_json(exclude_none=True).encode(),
        *(rows[0][0][column] for column in ("actor", "via", "occurred_at")),
        *(values[0] if one else values for values in events),
        *(change.parameters if change else ()),
        *papers,
        *needed,
        *cash,
        *named,
        *spoken,
        *(() if batch.head is None else (batch.head,)),
        *(() if now_read_by is None else (now_read_by,)),
    )
    if moved is None:
        raise _NotTakenError
    return moved["epoch"], moved["head"]


_MOST_EVENTS: Final = 200
_MOST_BYTES: Final = 100_000
"""Maximum bytes of a stream in one answer, because the answer enters the history of a workflow."""

_RECEIPTS: Final = "select body from receipt where stream = $1 and seq between $2 and $3 order by seq"
_HASH: Final = "select encode(hash, 'hex') from event where stream = $1 and seq = $2"
_BEGUN: Final = "select exists (select from stream where stream = $1)"
_ERASED: Final = "select erased_at is not null from stream where stream = 'filing:' || $1::uuid"
_LOCKED_HEAD: Final = f"""
select coalesce(epoch, 1), coalesce(head_seq, 0), found.agency,
    {ACTIVE.format(agency="$2", officer="$3", role="$4")},
    found.erased_at is not null or coalesce(({_ERASED.replace("$1", "$5")}), false), encode(head_hash, 'hex'),
    (select encode(hash, 'hex') from event where event.stream = $1 and seq = $6 - 1),
    (select body from receipt where receipt.stream = $1 and command_id = $7)
from (select) as asked left join (select * from stream where stream = $1 for update) as found on true
"""  # noqa: S608 -- joined from statements of our own
"""SQL: locks the stream, if it exists; returns its head and agency, the hash before the batch, and the receipt."""

_NOT_ERASED: Final = """
coalesce((select erased_at is null from stream as whole where stream = 'filing:' || $2::uuid for key share), true)
"""
"""SQL for a new stream: true unless its filing is erased. It locks a row, so that an erasure waits for this append.

An existing stream needs neither check nor lock, since an erasure moves the stream's head.
"""

_EACH: Final = ", ".join(event_rows.EACH)
_HASHED: Final = 16
"""The number of the SQL parameter with the hashed part of each event; its columns and its `bound` text follow."""
_BINDS: Final = _HASHED + 1 + len(event_rows.EACH)
_REST: Final = _BINDS + 1
"""The number of the first SQL parameter with a row of a read model."""
_POSTED: Final = """
posted as (
    insert into outbox (stream, seq, paper, filing_id, agency)
    select $1, caused.seq, caused.paper, $2, $3
    from moved, unnest({seqs}::int[], {papers}::text[]) as caused (seq, paper)
)
"""


def _value(place: int, type_: str, n: str, *, one: bool) -> str:
    """Returns the SQL for the n-th value of the parameter `$place`, an array; `n` is an SQL expression.

    If `one`, the parameter is a single value instead of an array, and the SQL is that value: this is faster.
    """
    return f"${place}::{type_}" if one else f"(${place}::{type_}[])[{n}]"


def _chain(*, one: bool) -> str:
    """Returns the SQL that chains the batch's events, with hashes, to the head; for `one` event, without recursion."""
    bound = f"""convert_to('{{"epoch":' || epoch || {_value(_BINDS, "text", "n + 1", one=one)} || '}}', 'UTF8')"""
    hashed = _value(_HASHED, "bytea", "n + 1", one=one)
    hash_ = event_rows.HASH.format(hashed=hashed, recorded_at="now", previous="hash", bound="following.bound")
    head = "select 0 as n, null::bytea as prev_hash, hash, now, epoch, null::bytea as bound from head"
    return f"""
    {"" if one else f"{head} union all"}
    select n + 1, hash, {hash_}, now, epoch, following.bound
    from {f"({head}) as head" if one else "chain"}, lateral (select {bound} as bound) as following where $4 + n <= $5
"""  # noqa: S608 -- joined from statements of our own


@cache
def _recording(  # noqa: PLR0913 -- one for each part of the statement
    written: tuple[read_models.Written, ...],
    *,
    one: bool,
    tasks: bool,
    papers: bool,
    needed: bool,
    cash: bool,
    named: bool,
    spoken: int,
    read: bool,
    knows: bool,
    begins: bool,
    keeps: bool,
) -> str:
    """Returns the single statement of an append. The statement yields the stream's epoch if the batch was written.

    `spoken` is the number of SQL parameters about the batch's signed identity statement.

    The table `stream` comes first, in an update of no row, since PostgreSQL locks the tables of a subquery before the
    outer tables. So a process that locks `stream` stops every append before the append locks anything else.
    """
    change = f", {read_models.statements(written, tasks=tasks, first=_REST)}" if written or tasks else ""
    last = _REST + len(written) + tasks
    proved = f"and {officers.BORNE_OUT.format(filing='$2', needed=f'${last + 2 * papers}')}" if needed else ""
    posted = f", {_POSTED.format(seqs=f'${last}', papers=f'${last + 1}')}" if papers else ""
    till, may_take = (f"{till_cash.TILL}, ", till_cash.MAY_TAKE) if cash else ("", "")
    through = f", {till_cash.THROUGH.format(seqs=f'${last + 2 * papers + needed}')}" if cash else ""
    after = last + 2 * papers + needed + cash
    seqs, numbers = f"${after}", f"${after + 1}"
    counted = f", {bank_references.COUNTED.format(seqs=seqs, numbers=numbers)}" if named else ""
    after += bank_references.PARAMETERS * named
    kept = f"and {_NOT_ERASED}" if begins else "and found.agency = $3" if keeps else ""
    columns = enumerate(event_rows.EACH.values(), _HASHED + 1)
    each = ", ".join(_value(place, type_, "n", one=one) for place, type_ in columns)
    may_speak = statements.may_speak("$2", "$7", after, for_client=spoken > statements.PARAMETERS)
    heard = f"and {may_speak}" if spoken else ""
    after += spoken
    known = f"and head_hash = decode(${after}, 'hex')" if knows else ""
    kept_readers = f", {readers.KEPT.format(given=f'${after + knows}', filing='$2')}" if read else ""
    return f"""
with {"" if one else "recursive "}first as (
    update stream set noted = noted where false
), {till}head as materialized (
    select coalesce(head_hash, decode(repeat('00', 32), 'hex')) as hash, greatest(clock_timestamp(), head_at) as now,
        coalesce(epoch, 1) as epoch, agency
    from (select) as asked left join (select * from stream where stream = $1) as found on true
    where coalesce(head_seq, 0) = $4 - 1 and coalesce(epoch, 1) = coalesce($6, epoch, 1)
        and ($9::text is null
            or {ACTIVE.format(agency="$7", officer="$8", role="$9")}
            and not {officers.OWN.format(filing="$2", agency="$7", officer="$8")})
        and not exists (select from receipt where receipt.stream = $1 and command_id = $10)
        {proved}
        {may_take}
        {heard}
        {known}
        {kept}
), chain (n, prev_hash, hash, now, epoch, bound) as ({_chain(one=one)}), moved as (
    insert into stream (stream, filing_id, agency, head_seq, head_hash, head_at, noted)
    select $1, $2, $3, $5, hash, now, $5 from chain where $4 + n > $5
    on conflict (stream) do update
    set (head_seq, head_hash, head_at, noted) = ($5, excluded.head_hash, excluded.head_at, $5)
    where (stream.epoch, stream.head_seq) = ((select epoch from head), $4 - 1)
    returning epoch, head_at, head_hash
), noted as (
    insert into unpositioned (stream, first_seq, last_seq, recorded_at) select $1, $4, $5, head_at from moved
), written as (
    insert into event (stream, filing_id, agency, seq, command_id, actor, via, occurred_at, {_EACH},
        recorded_at, prev_hash, hash, bound)
    select $1, $2, $3, $4 - 1 + n, $10, $13, $14, $15, {each}, now, prev_hash, hash, bound
    from moved, chain where n > 0
), receipted as (
    insert into receipt (stream, filing_id, agency, command_id, digest, body, seq)
    select $1, $2, $3, $10, $11, $12, $5 from moved
), {readers.AGENCY}{kept_readers}{change}{posted}{through}{counted}
select epoch, encode(head_hash, 'hex') as head from moved
"""  # noqa: S608 -- joined from statements of our own
