"""PostgreSQL: whether it answers, what the application may do, and whether the record is as it should be."""

from __future__ import annotations

import asyncio
import contextlib
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

import asyncpg

from activities.keys.manager import KeysUnavailableError
from activities.keys.masters import MASTER_KEY, WITH_MASTER_KEY, master_keys
from operations.addresses import APPLICATION, OWNER
from operations.doctor import machine
from operations.doctor.finding import Finding, fail, ok, warn
from operations.doctor.surroundings import Surroundings
from operations.rotation import WRAPPED_BY
from operations.schema_version import schema_version
from operations.shadow import read_models as models_of
from rules.stream_kind import Kinds
from rules.streams import KINDS
from views.log import DATABASE_ERRORS
from views.order import NEWEST

OLDEST: Final = 160000
"""PostgreSQL 16, the oldest that is tried."""

TABLES: Final = (
    "event",
    "receipt",
    "filing_key",
    "index_key",
    "inbox",
    "callback",
    "stream",
    "counter",
    "outbox",
    "agency",
    "officer",
    "absence",
    "procedure",
    "calendar",
    "position",
    "unpositioned",
    "sequencer",
)
MODELS: Final = tuple(models_of(KINDS))

# A superuser may do all, and so may who owns a table: neither is a role for the application.
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
    """The streams of which a read model does not tell what the log does."""
    parts = [_NOWHERE]
    for kind, table in kinds.tables.items():
        parts.append(_BEHIND.format(table=table.name, same=f"t.{table.key} = s.{table.key}", kind=f"{kind}:"))
    return f"{'union'.join(parts)} limit 1000"


SPILL: Final = """
select max(place) from (select row_number() over (order by md5(n::text)) as place from generate_series(1, 30000) n) s
"""
"""Sorts more than it may keep in memory: a megabyte or two are written beside the data, and gone with the answer."""

SUPERUSER: Final = "MOTCUA_SUPERUSER_DATABASE_URL"
HERE: Final = (None, "localhost", "127.0.0.1", "::1")

LATEST: Final = f"""
select recorded_at - occurred_at as later from ({NEWEST.format(most=50)}) last join event using (stream, seq)
where filing_id is not null
"""  # noqa: S608 -- joined from statements of our own

APART: Final = timedelta(seconds=2)
"""Clocks that differ by more make deadlines ring early or late."""
LONG: Final = timedelta(minutes=1)


async def postgres(around: Surroundings) -> list[Finding]:
    """Whether it answers, and which it is."""
    try:
        async with around.record() as connection:
            number = int(await connection.fetchval("show server_version_num"))
            version = str(await connection.fetchval("show server_version"))
            size = str(await connection.fetchval("select pg_size_pretty(pg_database_size(current_database()))"))
    except (OSError, TimeoutError, ValueError, *DATABASE_ERRORS) as error:
        name = type(error).__name__
        return [
            fail(
                f"không trả lời hoặc từ chối: {name}",
                f"did not answer or refused: {name}",
                fix_vi=f"kiểm tra máy chủ, địa chỉ, vai trò và mật khẩu trong {APPLICATION}",
                fix_en=f"check the server, and the address, role and password in {APPLICATION}",
            )
        ]
    around.database = True
    words = f"PostgreSQL {version}, {size}"
    if number < OLDEST:
        return [warn(words, words, fix_vi="nâng lên 16 trở lên", fix_en="16 or later is what it is tried with")]
    return [ok(words, words)]


async def disk(around: Surroundings) -> list[Finding]:
    """Whether the server can write, and how much room its data has, if they are on this machine."""
    try:
        async with around.record() as connection:
            await connection.execute("set work_mem = '64kB'")
            await connection.fetchval(SPILL)
    except asyncpg.DiskFullError:
        return [
            fail(
                "đĩa của PostgreSQL đã đầy, không ghi được gì",
                "the disk of PostgreSQL is full: nothing can be written",
                fix_vi="giải phóng hoặc thêm đĩa; công việc tự chạy tiếp, không mất gì",
                fix_en="free some, or add a disk; work goes on by itself, nothing is lost",
            )
        ]
    writes = ok("ghi được", "writes")
    place = await _data_directory(around)
    if place is None:
        return [writes]
    try:
        return [writes, await asyncio.to_thread(machine.room, place)]
    except OSError:
        return [writes]


async def _data_directory(around: Surroundings) -> Path | None:
    """Where the data of a server on this machine are, if one of the roles that are set may know."""
    if urlsplit(around.settings[APPLICATION]).hostname not in HERE:
        return None
    for variable in (APPLICATION, OWNER, SUPERUSER):
        if variable in around.settings:
            with contextlib.suppress(*DATABASE_ERRORS, OSError):
                async with around.record(variable) as connection:
                    return Path(str(await connection.fetchval("select current_setting('data_directory')")))
    return None


async def role(around: Surroundings) -> list[Finding]:
    """Whether the application may do what it must, and can't change what was recorded."""
    async with around.record() as connection:
        rights = await connection.fetchrow(FORBIDDEN)
        lacking = await connection.fetch(LACKING, [*TABLES, *MODELS], [*TABLES[:8], *MODELS])
        name = str(await connection.fetchval("select current_user"))
    if rights is None or rights["superuser"] or rights["owner"] or rights["may"]:
        what = ", ".join(rights["may"] if rights else ())
        return [
            fail(
                f"vai trò {name} có thể sửa nhật ký: {what}",
                f"the role {name} may change the event log: {what}",
                fix_vi=f"dùng vai trò motcua_app trong {APPLICATION}; thu hồi quyền thừa",
                fix_en=f"use the role motcua_app in {APPLICATION}, and revoke what it has too much",
            )
        ]
    if lacking:
        names = ", ".join(row["name"] for row in lacking)
        return [
            fail(
                f"vai trò {name} thiếu quyền với {names}",
                f"the role {name} lacks rights on {names}",
                fix_vi="ứng dụng dùng vai trò motcua_app; các lược đồ cấp quyền: `motcua migrate`",
                fix_en="the application's role is motcua_app, which the migrations grant: `motcua migrate`",
            )
        ]
    return [ok(f"{name}: chỉ thêm, không sửa được nhật ký", f"{name}: may add to the event log, not change it")]


async def migrations(around: Surroundings) -> list[Finding]:
    """Whether the tables are those that this version was written for."""
    async with around.record() as connection:
        version = await schema_version(connection)
    found = []
    if version.pending:
        names = ", ".join(version.pending)
        found.append(
            fail(
                f"chưa chạy: {names}",
                f"pending: {names}",
                fix_vi="`motcua migrate`",
                fix_en="`motcua migrate`, then the workers",
            )
        )
    if version.unknown:
        names = ", ".join(version.unknown)
        found.append(
            warn(
                f"cơ sở dữ liệu mới hơn: {names}",
                f"the database is of a later version: {names}",
                fix_vi="nâng cấp các tiến trình ở máy này",
                fix_en="upgrade the processes of this machine",
            )
        )
    return found or [ok(f"đủ, mới nhất {version.newest}", f"all applied, the last is {version.newest}")]


async def master_key(around: Surroundings) -> list[Finding]:
    """Whether the keys of the record open, and whether a change of the master key is under way."""
    try:
        masters = master_keys(*(around.settings.get(name, "") for name in (MASTER_KEY, *WITH_MASTER_KEY)))
    except ValueError:
        return [_NOT_THE_KEY]
    try:
        async with around.record() as connection:
            wrapped_by = {row["by"]: row["count"] for row in await connection.fetch(WRAPPED_BY)}
        now = await masters.current.version()
    except KeysUnavailableError as error:
        return [
            fail(
                f"không hỏi được nơi giữ khóa: {error}",
                str(error),
                fix_vi="nộp hồ sơ và mở hồ sơ đều chờ đến khi hỏi được",
                fix_en="what needs a key waits until it answers: see to it, and to MOTCUA_VAULT_TOKEN_FILE",
            )
        ]
    if not all(map(masters.know, wrapped_by)):
        return [_NOT_THE_KEY]
    if waiting := sum(count for by, count in wrapped_by.items() if by != now):
        return [
            warn(
                f"{waiting} khóa còn do khóa chính cũ bọc",
                f"{waiting} keys are still wrapped by another master key, or an older version",
                fix_vi="chạy `motcua keys rotate`; giữ khóa cũ đến khi xong",
                fix_en="run `motcua keys rotate`, and keep that key until it is done",
            )
        ]
    return [ok("mở được các khóa của sổ", "opens the keys of the record")]


_NOT_THE_KEY: Final = fail(
    "không phải khóa đã niêm phong sổ này",
    "is not the key that this record was sealed with",
    fix_vi="đặt MOTCUA_MASTER_KEY từ bản sao lưu, hoặc MOTCUA_OTHER_MASTER_KEY sau khi đổi khóa; khóa khác không mở",
    fix_en="set MOTCUA_MASTER_KEY from its backup, or MOTCUA_OTHER_MASTER_KEY after a change: no other opens it",
)


async def read_models(around: Surroundings) -> list[Finding]:
    """Whether every read model tells what its stream tells."""
    async with around.record() as connection:
        behind = await connection.fetch(behind_query(KINDS))
    if not behind:
        return [ok("bằng các luồng", "level with their streams")]
    return [
        fail(
            f"{len(behind)} luồng lệch, ví dụ {behind[0]['stream']}",
            f"{len(behind)} streams differ, such as {behind[0]['stream']}",
            fix_vi="`motcua ledger verify`, rồi `motcua ledger rebuild`",
            fix_en="`motcua ledger verify`, then `motcua ledger rebuild`",
        )
    ]


async def clock(around: Surroundings) -> list[Finding]:
    """Whether this machine, PostgreSQL and Temporal tell the same time.

    Temporal does not tell its own. But each event says when Temporal's clock said that it happened, and when
    PostgreSQL's said that it was recorded, which is a few milliseconds later.
    """
    async with around.record() as connection:
        asked, began = datetime.now(UTC), time.monotonic()
        told = await connection.fetchval("select clock_timestamp()")
        half = timedelta(seconds=(time.monotonic() - began) / 2)
        later = min((row["later"] for row in await connection.fetch(LATEST)), default=None)
    found = [_difference("PostgreSQL – máy này / this machine", told - asked - half, APART)]
    if later is not None:
        found.append(_difference("PostgreSQL – Temporal", later, APART if later < timedelta() else LONG))
    return found


def _difference(which: str, difference: timedelta, allowed: timedelta) -> Finding:
    words = f"{which}: {difference.total_seconds():+.3f} s"
    if abs(difference) <= allowed:
        return ok(words, words)
    return warn(
        words,
        words,
        fix_vi="đồng bộ giờ (NTP) trên mọi máy: hạn của hồ sơ tính theo đồng hồ",
        fix_en="keep all machines on time (NTP): deadlines go by their clocks",
    )
