"""The relay of official papers: prints, seals, stores and records the papers that appends put in `outbox`.

The relay may die at any point: a row is deleted only once its paper is recorded, and no paper is recorded twice.
"""

import hashlib
from collections.abc import Awaitable, Callable
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Final
from uuid import UUID

import structlog
from temporalio.common import MetricMeter

from activities.ledger.append import Ledger
from activities.ledger.database import ACQUIRE_SECONDS, Pool
from activities.ledger.recording import record
from activities.ledger.vault import Vault
from activities.partners.receipts import ReceiptService
from activities.receipts import Issuing, void_gone
from activities.support.failpoint import failpoint
from rules.causes import RECEIPT_OF, VOIDING
from rules.papers.fold import is_made
from rules.stream_kind import Kinds, Origin
from rules.streams import PAPERS
from schemas.files import FileRef
from schemas.ids import StreamId, papers_stream
from schemas.papers.commands import RecordPaper
from schemas.papers.events import ReceiptIssued
from schemas.papers.state import PaperKind
from schemas.stream.ledger import About
from views.log import Log, LoggedStream
from views.registers.papers import papers

LONGEST_WAIT: Final = 300
"""Maximum seconds between two attempts: the wait doubles each time."""

_log = structlog.stdlib.get_logger("motcua.papers")


@dataclass(frozen=True)
class Printed:
    """The bytes of a printed paper, and the SHA-256 of the template that it was printed with."""

    body: bytes
    template: str


Print = Callable[[PaperKind, Log, LoggedStream], Awaitable[Printed | None]]
"""Prints a paper about the last event of a log; returns None if the event does not cause it."""
Keep = Callable[[UUID, bytes, str, str | None], Awaitable[FileRef]]
"""Stores bytes as a file of a filing, with their media type and a name."""
Seal = Callable[[str, bytes, datetime, About], Awaitable[bytes | None]]
"""Applies an agency's seal to a paper about an event, as of a moment; returns None if the agency has no seal."""


Around = Callable[[str, str], AbstractContextManager[object]]
"""Returns a context manager that traces work as a span. Called with the names of the stream and of the work."""


class Relay:
    """Makes the papers that wait in `outbox`, one after another."""

    def __init__(  # noqa: PLR0913 -- the seams of a paper, and of the receipt that comes before one
        self,
        pool: Pool,
        vault: Vault,
        kinds: Kinds,
        keep: Keep,
        print_: Print,
        seal: Seal,
        *,
        receipts: ReceiptService | None,
        meter: MetricMeter = MetricMeter.noop,
        around: Around = lambda _, __: nullcontext(),
    ) -> None:
        self._pool = pool
        self._vault = vault
        self._kinds = kinds
        self._ledger = Ledger(pool, vault, kinds)
        self._issuing = Issuing(pool, self._ledger, receipts)
        self._keep = keep
        self._print = print_
        self._seal = seal
        self._around = around
        self._attempts = meter.create_counter("motcua_papers_total", "Attempts to make a paper, by outcome")
        for outcome in ("made", "failed"):
            self._attempts.add(0, {"outcome": outcome})  # an alert on a rise misses the first increment otherwise

    async def one(self) -> bool:
        """Makes the paper whose next attempt is due first. Returns False if none is due. A failure is retried later."""
        async with self._pool.acquire(timeout=ACQUIRE_SECONDS) as connection, connection.transaction():
            row = await connection.fetchrow(_NEXT)
            if row is None:
                return False
            key = row["stream"], row["seq"], row["paper"]
            try:
                with self._around(row["stream"], f"MakePaper:{PaperKind(row['paper'])}"):
                    await self._make(row)
            except Exception as error:  # noqa: BLE001 -- any error is recorded and delays only its own paper
                # Only the type of an error, since its text may be personal; for a refused seal, the rule.
                why = f"{SEAL_REFUSED}{error.rule}" if isinstance(error, SealRefusedError) else type(error).__name__
                _log.warning("paper.not_made", paper=row["paper"], stream=row["stream"], seq=row["seq"], reason=why)
                await connection.execute(_LATER, *key, why, min(2 ** row["tries"], LONGEST_WAIT))
                self._attempts.add(1, {"outcome": "failed"})
            else:
                await connection.execute(_DONE, *key)
                self._attempts.add(1, {"outcome": "made"})
        return True

    async def _make(self, row: Any) -> None:
        paper, about = PaperKind(row["paper"]), About(stream=row["stream"], seq=row["seq"])
        stream = StreamId.parse(papers_stream(row["filing_id"]))
        async with self._pool.acquire(timeout=ACQUIRE_SECONDS) as connection:
            log = Log(connection, self._vault.find, self._kinds)
            if is_made(await papers(log, about.stream), paper, about):
                return
            whole = await log.read(about.stream)
            told = replace(whole, events=[recorded for recorded in whole.events if recorded.seq <= about.seq])
            origin, last = Origin(stream, row["agency"]), told.events[-1]
            if paper in _OF and not isinstance(last.event, ReceiptIssued):  # for money: its receipt comes first
                if last.event.kind in VOIDING:
                    await void_gone(self._ledger, log, origin, told, _OF[paper])
                else:
                    await self._issuing.issue(log, origin, told, _OF[paper])
                return
            printed = await self._print(paper, log, told)
            if printed is None:
                return
            sealed = await self._seal(row["agency"], printed.body, last.at, about)
            body = printed.body if sealed is None else sealed
            file = await self._keep(stream.filing, body, "application/pdf", f"{paper}.pdf")
            failpoint("papers.stored")
            command = RecordPaper(
                command_id=f"{paper}:{about.stream.replace(str(stream.filing), '')}:{about.seq}",
                paper=paper,
                about=about,
                file=file,
                body_sha256=hashlib.sha256(printed.body).hexdigest(),
                template=printed.template,
                signed=sealed is not None,
            )
            await record(self._ledger, log, PAPERS, Origin(stream, row["filings_agency"]), command)
        failpoint("papers.recorded")


_OF: Final = {paper: of for of, paper in RECEIPT_OF.items()}
"""The kind of receipt for each paper that is a receipt. The event that records a receipt's number causes the paper."""

_NEXT: Final = """
select stream, seq, paper, filing_id, agency, tries, case when stream = 'filing:' || filing_id then agency else (
    select stream.agency from stream where stream.stream = 'filing:' || outbox.filing_id
) end as filings_agency
from outbox where next_try <= clock_timestamp() order by next_try limit 1 for update skip locked
"""
_DONE: Final = "delete from outbox where stream = $1 and seq = $2 and paper = $3"
_LATER: Final = """
update outbox set tries = tries + 1, problem = $4, next_try = clock_timestamp() + make_interval(secs => $5)
where stream = $1 and seq = $2 and paper = $3
"""


SEAL_REFUSED: Final = "seal:"
"""Prefix of `outbox.problem` before the rule by which a seal was refused."""


class SealRefusedError(Exception):
    """The agency's seal can't be applied until the fault that `rule` names is corrected."""

    def __init__(self, rule: str) -> None:
        super().__init__(f"not sealed: {rule}")
        self.rule = rule
