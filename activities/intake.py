"""What a stream needs to know before it begins, and what it asks of the record meanwhile: database reads."""

from __future__ import annotations

import json
from collections.abc import Iterable
from functools import lru_cache
from typing import Any, Final
from uuid import UUID

from temporalio import activity
from temporalio.exceptions import ApplicationError

from activities.ledger.database import ACQUIRE_SECONDS, Connection, Pool, mask_database_errors
from activities.ledger.standing import IN_FORCE, KEPT, is_closed, read_calendar
from schemas.agency import AgencyKind, AgencyName
from schemas.base import AgencyCode, Model, Text
from schemas.filing.events import Accountable, Digests, Partner
from schemas.ids import StreamId
from schemas.people import Role
from schemas.publishing.calendar import Calendar, CalendarName
from schemas.publishing.procedure import ProcedureRules
from views.log import CALENDAR, digest


class OpenRequest(Model):
    """A stream, and what it is begun with; without a version the current one. The log, if it has it, decides.

    `desks` are the other agencies that are to receive the filing or hand its result over.
    """

    stream: str
    code: str | None = None
    version: str | None = None
    agency: str | None = None
    desks: tuple[str, ...] = ()


class CalendarRequest(Model):
    """A published calendar, as it is for this agency."""

    name: CalendarName
    agency: str


class OpenResult(Model):
    """The procedure, the calendar, the agency and its queue; None for what there is not.

    `digests` are those of the two as they were loaded. Who is `accountable` is asked of the directory only for what
    the log does not hold yet; it tells the rest. `elsewhere` is None if the agency may decide the procedure, or else
    those that do, the nearest first; `no_desks` are those of the desks that may not receive for it. `partners` decide
    parts of it, as far as the province has such agencies.
    """

    procedure: ProcedureRules | None = None
    calendar: Calendar | None = None
    agency: str | None = None
    queue: str | None = None
    digests: Digests | None = None
    accountable: Accountable = Accountable()
    elsewhere: tuple[AgencyName, ...] | None = None
    no_desks: tuple[AgencyCode, ...] = ()
    partners: tuple[Partner, ...] = ()


class News(Model):
    """An event of one of the filing's other streams, its `n`-th of that kind; `body` is what is public of it."""

    n: int
    kind: str
    body: dict[str, Any]


class Registry:
    """Reads the catalogue, the agencies and where streams stand."""

    def __init__(self, pool: Pool) -> None:
        self._pool = pool

    @activity.defn(name="intake.open")
    async def open(self, request: OpenRequest) -> OpenResult:
        """The agency of a stream, and the procedure and calendar under which it was, or now would be, begun.

        Raises `no_calendar`, to be tried again, as long as none has been published.
        """
        asked = (request.stream, request.code, request.version, request.agency, Role.LEADER)
        with mask_database_errors():
            async with self._pool.acquire(timeout=ACQUIRE_SECONDS) as connection:
                [(agency, queue, rules, calendar, leaders, kind)] = await connection.fetch(_OPEN, *asked)
                procedure = None if rules is None else _read_rules(rules)
                elsewhere = await _deciding(connection, agency, kind, procedure)
                no_desks = await _no_desks(connection, agency, request.desks)
                partners = await _partners(connection, agency, procedure)
        if calendar is None:
            raise ApplicationError("publish a calendar: motcua calendar publish", type="no_calendar")
        days = read_calendar(calendar)
        if procedure is None:
            return OpenResult(calendar=days, agency=agency, queue=queue)
        return OpenResult(
            procedure=procedure,
            calendar=days,
            agency=agency,
            queue=queue,
            digests=Digests(rules=digest(rules), calendar=digest(calendar)),
            accountable=_accountable(procedure, leaders),
            elsewhere=elsewhere,
            no_desks=no_desks,
            partners=partners,
        )

    @activity.defn(name="intake.calendar")
    async def calendar(self, request: CalendarRequest) -> Calendar | None:
        """The published calendar, or None if another one is in force."""
        with mask_database_errors():
            async with self._pool.acquire(timeout=ACQUIRE_SECONDS) as connection:
                in_force = await connection.fetchval(IN_FORCE) == request.name
                found = await connection.fetchval(CALENDAR, request.name, request.agency) if in_force else None
        return None if found is None else read_calendar(found)

    @activity.defn(name="intake.news")
    async def news(self, filing: UUID) -> list[News]:
        """What the filing's other streams have to tell it, as they have recorded it, oldest first."""
        with mask_database_errors():
            async with self._pool.acquire(timeout=ACQUIRE_SECONDS) as connection:
                rows = await connection.fetch(_NEWS, filing, _TOLD)
        return [News(n=StreamId.parse(stream).n, kind=kind, body=json.loads(body)) for stream, kind, body in rows]

    @activity.defn(name="intake.closed")
    async def closed(self, stream: str) -> bool:
        """Whether the record says that this stream has ended."""
        with mask_database_errors():
            async with self._pool.acquire(timeout=ACQUIRE_SECONDS) as connection:
                return await is_closed(connection, stream)


_TOLD: Final = (
    "payment_captured",
    "payment_expired",
    "consignment_ended",
    "referral_overdue",
    "referral_answered",
    "complaint_answered",
)
_NEWS: Final = """
select stream, kind, body from event where filing_id = $1 and kind = any($2) order by recorded_at, stream, seq
"""

_OPEN: Final = """
with named as (
    select coalesce(told ->> 'procedure', $2) as code, coalesce(told ->> 'version', $3) as version,
        coalesce(whose, $4) as agency, told ->> 'calendar' as calendar, told is not null as begun
    from (select) as asked left join (
        select convert_from(body, 'UTF8')::jsonb as told, agency as whose from event where stream = $1 and seq = 1
    ) as begun on true
)
select agency, (select queue from agency where agency.agency = named.agency), (
    select rules from procedure
    where procedure.code = named.code
        and (procedure.version = named.version or (named.version is null and not demo))
    order by published_at desc limit 1
), (
    select body from calendar
    where (named.calendar is null or calendar.name = named.calendar)
        and (calendar.agency in ('', named.agency) or starts_with(named.agency, calendar.agency || '.'))
    order by published_at desc, length(calendar.agency) desc limit 1
), array(
    select subject from officer
    where officer.agency = named.agency and role = $5 and active and not begun order by subject
), (select kind from agency where agency.agency = named.agency and not begun) from named
"""
"""What was begun, if the log holds it, or else what now is, and then the agency's leaders and its kind."""

_DECIDING: Final = """
select agency, name_vi as vi, name_en as en from agency
where kind = any($1) order by province is distinct from (select province from agency where agency = $2), agency limit $3
"""
_SO_MANY: Final = 5
"""As many are named where somebody has filed elsewhere."""


async def _deciding(
    connection: Connection, agency: str, kind: str | None, procedure: ProcedureRules | None
) -> tuple[AgencyName, ...] | None:
    """None for an agency that may decide it, also for one of which the directory does not say what it is."""
    if kind is None or procedure is None or not procedure.decided_by or kind in procedure.decided_by:
        return None
    rows = await connection.fetch(_DECIDING, list(procedure.decided_by), agency, _SO_MANY)
    return tuple(AgencyName(agency=code, name=Text(vi=vi, en=en)) for code, vi, en in rows)


_NO_DESKS: Final = """
select named.desk from unnest($2::text[]) as named (desk) where named.desk <> $1 and not exists (
    select from agency as desk join agency as served on served.agency = $1
    where desk.agency = named.desk and (
        served.agency = any(desk.receives_for) or ('*' = any(desk.receives_for) and desk.province = served.province)
    )
)
"""


async def _no_desks(connection: Connection, agency: str, desks: tuple[str, ...]) -> tuple[AgencyCode, ...]:
    """Those of the desks that have not the right, in the directory, to receive for this agency."""
    rows = await connection.fetch(_NO_DESKS, agency, list(desks)) if desks else ()
    return tuple(row["desk"] for row in rows)


_PARTNERS: Final = f"""
select distinct on (n) part, other.agency
from unnest($2::text[], $3::text[]) with ordinality as wanted (part, kinds, n)
join agency as own on own.agency = $1
join agency as other on other.kind = any(string_to_array(kinds, ' ')) and other.agency <> own.agency
    and (other.province is not distinct from own.province or other.kind = '{AgencyKind.MINISTRY}')
order by n, other.province is distinct from own.province, other.agency
"""  # noqa: S608 -- a word of ours
"""Of each part the agency in the province that decides it, or else a ministry, which is one for all provinces."""


async def _partners(connection: Connection, agency: str, procedure: ProcedureRules | None) -> tuple[Partner, ...]:
    """Who decides the parts of a procedure that are not this agency's to decide."""
    parts = [] if procedure is None else [part for _, part in procedure.referred]
    if not parts:
        return ()
    kinds = [" ".join(part.kinds) for part in parts]
    rows = await connection.fetch(_PARTNERS, agency, [part.code for part in parts], kinds)
    return tuple(Partner(part=part, agency=other) for part, other in rows)


@lru_cache(KEPT)
def _read_rules(published: bytes) -> ProcedureRules:
    return ProcedureRules.model_validate_json(published)


def _accountable(procedure: ProcedureRules, leaders: Iterable[str]) -> Accountable:
    """The agency's own leaders who answer for what is approved by an order or by silence."""
    return Accountable(
        standing=next((leader for leader in leaders if leader in procedure.standing_officers), None),
        silent=next((leader for leader in leaders if leader in procedure.silent_officers), None),
    )
