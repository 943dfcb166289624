"""The effect of another calendar, or of another version of a procedure, on open filings. Nothing is written."""

from collections import Counter
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field
from datetime import datetime
from functools import cache, partial
from typing import Final
from uuid import UUID

from activities.keys.masters import MasterKeys
from activities.ledger.vault import Vault
from console.database import TIMEOUT, connected
from publishing.authoring.provinces import of_provinces
from publishing.checks.provinces import Base
from rules.filing import lifecycle
from rules.filing.clocks import processing_limit
from rules.filing.conditions import received_on
from rules.filing.fees.assessment import assess
from rules.filing.fold import stage
from rules.filing.submission.admission import dossier_problems
from rules.source import parse
from rules.streams import KINDS
from rules.time.calendars import expand
from rules.time.working_time import local_day
from schemas.base import Model
from schemas.errors import Problem
from schemas.filing.events import CalendarChanged, Clock
from schemas.filing.state import Filing, Stage
from schemas.limit import Limit
from schemas.people import SYSTEM
from schemas.publishing.calendar import CalendarFile
from schemas.publishing.procedure_rules import ProcedureRules
from schemas.stream.ledger import Recorded
from views import primary
from views.log import Log

PAGE: Final = 200
_PAGE_OF: Final = """
select s.stream, s.filing_id, s.agency, s.head_seq
from (
    select filing_id from filing
    where closed_at is null and filing_id > $1{narrowed} order by filing_id limit $2
) as f join stream s on s.stream = 'filing:' || f.filing_id order by f.filing_id
"""
OPEN_FILINGS: Final = _PAGE_OF.format(narrowed="")
OPEN_FILINGS_OF_PROCEDURE: Final = _PAGE_OF.format(narrowed=" and procedure = $3")
_HOW_MANY: Final = "select count(*) from filing where closed_at is null and ($1::text is null or procedure = $1)"

Progress = Callable[[int, int], None]


async def open_filings(
    dsn: str, master: MasterKeys, progress: Progress, procedure: str | None = None
) -> AsyncIterator[Filing]:
    """Yields open filings, of one procedure or all, as of one moment. Raises `UnfoldableError`, asyncpg's errors."""
    statement, *narrowed = (OPEN_FILINGS,) if procedure is None else (OPEN_FILINGS_OF_PROCEDURE, procedure)
    async with (
        primary.create_pool(dsn, min_size=1, max_size=1, timeout=TIMEOUT) as pool,
        pool.acquire() as connection,
        connection.transaction(isolation="repeatable_read", readonly=True),
    ):
        done, of = 0, await connection.fetchval(_HOW_MANY, procedure)
        log = Log(connection, Vault(master).find, KINDS)
        after = UUID(int=0)
        while page := await connection.fetch(statement, after, PAGE, *narrowed):
            for stream in page:
                events = await log.events(stream["stream"], stream["filing_id"], stream["head_seq"])
                yield await log.fold(stream["stream"], stream["agency"], events)
            done += len(page)
            progress(done, of)
            after = page[-1]["filing_id"]


@dataclass(frozen=True)
class Moved:
    """A running clock of an open filing, whose due time would change."""

    code: str
    agency: str
    procedure: str
    clock: Clock
    due: datetime
    would_be_due: datetime
    becomes_late: bool
    no_longer_late: bool


@dataclass
class WhatIf:
    """The clocks whose due times another calendar would change, and the number of open filings, at the instant `at`."""

    calendar: str
    at: datetime
    filings: int = 0
    moved: list[Moved] = field(default_factory=list)


async def what_if(dsn: str, master: MasterKeys, file: CalendarFile, at: datetime, progress: Progress) -> WhatIf:
    """Computes open filings' clocks anew with the calendar in `file`. Raises `UnfoldableError`, asyncpg's errors."""
    answer = WhatIf(calendar=file.name, at=at)
    on = cache(partial(expand, file))
    async for filing in open_filings(dsn, master, progress):
        changed = CalendarChanged(calendar=on(filing.agency))
        recorded = Recorded(seq=filing.seq + 1, at=at, command_id="what-if", actor=SYSTEM, event=changed)
        then = lifecycle.evolve(filing, recorded)
        for clock, state in filing.clocks.items():
            would_be = then.clocks[clock].due
            if would_be != state.due and not state.paused:
                moved = Moved(
                    code=str(filing.code),
                    agency=filing.agency,
                    procedure=filing.procedure.code,
                    clock=clock,
                    due=state.due,
                    would_be_due=would_be,
                    becomes_late=state.due > at >= would_be,
                    no_longer_late=would_be > at >= state.due,
                )
                answer.moved.append(moved)
        answer.filings += 1
    return answer


class Anew(Model):
    """A dossier's fee and processing limit under its own version, and under another version (the fields `…_then`).

    A fee is in đồng, before any waiver. `problems`: the parts of the dossier that are missing or wrong only under the
    other version.
    """

    fee: int
    fee_then: int
    processing: Limit
    processing_then: Limit
    problems: tuple[Problem, ...] = ()

    @property
    def differs(self) -> bool:
        """Whether the other version changes the fee or the processing limit, or causes problems."""
        return (self.fee, self.processing) != (self.fee_then, self.processing_then) or bool(self.problems)


def anew(filing: Filing, rules: ProcedureRules, now: datetime) -> Anew:
    """Compares the filing under its own rules with the same filing under `rules`, as if it were received at `now`."""
    own, received, today = filing.procedure, received_on(filing), local_day(now)
    known = {(found.field, found.rule) for found in dossier_problems(own, filing, received)}
    found = dossier_problems(rules, filing, today)
    return Anew(
        fee=assess(own.fee, filing, received, now).total,
        fee_then=assess(rules.fee, filing, today, now).total,
        processing=processing_limit(own, filing, received),
        processing_then=processing_limit(rules, filing, today),
        problems=tuple(one for one in found if (one.field, one.rule) not in known),
    )


@dataclass(frozen=True)
class Touched:
    """An open filing that another version would treat differently."""

    code: str
    agency: str
    stage: Stage
    version: str
    anew: Anew


@dataclass
class VersionWhatIf:
    """The effect of another version. `stay`: open filings by present version; `touched`: filings that would change."""

    procedure: str
    version: str
    received: datetime
    stay: Counter[str] = field(default_factory=Counter)
    touched: list[Touched] = field(default_factory=list)


async def version_what_if(
    dsn: str, master: MasterKeys, source: bytes, rules: ProcedureRules, received: datetime, progress: Progress
) -> VersionWhatIf:
    """Compares every open filing of the procedure with the same filing, as if received under `rules` at `received`.

    `rules` are the rules in the file `source`; for an agency of a province with fees of its own, the province's variant
    applies. Calls `progress(filings, of)` after each page. Raises `MistakesFoundError` if the version does not fit a
    province, `UnfoldableError`, and asyncpg's errors.
    """
    answer = VersionWhatIf(rules.code, rules.version, received)
    async with connected(dsn) as connection:
        made = await of_provinces(connection, Base(parse(source).value, demo=False))
        own = {one.province: ProcedureRules.model_validate_json(one.rules) for one in made}
        agencies = await connection.fetch("select agency, province from agency where province = any($1)", list(own))
    there = {row["agency"]: own[row["province"]] for row in agencies}
    async for filing in open_filings(dsn, master, progress, rules.code):
        version, otherwise = filing.procedure.version, anew(filing, there.get(filing.agency, rules), received)
        answer.stay[version] += 1
        if otherwise.differs:
            answer.touched.append(Touched(str(filing.code), filing.agency, stage(filing), version, otherwise))
    answer.touched.sort(key=lambda one: one.code)
    return answer
