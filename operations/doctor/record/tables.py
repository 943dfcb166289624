"""The checks of PostgreSQL: its answer, the application's rights, the state of the record and of published tables."""

import asyncio
import contextlib
import time
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Final

import asyncpg

from activities.keys.master_key import KeysUnavailableError
from activities.keys.masters import MASTER_KEY, WITH_MASTER_KEY, master_keys
from activities.ledger.stream_status import COUNT_ON_ANOTHER, IN_FORCE
from console.comparing import listed
from console.database import APPLICATION, OWNER
from operations.doctor.check import Finding, Surroundings, fail, ok, warn
from operations.doctor.engine import machine
from operations.key_rotation import WRAPPED_BY
from operations.rebuilding import read_models as models_of
from operations.schema_version import schema_version
from publishing.authoring.calendars import file_of
from publishing.calendars.calendar_changes import undecided
from publishing.record.folding import compare
from rules.stream_kind import Kinds
from rules.streams import KINDS
from rules.time.time_words import day_in_words
from rules.time.working_time import VIETNAM
from schemas.base import Text
from schemas.publishing.calendar import Calendar, CalendarFile
from schemas.translate import joined, said
from views.log import DATABASE_ERRORS
from views.order import NEWEST
from views.standby import WaitCutError, confirmed, waits_uncut
from workers.database_hosts import is_here

OLDEST: Final = 160000
"""PostgreSQL 16, the oldest tested version."""

TABLES: Final = (
    *("event", "receipt", "filing_key", "index_key", "callback", "stream", "counter", "outbox", "agency"),
    *("officer", "absence", "procedure", "calendar", "position", "unpositioned", "sequencer"),
)
MODELS: Final = tuple(models_of(KINDS))

# A superuser may do everything, and so may a table's owner: neither is a role for the application.
FORBIDDEN: Final = """
select rolsuper as superuser,
       (select pg_has_role(current_user, tableowner::name, 'member') from pg_tables
         where schemaname = 'public' and tablename = 'event') as owner,
       array(select 'update' where has_any_column_privilege('event', 'update')
             union all select what from unnest(array['delete', 'truncate']) as what
              where has_table_privilege('event', what)) as may
from pg_roles where rolname = current_user
"""
LACKING: Final = """
select name from unnest($1::text[]) as name
where not has_table_privilege(name, 'select') or (name = any($2) and not has_table_privilege(name, 'insert'))
"""
UNGUARDED: Final = (
    *("agency", "officer", "procedure", "calendar", "principal", "principal_key", "principal_version", "index_key"),
    "codec_key",
    *("question_statement", "received", "signed_out", "clock_off", "schema_migrations"),
)
"""The tables without rows of filings, which the door's role may use without row security."""
OPEN: Final = """
select relname::text as name from pg_class as t, pg_roles as door
where rolname = 'motcua_gateway' and relnamespace = 'public'::regnamespace and relkind in ('r', 'p', 'v', 'm', 'f')
    and (has_any_column_privilege(door.oid, t.oid, 'select, insert, update')
        or has_table_privilege(door.oid, t.oid, 'delete'))
    and relname <> all($1)
    and not (relrowsecurity and relforcerowsecurity and exists (
        select from pg_policy
        where polrelid = t.oid and not polpermissive and polcmd = '*' and polroles = array[door.oid]
    ))
order by 1
"""
"""SQL: the tables in which the door's role may use rows of all filings, not only those of the reader that it sets."""
WITHOUT_READERS: Final = """
select 'filing:' || filing_id as stream from filing
where erased_at is null and not exists (
    select from reader where reader.filing_id = filing.filing_id and starts_with(reader, 'applicant:')
) limit 1000
"""
_NOWHERE: Final = """
select s.stream from stream s
where s.head_seq > 0 and s.filing_id is not null and not starts_with(s.stream, 'restarts:')
    and not exists (select from standing t where t.stream = s.stream)
"""
_BEHIND: Final = """
select s.stream from stream s left join {table} t on {same}
where starts_with(s.stream, '{kind}') and s.head_seq > 0 and s.head_seq is distinct from t.seq
"""


def behind_query(kinds: Kinds) -> str:
    """Returns the SQL query for streams whose read model lacks the last event of the log."""
    of_kinds = (
        _BEHIND.format(table=table.name, same=f"t.{table.key} = s.{table.key}", kind=f"{kind}:")
        for kind, table in kinds.tables.items()
    )
    return f"{'union'.join((_NOWHERE, *of_kinds))} limit 1000"


SPILL: Final = """
select max(place) from (select row_number() over (order by md5(n::text)) as place from generate_series(1, 30000) n) s
"""
"""SQL that sorts more than fits into memory, so that a megabyte or two go to a temporary file beside the data."""

SUPERUSER: Final = "MOTCUA_SUPERUSER_DATABASE_URL"

LATEST: Final = f"""
select recorded_at - occurred_at as later from ({NEWEST.format(most=50)}) last join event using (stream, seq)
where filing_id is not null
"""  # noqa: S608 -- joined from statements of our own

APART: Final = timedelta(seconds=2)
"""The largest harmless difference of clocks. A larger difference makes deadlines expire early or late."""
LONG: Final = timedelta(minutes=1)


async def postgres(around: Surroundings) -> list[Finding]:
    """Checks that PostgreSQL answers, and reports its version and size."""
    try:
        async with around.record() as connection:
            number = int(await connection.fetchval("show server_version_num"))
            version = str(await connection.fetchval("show server_version"))
            size = str(await connection.fetchval("select pg_size_pretty(pg_database_size(current_database()))"))
    except (OSError, TimeoutError, ValueError, *DATABASE_ERRORS) as error:
        return [fail("doctor.postgres.down", why=type(error).__name__)]
    around.database = True
    told = f"PostgreSQL {version}, {size}"
    return [warn("as_is", fix="doctor.postgres.upgrade", value=told) if number < OLDEST else ok("as_is", value=told)]


async def standby(around: Surroundings) -> list[Finding]:
    """Checks that a standby has each receipt before the receipt is given, if `MOTCUA_STANDBY` is true."""
    async with around.record() as connection:
        awaited = await connection.fetchval("select current_setting('synchronous_standby_names') <> ''")
        if not awaited:
            wanted = around.settings.get("MOTCUA_STANDBY") == "true"
            return [fail("doctor.standby.not_awaited") if wanted else ok("doctor.standby.alone")]
        try:
            async with waits_uncut(connection):
                await confirmed(connection)
        except (TimeoutError, WaitCutError):
            return [fail("doctor.standby.away")]
    return [ok("doctor.standby.has_it")]


async def disk(around: Surroundings) -> list[Finding]:
    """Checks that the server can write to its disk; if it runs on this machine, also checks the free space."""
    try:
        async with around.record() as connection:
            await connection.execute("set work_mem = '64kB'")
            await connection.fetchval(SPILL)
    except asyncpg.DiskFullError:
        return [fail("doctor.postgres_disk.full")]
    writes = ok("doctor.postgres_disk.writes")
    place = await _data_directory(around)
    with contextlib.suppress(OSError):
        if place is not None:
            return [writes, await asyncio.to_thread(machine.room, place)]
    return [writes]


async def _data_directory(around: Surroundings) -> Path | None:
    """Returns the server's data folder; None for a server on another machine, or if no configured role may read it."""
    if not is_here(around.settings[APPLICATION]):
        return None
    for variable in (APPLICATION, OWNER, SUPERUSER):
        if variable in around.settings:
            with contextlib.suppress(*DATABASE_ERRORS, OSError):
                async with around.record(variable) as connection:
                    return Path(str(await connection.fetchval("select current_setting('data_directory')")))
    return None


async def role(around: Surroundings) -> list[Finding]:
    """Checks that the application has all rights that it needs, and can't change recorded events.

    Also checks that row-level security keeps the door from the filings of others.
    """
    async with around.record() as connection:
        open_tables = await connection.fetch(OPEN, UNGUARDED)
        rights = await connection.fetchrow(FORBIDDEN)
        lacking = await connection.fetch(LACKING, [*TABLES, *MODELS], [*TABLES[:8], *MODELS])
        name = str(await connection.fetchval("select current_user"))
    if rights is None or rights["superuser"] or rights["owner"] or rights["may"]:
        what = ", ".join(rights["may"] if rights else ())
        return [fail("doctor.role.may_change", role=name, may=what)]
    if open_tables:
        return [fail("doctor.role.open", names=", ".join(row["name"] for row in open_tables))]
    if lacking:
        return [fail("doctor.role.lacking", role=name, names=", ".join(row["name"] for row in lacking))]
    return [ok("doctor.role.well", role=name)]


async def migrations(around: Surroundings) -> list[Finding]:
    """Checks that the tables have the schema of this version."""
    async with around.record() as connection:
        version = await schema_version(connection)
    found = []
    if version.pending:
        found.append(fail("doctor.migrations.pending", names=", ".join(version.pending)))
    if version.unknown:
        found.append(warn("doctor.migrations.unknown", names=", ".join(version.unknown)))
    return found or [ok("doctor.migrations.well", newest=version.newest)]


async def master_key(around: Surroundings) -> list[Finding]:
    """Checks that the settings have the master keys that wrap the record's keys; reports an unfinished rotation."""
    try:
        masters = master_keys(*(around.settings.get(name, "") for name in (MASTER_KEY, *WITH_MASTER_KEY)))
    except ValueError:
        return [fail("doctor.master_key.another")]
    try:
        async with around.record() as connection:
            wrapped_by = {row["by"]: row["count"] for row in await connection.fetch(WRAPPED_BY)}
        now = await masters.current.version()
    except KeysUnavailableError as error:
        return [fail("doctor.master_key.unavailable", why=error)]
    if not all(map(masters.know, wrapped_by)):
        return [fail("doctor.master_key.another")]
    if waiting := sum(count for by, count in wrapped_by.items() if by != now):
        return [warn("doctor.master_key.rotating", waiting=waiting)]
    return [ok("doctor.master_key.well")]


async def read_models(around: Surroundings) -> list[Finding]:
    """Checks that every read model is up to date with its stream, and that each filing has its readers."""
    async with around.record() as connection:
        behind = await connection.fetch(behind_query(KINDS))
        unread = await connection.fetch(WITHOUT_READERS)
    if behind:
        return [fail("doctor.read_models.behind", count=len(behind), stream=behind[0]["stream"])]
    if unread:
        return [fail("doctor.read_models.unread", count=len(unread), stream=unread[0]["stream"])]
    return [ok("doctor.read_models.level")]


async def clock(around: Surroundings) -> list[Finding]:
    """Compares the clocks of this machine, PostgreSQL and Temporal.

    Temporal has no call for its time. But each event has the time of its occurrence by Temporal's clock, and the time
    of its recording, a few milliseconds later, by PostgreSQL's clock.
    """
    async with around.record() as connection:
        asked, began = datetime.now(UTC), time.monotonic()
        told = await connection.fetchval("select clock_timestamp()")
        half = timedelta(seconds=(time.monotonic() - began) / 2)
        later = min((row["later"] for row in await connection.fetch(LATEST)), default=None)
    found = [_difference(said("doctor.clocks.here"), told - asked - half, APART)]
    if later is not None:
        found.append(_difference("PostgreSQL – Temporal", later, APART if later < timedelta() else LONG))
    return found


def _difference(which: Text | str, difference: timedelta, allowed: timedelta) -> Finding:
    report = ok if abs(difference) <= allowed else warn
    return report("doctor.clocks.apart", which=which, seconds=difference.total_seconds())


async def publications(around: Surroundings) -> list[Finding]:
    """Reports rows of the catalogue and directory that no publishing command has written. Names are not compared."""
    async with around.record() as connection:
        found = await compare(connection, None)
    if not found.taken_over:
        return [warn("doctor.publications.before")]
    if not found.differences:
        return [ok("doctor.publications.well")]
    return [fail("doctor.publications.changed", count=len(found.differences), first=listed(found.differences))]


_CALENDAR: Final = "select body, source from calendar where agency = '' order by published_at desc limit 1"
ENDS_SOON: Final = 60
"""A calendar that ends within this number of days is reported: time to write and check its successor."""


async def calendar(around: Surroundings) -> list[Finding]:
    """Checks whether a calendar is in force, for how long, and whether every open filing uses it."""
    async with around.record() as connection:
        row = await connection.fetchrow(_CALENDAR)
        name = await connection.fetchval(IN_FORCE)
        behind = sum([await connection.fetchval(COUNT_ON_ANOTHER, name, kind) for kind in KINDS]) if name else 0
    if row is None:
        return [fail("doctor.calendar.none")]
    in_force, today = Calendar.model_validate_json(row["body"]), datetime.now(VIETNAM).date()
    wrong = [warn("doctor.calendar.behind", behind=behind, calendar=in_force.name)] if behind else []
    wrong += ending(in_force, today)
    wrong += () if row["source"] is None else overdue(file_of(row["source"]), today)
    days = {"first": in_force.valid_from, "last": in_force.valid_until}
    return wrong or [ok("command.calendar.from_until", calendar=in_force.name, **days)]


def overdue(file: CalendarFile, today: date) -> Iterator[Finding]:
    """Yields a finding if proposed days of the calendar have come without a decision, as of `today`."""
    if days := undecided(file, today):
        yield fail("doctor.calendar.undecided", calendar=file.name, days=joined(map(day_in_words, days)))


def ending(in_force: Calendar, today: date) -> Iterator[Finding]:
    """Yields a finding if the calendar ends soon or has ended, as of `today`."""
    last = in_force.valid_until
    left = (last - today).days
    if left < 0:
        yield fail(
            "doctor.calendar.ended", fix="doctor.calendar.write_next", calendar=in_force.name, last=last, ago=-left
        )
    elif left <= ENDS_SOON:
        yield warn(
            "doctor.calendar.ending", fix="doctor.calendar.write_next", calendar=in_force.name, last=last, left=left
        )
