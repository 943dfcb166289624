"""Questions of auditors: the events of a filing, without decryption, and unusual looks at filings."""

import json
from collections import Counter
from datetime import date, datetime
from typing import Final
from uuid import UUID

from rules.time.office_hours import open_at
from rules.time.working_time import local_day
from schemas.privacy import AccessReport, BusyDay, ByItself, NotTheirs, OutOfHours
from schemas.publishing.calendar import Calendar
from schemas.reading import LoggedEvent
from views.log import CALENDAR, Connection


async def events(connection: Connection, filing: UUID) -> list[LoggedEvent]:
    """Returns the public parts of the events of all streams of a filing, in the order of recording."""
    return [
        LoggedEvent.model_validate(dict(row) | {name: json.loads(row[name]) for name in ("body", "actor")})
        for row in await connection.fetch(_EVENTS, filing)
    ]


# Each stream in its own order, all streams in the order of time.
_EVENTS: Final = """
select stream, seq, event_id, kind, version, body, actor, via, command_id, occurred_at, recorded_at,
       sealed is not null as sealed, encode(hash, 'hex') as hash
from event where filing_id = $1 order by recorded_at, stream, seq
"""

TIMES, LEAST = 3, 10
"""The limits of a busy day: looks at `LEAST` filings or more, and at `TIMES` as many as on the officer's median day."""

MOST: Final = 500
"""Maximum number of rows in each list of a report."""


async def report(connection: Connection, since: datetime, agency: str | None = None) -> AccessReport:
    """Reports looks at filings since an instant; with `agency`, only looks by its officers or at its filings."""
    asked = (since, agency)
    whole = await connection.fetchrow(_WHOLE, *asked)
    busy = await connection.fetch(_BUSY, *asked, TIMES, LEAST, MOST)
    not_theirs = await connection.fetch(_NOT_THEIRS, *asked, MOST)
    by_itself = await connection.fetch(_BY_ITSELF, *asked, MOST)
    return AccessReport(
        since=since,
        agency=agency,
        **(dict(whole) if whole is not None else {}),
        busy_days=tuple(BusyDay.model_validate(dict(row)) for row in busy),
        out_of_hours=await _out_of_hours(connection, since, agency),
        not_theirs=tuple(NotTheirs.model_validate(dict(row)) for row in not_theirs),
        by_itself=tuple(ByItself.model_validate(dict(row)) for row in by_itself),
    )


async def _out_of_hours(connection: Connection, since: datetime, agency: str | None) -> tuple[OutOfHours, ...]:
    """Returns the number of looks outside office hours, by officer and day; none for agencies without a calendar."""
    rows = await connection.fetch(_MINUTES, since, agency)
    name = await connection.fetchval("select name from calendar where agency = '' order by published_at desc limit 1")
    bodies = {code: await connection.fetchval(CALENDAR, name, code) for code in {row["agency"] for row in rows}}
    calendars = {code: Calendar.model_validate_json(body) for code, body in bodies.items() if body is not None}
    found: Counter[tuple[str, str, date]] = Counter()
    for row in rows:
        calendar = calendars.get(row["agency"])
        if calendar is not None and not open_at(row["minute"], calendar):
            found[row["agency"], row["officer"], local_day(row["minute"])] += row["looks"]
    most = found.most_common(MOST)
    return tuple(OutOfHours(agency=code, officer=who, day=day, looks=looks) for (code, who, day), looks in most)


_LOOKED: Final = """
with looked as (
    select * from access where at >= $1 and ($2::text is null or coalesce(actor_agency, agency) = $2)
),
of_officers as (select *, actor_agency as its, subject as officer from looked where actor_agency is not null)
"""
_ONE: Final = "question not in ('tasks', 'filings')"
"""SQL: true for a look at a single filing; false for lists, since every officer looks at lists."""

_WHOLE: Final = f"{_LOOKED} select count(*) as looks, now() as as_of from looked"  # noqa: S608 -- the same
_BUSY: Final = f"""
{_LOOKED},
days as (
    select its, officer, cast(at at time zone 'Asia/Ho_Chi_Minh' as date) as day, count(distinct filing_id) as filings
    from of_officers where {_ONE} group by its, officer, day
),
medians as (
    select its, officer, percentile_cont(0.5) within group (order by filings) as median from days group by its, officer
)
select its as agency, officer, day, filings, median from days join medians using (its, officer)
where filings >= $4 and filings >= $3 * median order by filings desc, its, officer, day limit $5
"""  # noqa: S608 -- joined from parts of our own
_MINUTES: Final = f"""
{_LOOKED}
select its as agency, officer, date_trunc('minute', at) as minute, count(*) as looks
from of_officers group by its, officer, minute order by minute
"""  # noqa: S608 -- joined from parts of our own
_NOT_THEIRS: Final = f"""
{_LOOKED}
select its as agency, of_officers.officer, of_officers.role, of_officers.filing_id, filing.code, count(*) as looks,
    max(at) as last_at
from of_officers left join filing using (filing_id)
where {_ONE} and of_officers.role not in ('operator', 'auditor')
    and not exists (
        select from task where task.filing_id = of_officers.filing_id and task.agency = its
            and (task.officer = of_officers.officer or task.acting_for = of_officers.officer
                or (task.officer is null and task.role = of_officers.role))
    )
    and not exists (
        select from event where event.filing_id = of_officers.filing_id
            and convert_from(event.actor, 'UTF8')::jsonb ->> 'subject' = of_officers.officer
    )
group by its, of_officers.officer, of_officers.role, of_officers.filing_id, filing.code
order by looks desc, its, of_officers.officer, of_officers.filing_id limit $3
"""  # noqa: S608 -- joined from parts of our own
_BY_ITSELF: Final = f"""
{_LOOKED}
select principal, count(*) as looks, count(distinct filing_id) as filings, max(at) as last_at
from looked where role is null group by principal order by looks desc, principal limit $3
"""  # noqa: S608 -- joined from parts of our own
