"""Templates of official papers, checked and published by the database's owner."""

from datetime import datetime
from typing import Final, NamedTuple

from activities.printing.templates import version_of
from activities.printing.trial import Trial, faults
from console.database import Database, connected
from publishing.authoring.procedure_file import MistakesFoundError
from publishing.record.publishing import PLATFORM, Publisher, publishing
from rules.papers.samples import samples
from rules.source import Mistake, mistake
from schemas.base import AgencyCode
from schemas.papers.state import PaperKind
from schemas.publishing.events import TemplatePublished

ALL: Final = "*"
"""The value in a `Slot` that stands for every procedure."""


class Slot(NamedTuple):
    """The scope of a template: its agency, its kind of paper, and its procedure or all procedures."""

    agency: AgencyCode
    paper: PaperKind
    procedure: str = ALL


class Published(NamedTuple):
    """A published template; `already`: whether the same text was in force before, in the same `Slot`."""

    agency: AgencyCode
    paper: PaperKind
    procedure: str
    sha256: str
    already: bool


class Listed(NamedTuple):
    """A published template. Of the templates for the same `Slot`, the newest is in force."""

    agency: AgencyCode
    paper: PaperKind
    procedure: str
    sha256: str
    source: str
    published_at: datetime
    in_force: bool


class UnknownPlaceError(Exception):
    """The directory has no such agency, or the catalogue no such procedure."""


def check_template(data: bytes, paper: PaperKind) -> list[Mistake]:
    """Returns every mistake of a template, which is tried on the shortest and on the longest paper of its kind."""
    try:
        text = data.decode()
    except UnicodeDecodeError:
        return [mistake("template_not_text", "")]
    found = faults(Trial(template=text, sheets=samples(paper)))
    return [mistake(one.rule, "", said=one.detail).model_copy(update={"line": one.line}) for one in found]


async def publish_template(database: Database, data: bytes, slot: Slot, by: Publisher = PLATFORM) -> Published:
    """Publishes a template for all later prints. Raises `MistakesFoundError`, `UnknownPlaceError`, asyncpg's errors."""
    if found := check_template(data, slot.paper):
        raise MistakesFoundError(found)
    text = data.decode()
    sha256 = version_of(text)
    async with publishing(database, by) as now:
        if not await now.connection.fetchval("select exists (select from agency where agency = $1)", slot.agency):
            raise UnknownPlaceError(f"the directory has no agency {slot.agency}")
        named = await now.connection.fetchval("select exists (select from procedure where code = $1)", slot.procedure)
        if slot.procedure != ALL and not named:
            raise UnknownPlaceError(f"no published procedure {slot.procedure}")
        already = await now.connection.fetchval(_IN_FORCE, *slot) == sha256
        if not already:
            await now.publish([TemplatePublished(**slot._asdict(), sha256=sha256, source=text)])
    return Published(*slot, sha256, already)


async def published_templates(database: Database, agency: AgencyCode | None = None) -> list[Listed]:
    """Returns the published templates of all agencies, or of one; within each `Slot`, the newest first."""
    async with connected(database) as connection:
        rows = await connection.fetch(_LIST, agency)
    return [Listed(row[0], PaperKind(row[1]), *tuple(row)[2:]) for row in rows]


_IN_FORCE: Final = "select sha256 from paper_template_in_force where agency = $1 and paper = $2 and procedure = $3"
_LIST: Final = """
select agency, paper, procedure, sha256, source, published_at,
    row_number() over (partition by agency, paper, procedure order by published_at desc) = 1
from paper_template where $1::text is null or agency = $1
order by agency, paper, procedure, published_at desc
"""
