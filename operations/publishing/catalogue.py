"""Publishing procedures and the directory of agencies, with the rights of the database's owner."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from datetime import datetime
from pathlib import Path
from typing import Any, Final, Literal, NamedTuple, TypeAlias

import asyncpg
from pydantic import Field

from rules.publishing.mistakes import Mistake
from rules.publishing.plain_data import plain
from rules.publishing.schema_mistakes import schema_mistakes
from schemas.agency import AgencyKind
from schemas.base import AgencyCode, ShortText, StrictModel, Text, Version
from schemas.people import Role
from schemas.publishing.procedure import ProcedureCode, rules_of

from .procedure_file import DEMO_SECONDS as DEMO_SECONDS
from .procedure_file import MistakesFoundError as MistakesFoundError
from .procedure_file import check_bytes as check_bytes
from .procedure_file import demo_variant as demo_variant
from .procedure_file import parse as parse

DIRECTORY: Final = Path(__file__).parents[2] / "deploy" / "directory.yaml"
"""The agencies of the demo."""
PROCEDURES: Final = Path(__file__).parents[2] / "procedures"

TIMEOUT: Final = 10.0
"""Seconds that connecting, and each statement, may take."""

Database: TypeAlias = "asyncpg.Connection[asyncpg.Record] | str"
"""A connection of the owner's, or where to open one."""

OfficerRole: TypeAlias = Literal[
    Role.RECEPTION,
    Role.SPECIALIST,
    Role.LEADER,
    Role.CLERK,
    Role.CASHIER,
    Role.HANDOVER,
    Role.TEAM_LEAD,
    Role.OPERATOR,
    Role.AUDITOR,
]


class Published(NamedTuple):
    """What was published. `already` says that these very bytes were published before."""

    code: ProcedureCode
    version: Version
    sha256: str
    already: bool


class Listed(NamedTuple):
    """A published version; `source` is the file as it was written."""

    code: ProcedureCode
    version: Version
    sha256: str
    demo: bool
    published_at: datetime
    source: bytes


class VersionPublishedError(Exception):
    """Another file was published under this code and version; a published version never changes."""

    def __init__(self, code: ProcedureCode, version: Version, sha256: str) -> None:
        super().__init__(
            f"{code}@{version} is published with other content (sha256 {sha256}): give the changed file a new version"
        )
        self.code = code
        self.version = version
        self.sha256 = sha256


class OfficerEntry(StrictModel):
    """An officer of an agency. An officer who left is written `active: false`."""

    subject: str = Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9._:-]{0,63}$")
    name: ShortText
    roles: tuple[OfficerRole, ...] = Field(min_length=1)
    active: bool = True


class AgencyEntry(StrictModel):
    """An agency, what it is and in which province, where its machine work goes, and its officers.

    The province is a code of the first level (Decision 20/2020): without it the one that the agency's code begins with.
    Its desk `receives_for` these other agencies, or for every one of its province (`"*"`), and hands over what they
    decide.
    """

    agency: AgencyCode
    name: Text
    kind: AgencyKind | None = None
    province: AgencyCode | None = None
    namespace: ShortText = "default"
    queue: ShortText = "backoffice"
    receives_for: tuple[AgencyCode | Literal["*"], ...] = ()
    officers: tuple[OfficerEntry, ...] = ()


class Directory(StrictModel):
    """The agencies of a directory file."""

    agencies: tuple[AgencyEntry, ...]


@asynccontextmanager
async def connected(database: Database) -> AsyncIterator[asyncpg.Connection[asyncpg.Record]]:
    """The connection itself, or one that is opened and closed here."""
    if not isinstance(database, str):
        yield database
        return
    connection = await asyncpg.connect(database, timeout=TIMEOUT, command_timeout=TIMEOUT)
    try:
        yield connection
    finally:
        await connection.close()


def check(paths: Iterable[Path], *, allow_seconds: bool = False) -> list[tuple[Path, Mistake]]:
    """Every mistake of every file. Raises `OSError` for a file that can't be read."""
    return [
        (path, entry)
        for path in paths
        for entry in check_bytes(path.read_bytes(), allow_seconds=allow_seconds).mistakes
    ]


async def publish(database: Database, file: Path | bytes, *, demo: bool = False) -> Published:
    """Publishes one version of a procedure. The same bytes may be published again, other bytes never.

    `demo` admits limits in seconds. Raises `MistakesFoundError`, `VersionPublishedError`, `OSError` for a file
    that can't be read, and what asyncpg raises.
    """
    source = file if isinstance(file, bytes) else await asyncio.to_thread(file.read_bytes)
    procedure, sha256, mistakes = check_bytes(source, allow_seconds=demo)
    if procedure is None:
        raise MistakesFoundError(mistakes)
    key = (procedure.code, procedure.version)
    rules = rules_of(procedure, sha256).model_dump_json().encode()
    async with connected(database) as connection:
        new = await connection.fetchval(_INSERT, *key, sha256, source, rules, demo)
        stands = new or await connection.fetchval(_SHA256, *key)
    if stands != sha256:
        raise VersionPublishedError(*key, stands)
    return Published(*key, sha256, already=new is None)


_INSERT: Final = """
insert into procedure (code, version, sha256, source, rules, demo) values ($1, $2, $3, $4, $5, $6)
on conflict (code, version) do nothing returning sha256
"""
_SHA256: Final = "select sha256 from procedure where code = $1 and version = $2"
_LIST: Final = """
select code, version, sha256, demo, published_at, source from procedure
where ($1::text is null or code = $1) and ($2::text is null or version = $2)
order by code, published_at desc, version desc
"""


async def published(database: Database, code: str | None = None, version: str | None = None) -> list[Listed]:
    """The published versions, of each code the newest first."""
    async with connected(database) as connection:
        return [Listed(*row.values()) for row in await connection.fetch(_LIST, code, version)]


async def has_directory(database: Database) -> bool:
    """Whether there is any agency."""
    async with connected(database) as connection:
        return bool(await connection.fetchval("select exists (select from agency)"))


async def seed_directory(database: Database, data: bytes) -> Directory:
    """Adds and updates the agencies and officers of a directory file; it removes none. Raises `MistakesFoundError`."""
    parsed = parse(data)
    found = parsed.mistakes
    value = plain(parsed.value, "", found)
    found = found or list(schema_mistakes(Directory, value))
    if found:
        raise MistakesFoundError(found)
    directory = Directory.model_validate(value)
    async with connected(database) as connection, connection.transaction():
        await connection.executemany(_AGENCY, [_agency_row(entry) for entry in directory.agencies])
        await connection.executemany(_OFFICER, [row for entry in directory.agencies for row in _officer_rows(entry)])
    return directory


_AGENCY: Final = """
insert into agency (agency, name_vi, name_en, namespace, queue, kind, province, receives_for)
values ($1, $2, $3, $4, $5, $6, $7, $8)
on conflict (agency) do update set (name_vi, name_en, namespace, queue, kind, province, receives_for)
    = (excluded.name_vi, excluded.name_en, excluded.namespace, excluded.queue, excluded.kind, excluded.province,
        excluded.receives_for)
"""
_OFFICER: Final = """
insert into officer (agency, subject, role, name, active) values ($1, $2, $3, $4, $5)
on conflict (agency, subject, role) do update set (name, active) = (excluded.name, excluded.active)
"""


def _agency_row(entry: AgencyEntry) -> tuple[Any, ...]:
    province = entry.province or entry.agency.partition(".")[0]
    where = (entry.namespace, entry.queue, entry.kind, province, list(entry.receives_for))
    return (entry.agency, entry.name.vi, entry.name.en, *where)


def _officer_rows(entry: AgencyEntry) -> list[tuple[str, str, str, str, bool]]:
    return [
        (entry.agency, officer.subject, str(role), officer.name, officer.active)
        for officer in entry.officers
        for role in officer.roles
    ]
