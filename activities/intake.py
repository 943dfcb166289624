"""Activities that read the record for a workflow: the data with which its stream begins, later events, calendars."""

import json
from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from functools import lru_cache
from typing import Any, Final, NamedTuple
from uuid import UUID

from pydantic import Field
from temporalio import activity
from temporalio.exceptions import ApplicationError

from activities.ledger.authority.budgets import Work
from activities.ledger.authority.principals import Guard, turned_away, verified_sender
from activities.ledger.database import Connection, Pool, acquired
from activities.ledger.stream_status import HAS_IT_NOW, IN_FORCE, KEPT, is_closed, read_calendar
from rules.streams import KINDS
from schemas.base import AgencyCode, Code, CommuneCode, Instant, Model, Text
from schemas.errors import Refusal, RefusalError
from schemas.filing.commands import Destination
from schemas.filing.events import Accountable, Digests, Partner
from schemas.identity.statement import Spoken
from schemas.ids import StreamId
from schemas.people import Role
from schemas.publishing.calendar import Calendar, CalendarName
from schemas.publishing.fact import AgencyKind, AgencyName
from schemas.publishing.procedure import Term
from schemas.publishing.procedure_rules import ProcedureRules
from schemas.publishing.province import Province
from views.log import CALENDAR, digest
from views.public import COVERING_FIRST, COVERS


class OpenRequest(Model):
    """Asks for the data with which a stream begins.

    Without a `version` here or in the log, the stream gets the procedure's version in force on the `day`. `desks` are
    other agencies that are to receive the filing, or to hand its result out. `communes` are the communes in a new
    filing's form, by the form's field. `spoken` is the stream's first message, by which the sender is verified.
    """

    stream: str
    code: str | None = None
    version: str | None = None
    agency: str | None = None
    day: date | None = None
    desks: tuple[str, ...] = ()
    communes: dict[Code, CommuneCode] = Field(default_factory=dict)
    spoken: Spoken | None = None


class CalendarRequest(Model):
    """Asks for a published calendar in the form that applies to this agency."""

    name: CalendarName
    agency: str


class DestinationRequest(Model):
    """Asks about the agency `to`, to which `agency` passes a filing on.

    The filing is for this `version` of the procedure `code`; `desks` are the other agencies that serve the filing,
    `communes` the communes in its form, by the form's field. `silence`: whether it is approved if not decided in time.
    """

    to: AgencyCode
    agency: AgencyCode
    code: str
    version: str
    desks: tuple[AgencyCode, ...] = ()
    communes: dict[Code, CommuneCode] = Field(default_factory=dict)
    silence: bool = False


class OpenResult(Model):
    """The procedure, the calendar, the agency and its queue; None for each that does not exist.

    `agency` is the agency with which a stream began; queue and `signs` are of the present agency. `closed_for`
    is the successor of the agency of a new stream, if that agency is closed. `digests` are the digests of procedure and
    calendar. `accountable` are the leaders accountable for approvals, by the directory; empty for a stream that has
    begun, since its log names the leaders. `elsewhere` are the agencies that may decide the procedure, nearest first;
    None if this agency may. `no_desks` are the requested desks that may not receive filings for the agency. `partners`
    are the agencies that decide parts of the procedure. `not_in_force` is the validity of a version that is not in
    force on the day; `only_in` is the only province that has the procedure, if the agency is in another province.
    `signs`: whether the agency's officers sign its results. `filed_by` is the program that hands the filing in.
    `received_at` is the moment at which the door received this submission, if it had to keep it. If the sender is
    refused, only `refusal` is set.
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
    not_in_force: Term | None = None
    only_in: Province | None = None
    closed_for: AgencyCode | None = None
    signs: bool = False
    filed_by: str | None = None
    received_at: Instant | None = None
    refusal: Refusal | None = None


class News(Model):
    """An event of another stream of the filing, such as the `n`-th payment: its `kind` and public fields (`body`)."""

    n: int
    kind: str
    body: dict[str, Any]


class Registry:
    """Reads the catalogue, the agencies and the status of streams."""

    def __init__(self, pool: Pool, guard: Guard | None = None) -> None:
        self._pool = pool
        self._guard = guard

    @activity.defn(name="intake.open")
    async def open(self, request: OpenRequest) -> OpenResult:
        """Returns a stream's agency, procedure and calendar: for a new stream, those with which it would begin now.

        Raises `no_calendar`, which is retried until one is published, and the retried errors of `verified_sender`.
        """
        if (refusal := turned_away(self._guard, request.spoken, Work.SUBMISSION)) is not None:
            return OpenResult(refusal=refusal)
        content = None if request.spoken is None else request.spoken.message.content
        asked = (request.stream, request.code, request.version, request.agency, Role.LEADER, request.day, content)
        async with acquired(self._pool) as connection:
            [found] = await connection.fetch(_OPEN, *asked)
            here = Here(*found[:3])
            queue, rules, valid, start, end, calendar, leaders, owner, closed_for, signs, filed_by, received = found[3:]
            try:
                speaker = verified_sender(self._guard, request.spoken, filed_by=filed_by, known=filed_by is not None)
            except RefusalError as error:
                return OpenResult(refusal=error.refusal)
            filed_by = filed_by or speaker
            procedure = None if rules is None else _read_rules(rules)
            elsewhere = await deciding(connection, here, procedure, request.communes)
            strange = await no_desks(connection, here.agency, request.desks)
            decided = await partners(connection, here.agency, procedure)
        if calendar is None:
            raise ApplicationError("publish a calendar: motcua calendar publish", type="no_calendar")
        days = read_calendar(calendar)
        if procedure is None:
            return OpenResult(calendar=days, agency=here.agency, queue=queue, filed_by=filed_by)
        return OpenResult(
            procedure=procedure,
            calendar=days,
            agency=here.agency,
            queue=queue,
            digests=Digests(rules=digest(rules), calendar=digest(calendar)),
            accountable=_accountable(procedure, leaders),
            elsewhere=elsewhere,
            no_desks=strange,
            partners=decided,
            not_in_force=Term(valid_from=start, valid_until=end) if valid is False else None,
            only_in=None if owner is None else Province.model_validate_json(owner),
            closed_for=closed_for,
            signs=signs,
            filed_by=filed_by,
            received_at=received,
        )

    @activity.defn(name="intake.destination")
    async def destination(self, request: DestinationRequest) -> Destination:
        """Returns the facts of the directory about an agency to which a filing is to be passed on."""
        asked = (request.to, request.agency, request.code, request.version, Role.LEADER)
        async with acquired(self._pool) as connection:
            [found] = await connection.fetch(_DESTINATION, *asked)
            known, kind, territory, closed_for, heir, rules, leaders, owner, signs = found
            procedure = None if rules is None else _read_rules(rules)
            there = Here(request.to, kind, territory)
            return Destination(
                known=known,
                led=bool(leaders),
                closed_for=closed_for,
                heir=heir,
                elsewhere=await deciding(connection, there, procedure, request.communes),
                only_in=None if owner is None else Province.model_validate_json(owner),
                no_desks=await no_desks(connection, request.to, request.desks),
                partners=await partners(connection, request.to, procedure),
                accountable=_accountable_there(procedure, leaders, silence=request.silence),
                signs=signs,
            )

    @activity.defn(name="intake.calendar")
    async def calendar(self, request: CalendarRequest) -> Calendar | None:
        """Returns the requested calendar; None if another calendar is in force, or if this one does not exist."""
        async with acquired(self._pool) as connection:
            in_force = await connection.fetchval(IN_FORCE) == request.name
            found = await connection.fetchval(CALENDAR, request.name, request.agency) if in_force else None
        return None if found is None else read_calendar(found)

    @activity.defn(name="intake.news")
    async def news(self, filing: UUID) -> list[News]:
        """Returns the recorded events by which the filing's other streams report to the filing, oldest first."""
        told = [event for telling in KINDS.tells for event in telling.recorded]
        async with acquired(self._pool) as connection:
            rows = await connection.fetch(_NEWS, filing, told)
        return [News(n=StreamId.parse(stream).n, kind=kind, body=json.loads(body)) for stream, kind, body in rows]

    @activity.defn(name="intake.closed")
    async def closed(self, stream: str) -> bool:
        """Returns whether this stream has ended, according to the record."""
        async with acquired(self._pool) as connection:
            return await is_closed(connection, stream)


_NEWS: Final = """
select stream, kind, body from event where filing_id = $1 and kind = any($2) order by recorded_at, stream, seq
"""

_OPEN_NOW: Final = "((closed ->> 'day')::date <= (now() at time zone 'Asia/Ho_Chi_Minh')::date) is not true"
"""SQL: true unless an agency of the directory is closed today. `heir_of` returns a closed agency's successor."""

_OPEN: Final = f"""
with asked as (
    select coalesce(told ->> 'procedure', $2) as code, coalesce(told ->> 'version', $3) as version,
        coalesce(whose, $4) as agency, told ->> 'calendar' as calendar, told is not null as begun, by
    from (select) as asked left join (
        select convert_from(body, 'UTF8')::jsonb as told, agency as whose, split_part(via, '/', 1) as by
        from event where stream = $1 and seq = 1
    ) as begun on true
), named as (
    select asked.*, queue, case when not begun then kind end as kind, province,
        case when not begun then territory end as territory,
        case when not begun then heir_of(office.agency) end as closed_for, coalesce(signing <> '[]', false) as signs
    from asked left join agency as office
        on office.agency = case when begun then ({HAS_IT_NOW.format(stream="$1")}) else asked.agency end
)
select named.agency, named.kind, named.territory, named.queue, coalesce(here.rules, nationwide.rules),
    nationwide.in_force, nationwide.valid_from, nationwide.valid_until, (
    select body from calendar
    where (named.calendar is null or calendar.name = named.calendar)
        and (calendar.agency in ('', named.agency) or starts_with(named.agency, calendar.agency || '.'))
    order by published_at desc, length(calendar.agency) desc limit 1
), array(
    select subject from officer
    where officer.agency = named.agency and role = $5 and active and not begun order by subject
), (
    select json_build_object('province', province, 'name', json_build_object('vi', name_vi, 'en', name_en))
    from province_in_force as owner
    where named.code = any(owner.own) and owner.province is distinct from named.province and not begun
), closed_for, signs, by, (
    select received_at from received where received.stream = $1 and content = $7 and not begun
) from named left join lateral (
    select version, rules, begun or {COVERS.format(day="$6")} as in_force, valid_from, valid_until from procedure
    where procedure.code = named.code and case
        when begun then procedure.version = named.version
        when named.version is null then procedure.province is null and not demo
        else procedure.province is null and procedure.version in (named.version, (
            select base from procedure as composed
            where composed.code = named.code and composed.version = named.version and composed.province = named.province
        ))
    end
    order by {COVERING_FIRST.format(day="$6")} limit 1
) as nationwide on true left join province_in_force as its on not begun and its.province = named.province
left join procedure as here
    on here.code = named.code and here.version = concat_ws('.', nationwide.version, its.province, its.version)
"""  # noqa: S608 -- SQL of our own
"""SQL: the procedure and calendar of a stream: those in its log, or for a new stream those valid in its province."""


@lru_cache(KEPT)
def _read_rules(published: bytes) -> ProcedureRules:
    return ProcedureRules.model_validate_json(published)


def _accountable(procedure: ProcedureRules, leaders: Iterable[str]) -> Accountable:
    """Returns the leaders accountable for approvals: one for approvals by standing order, one for those by silence."""
    return Accountable(
        standing=next((leader for leader in leaders if leader in procedure.standing_officers), None),
        silent=next((leader for leader in leaders if leader in procedure.silent_officers), None),
    )


def _accountable_there(procedure: ProcedureRules | None, leaders: Sequence[str], *, silence: bool) -> Accountable:
    """Returns the leaders accountable for approvals in the agency to which a filing is passed on.

    If the filing is approved by `silence` and the procedure names none of the leaders, the first one is accountable.
    """
    if procedure is None:
        return Accountable()
    named = _accountable(procedure, leaders)
    first = next(iter(leaders), None)
    return named.model_copy(update={"silent": first}) if silence and named.silent is None else named


class Here(NamedTuple):
    """The agency of a new filing; its kind and its territory are None if the directory lacks them."""

    agency: str
    kind: str | None
    territory: list[CommuneCode] | None


_DESTINATION: Final = """
select there.agency is not null, there.kind, there.territory, heir_of(there.agency), heir_of($2), (
    select rules from procedure where code = $3 and version = $4
), array(
    select subject from officer where officer.agency = there.agency and role = $5 and active order by subject
), (
    select json_build_object('province', province, 'name', json_build_object('vi', name_vi, 'en', name_en))
    from province_in_force as owner where $3 = any(owner.own) and owner.province is distinct from there.province
), coalesce(there.signing <> '[]', false)
from (select) as asked left join agency as there on there.agency = $1
"""

_DECIDING: Final = f"""
select agency, name_vi as vi, name_en as en, phone from agency
where kind = any($1) and ($3::text[] = '{{}}' or territory && $3) and {_OPEN_NOW}
order by province is distinct from (select province from agency where agency = $2), agency limit 5
"""  # noqa: S608 -- SQL of our own


async def deciding(
    connection: Connection, here: Here, procedure: ProcedureRules | None, communes: Mapping[str, CommuneCode]
) -> tuple[AgencyName, ...] | None:
    """Returns the agencies that decide the procedure, nearest first; None if `here` decides it, or has no known kind.

    A procedure decided by place is decided by the agencies whose territory has one of the form's `communes`. If the
    directory lists no such agency, an agency of a suitable kind without a territory decides.
    """
    if here.kind is None or procedure is None or not procedure.decided_by:
        return None
    places = list(filter(None, map(communes.get, procedure.place)))
    right = here.kind in procedure.decided_by
    if right and _is_of(here, places):
        return None
    rows = await connection.fetch(_DECIDING, list(procedure.decided_by), here.agency, places)
    return None if right and not (rows or here.territory) else tuple(map(_name_of, rows))


def _is_of(here: Here, places: Sequence[CommuneCode]) -> bool:
    """Returns whether one of the places is in the agency's territory; True if there are no places."""
    return not places or not set(places).isdisjoint(here.territory or ())


def _name_of(row: Any) -> AgencyName:
    return AgencyName(agency=row["agency"], name=Text(vi=row["vi"], en=row["en"]), phone=row["phone"])


_NO_DESKS: Final = """
select named.desk from unnest($2::text[]) as named (desk) where named.desk <> $1 and not exists (
    select from agency as desk join agency as served on served.agency = $1
    where desk.agency = named.desk and (
        served.agency = any(desk.receives_for) or ('*' = any(desk.receives_for) and desk.province = served.province)
    )
)
"""


async def no_desks(connection: Connection, agency: str, desks: tuple[str, ...]) -> tuple[AgencyCode, ...]:
    """Returns the `desks` that, according to the directory, may not receive filings for this agency."""
    rows = await connection.fetch(_NO_DESKS, agency, list(desks)) if desks else ()
    return tuple(row["desk"] for row in rows)


_PARTNERS: Final = f"""
select distinct on (n) part, other.agency
from unnest($2::text[], $3::text[]) with ordinality as wanted (part, kinds, n)
join agency as own on own.agency = $1
join (select * from agency where {_OPEN_NOW}) as other
    on other.kind = any(string_to_array(kinds, ' ')) and other.agency <> own.agency
    and (other.province is not distinct from own.province or other.kind = '{AgencyKind.MINISTRY}')
order by n, other.province is distinct from own.province, other.agency
"""  # noqa: S608 -- SQL and an enum value of our own
"""SQL: for each referred part, the agency that decides it: one in the same province, or else a ministry."""


async def partners(connection: Connection, agency: str, procedure: ProcedureRules | None) -> tuple[Partner, ...]:
    """Returns the agencies that decide the referred parts of a procedure."""
    parts = [] if procedure is None else [part for _, part in procedure.referred]
    if not parts:
        return ()
    kinds = [" ".join(part.kinds) for part in parts]
    rows = await connection.fetch(_PARTNERS, agency, [part.code for part in parts], kinds)
    return tuple(Partner(part=part, agency=other) for part, other in rows)
