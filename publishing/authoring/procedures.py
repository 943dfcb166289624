"""Publishes procedures and the directory of agencies, with the rights of the database's owner."""

import asyncio
from collections.abc import Iterable, Iterator
from datetime import date, datetime
from pathlib import Path
from typing import Final, Literal, NamedTuple, TypeAlias

from pydantic import Field

from console.database import Database, connected
from publishing.checks.lines import line_mistakes
from publishing.checks.provinces import Base
from publishing.checks.schema_mistakes import schema_mistakes
from publishing.record.publications import AGENCY, OFFICER, Row, changes
from publishing.record.publishing import PLATFORM, publishing
from publishing.record.publishing import Publisher as Publisher
from publishing.record.tables import read
from rules.source import Mistake, parse, plain
from rules.time.working_time import VIETNAM
from schemas.base import AgencyCode, Code, CommuneCode, Line, ShortText, StrictModel, Text, Version
from schemas.papers.state import ReceiptSeries
from schemas.people import IdNumber, Role
from schemas.publishing.events import AgencyEntered, Closed, OfficerEntered, PublicationEvent, Series
from schemas.publishing.fact import AgencyKind
from schemas.publishing.procedure import ProcedureCode
from schemas.result.state import AgencySigner
from views.public import COVERING_FIRST, COVERS

from .procedure_file import ASKED_FOR as ASKED_FOR
from .procedure_file import DEMO_SECONDS as DEMO_SECONDS
from .procedure_file import MistakesFoundError as MistakesFoundError
from .procedure_file import check_bytes as check_bytes
from .procedure_file import demo_variant as demo_variant
from .provinces import VersionPublishedError as VersionPublishedError
from .provinces import of_country, of_provinces, unpublished

DIRECTORY: Final = Path(__file__).parents[2] / "deploy" / "directory.yaml"
"""The agencies of the demo."""
PROCEDURES: Final = Path(__file__).parents[2] / "procedures"

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
    """A published version; `already`: whether the same bytes were published before."""

    code: ProcedureCode
    version: Version
    sha256: str
    already: bool


class Listed(NamedTuple):
    """A published version with its source. `in_force`: whether in force on the requested day; False for a demo."""

    code: ProcedureCode
    version: Version
    sha256: str
    demo: bool
    published_at: datetime
    source: bytes
    valid_from: date | None
    valid_until: date | None
    province: str | None
    base: Version | None
    in_force: bool


class OfficerEntry(StrictModel):
    """An officer of an agency; `active`: false after leaving. `number`: the officer's number at the signing service.

    `id_number` is the citizen number, which identifies the person in all their accounts and in their own filings.
    `power`, the abbreviation of an authority to sign (TM., KT., TL., TUQ. or Q.), and the officer's own `title` are
    printed above the name on papers that the officer signs.
    """

    subject: str = Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9._:-]{0,63}$")
    name: ShortText
    roles: tuple[OfficerRole, ...] = Field(min_length=1)
    active: bool = True
    number: IdNumber | None = None
    id_number: IdNumber | None = None
    power: Line | None = None
    title: Line | None = None


class ClosedEntry(Closed, StrictModel):
    """The closing of an agency, as written in the directory's file."""


class AgencyEntry(StrictModel):
    """An agency: its kind and province, the queue of its machine work, its officers, and the signers of its results.

    The province is a code of the first level (Decision 20/2020), by default the first part of the agency's code. `seal`
    is the agency's number at the signing service: its papers are then sealed, independently of the signers of its
    results. `receipts` is the series of its money receipts. `merchants` are the providers that may take money for it,
    by their names in `MOTCUA_PROVIDERS`, the preferred one first; without any, the bank takes money. With `tills`, its
    cashiers handle cash only while a till of theirs is open. `phone` is the telephone of its one-stop desk. `superior`
    is the next authority, to which a second complaint goes; without it, only the court remains. `territory` are the
    codes of the communes for which it decides, in procedures whose agency depends on the place. A `closed` agency
    accepts no new filing.
    """

    agency: AgencyCode
    name: Text
    kind: AgencyKind | None = None
    province: AgencyCode | None = None
    namespace: ShortText = "default"
    queue: ShortText = "backoffice"
    officers: tuple[OfficerEntry, ...] = ()
    signing: tuple[AgencySigner, ...] = ()
    seal: IdNumber | None = None
    receipts: ReceiptSeries | None = None
    merchants: tuple[Code, ...] = ()
    tills: bool = False
    phone: Line | None = None
    superior: AgencyCode | None = None
    territory: tuple[CommuneCode, ...] = ()
    closed: ClosedEntry | None = None


class Directory(StrictModel):
    """The agencies of a directory file."""

    agencies: tuple[AgencyEntry, ...]


async def publish(database: Database, file: Path | bytes, *, demo: bool = False, by: Publisher = PLATFORM) -> Published:
    """Publishes one version of a procedure, and a variant of it for each province with a fee of its own.

    The same bytes may be published again; other bytes under the same version are refused. `demo` permits limits in
    seconds. Raises `MistakesFoundError`, `VersionPublishedError`, `OSError` for an unreadable file, and asyncpg's
    errors.
    """
    source = file if isinstance(file, bytes) else await asyncio.to_thread(file.read_bytes)
    procedure, sha256, mistakes = check_bytes(source, allow_seconds=demo)
    if procedure is None:
        raise MistakesFoundError(mistakes)
    async with publishing(database, by) as now:
        new = await unpublished(now.connection, [of_country(procedure, sha256, source, demo=demo)])
        made = await of_provinces(now.connection, Base(parse(source).value, demo)) if new else []
        await now.publish(new + await unpublished(now.connection, made))
    return Published(procedure.code, procedure.version, sha256, already=not new)


async def published(
    database: Database, code: str | None = None, version: str | None = None, *, day: date | None = None
) -> list[Listed]:
    """Returns the published versions, the newest of each code first. `in_force` is as of `day`, or today."""
    day = day or datetime.now(VIETNAM).date()
    async with connected(database) as connection:
        return [Listed(*row.values()) for row in await connection.fetch(_LIST, code, version, day)]


_LIST: Final = f"""
with first as (
    select distinct on (code) code, version, {COVERS.format(day="$3")} as in_force
    from procedure where province is null and not demo order by code, {COVERING_FIRST.format(day="$3")}
)
select code, version, sha256, demo, published_at, source, valid_from, valid_until, province, base,
    exists (
        select from first where first.in_force and first.code = procedure.code
            and first.version = coalesce(procedure.base, procedure.version)
    ) and not exists (
        select from province_in_force as here where here.province = procedure.province
            and procedure.version <> concat_ws('.', procedure.base, here.province, here.version)
    )
from procedure
where ($1::text is null or code = $1) and ($2::text is null or version = $2)
order by code, published_at desc, version desc
"""  # noqa: S608 -- words of ours


async def has_directory(database: Database) -> bool:
    """Whether the directory has any agency."""
    async with connected(database) as connection:
        return bool(await connection.fetchval("select exists (select from agency)"))


async def seed_directory(database: Database, data: bytes, by: Publisher) -> Directory:
    """Adds and updates a directory file's agencies and officers. Raises `MistakesFoundError`, `NoKeyError`."""
    parsed = parse(data)
    found = parsed.mistakes
    value = plain(parsed.value, "", found)
    found = found or list(schema_mistakes(Directory, value))
    if found:
        raise MistakesFoundError(found)
    directory = Directory.model_validate(value)
    async with publishing(database, by) as now:
        there = {table: await read(now.connection, table) for table in (AGENCY, OFFICER)}
        if found := list(_lines(directory, there[AGENCY].values())):
            raise MistakesFoundError(found)
        said: list[PublicationEvent] = []
        for entry in directory.agencies:
            said.append(_agency(entry, there[AGENCY].get((entry.agency,), {})))
            said += [OfficerEntered(agency=entry.agency, **dict(officer)) for officer in entry.officers]
        person = await now.persons(said)

        def differs(event: PublicationEvent) -> bool:
            made = changes(event, now.at, person=person)
            return any(there[change.table].get(change.key) != change.row for change in made)

        await now.publish([*filter(differs, said)])
    return directory


def _lines(directory: Directory, there: Iterable[Row]) -> Iterator[Mistake]:
    """Yields the mistakes that the file's agencies would make in the chains of successors and of superiors."""
    successors = {row["agency"]: row["closed"] and row["closed"]["successor"] for row in there}
    superiors = {row["agency"]: row["superior"] for row in there}
    for entry in directory.agencies:
        successors[entry.agency] = entry.closed and entry.closed.successor
        superiors[entry.agency] = entry.superior
    for n, entry in enumerate(directory.agencies):
        yield from line_mistakes(entry.agency, successors, f"agencies[{n}].closed.successor")
        yield from line_mistakes(entry.agency, superiors, f"agencies[{n}].superior")


def _agency(entry: AgencyEntry, stands: Row) -> AgencyEntered:
    """Returns the event for an agency of the file. `receives_for` is taken from the present row (`stands`)."""
    return AgencyEntered(
        agency=entry.agency,
        name=entry.name,
        namespace=entry.namespace,
        queue=entry.queue,
        agency_kind=entry.kind,
        province=entry.province or entry.agency.partition(".")[0],
        receives_for=tuple(stands.get("receives_for", ())),
        signing=tuple(signer.model_dump(mode="json") for signer in entry.signing) or None,
        seal=entry.seal,
        receipts=Series.model_validate(entry.receipts.model_dump(mode="json")) if entry.receipts else None,
        merchants=entry.merchants or None,
        tills=entry.tills,
        phone=entry.phone,
        superior=entry.superior,
        territory=entry.territory,
        closed=entry.closed,
    )
