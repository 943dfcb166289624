"""Questions that anybody may ask: no answer identifies a person."""

from typing import Any, Final

import asyncpg

from schemas.base import Model, Text
from schemas.errors import NOT_FOUND, RefusalError
from schemas.filing.state import STATUS_NAMES, Status
from schemas.reading import AgencySummary, Count
from schemas.translate import said as words
from views.log import Connection, Log


async def counts(log: Log, agency: str | None = None) -> tuple[Count, ...]:
    """Returns the number of open filings, by agency and status."""
    rows = await log.connection.fetch(_COUNTS, agency)
    return tuple(Count.model_validate(named(row)) for row in rows)


class Tracked(Model):
    """The state of a dossier."""

    code: str
    """dossier code (mã hồ sơ)"""
    status: Status
    """official status code, 1 to 10"""
    status_name: Text
    """the status in words"""


async def tracked(connection: Connection, code: str) -> Tracked:
    """Returns the state of a dossier. Refused as `not_found` if there is none, or if it was erased."""
    row = await connection.fetchrow(_TRACKED, code)
    if row is None:
        raise RefusalError(NOT_FOUND)
    return Tracked.model_validate(named(row))


async def agency(log: Log, code: str) -> AgencySummary:
    """Returns an agency's entry in the directory. Refused as `not_found` if there is none."""
    row = await log.connection.fetchrow(_AGENCY, code)
    if row is None:
        raise RefusalError(NOT_FOUND)
    name = {"vi": row["name_vi"], "en": row["name_en"]}
    said = {column: row[column] for column in ("queue", "kind", "province")}
    return AgencySummary.model_validate({"agency": code, "name": name} | said)


def named(row: asyncpg.Record) -> dict[str, Any]:
    """Returns a row as a dict, to which the words for its `status` are added."""
    name = words("erased_status") if row.get("erased_at") else STATUS_NAMES[Status(row["status"])]
    return dict(row) | {"status_name": name}


_AGENCY: Final = "select name_vi, name_en, queue, kind, province from agency where agency = $1"
_COUNTS: Final = "select agency, status, filings, late from open_filings($1)"
_TRACKED: Final = "select code, status from tracked($1) where erased_at is null"


COVERS: Final = (
    "coalesce({day}::date between coalesce(valid_from, '-infinity') and coalesce(valid_until, 'infinity'), true)"
)
COVERING_FIRST: Final = f"{COVERS} desc, valid_from desc nulls last, published_at desc"
"""SQL: sorts versions: first those that are valid on the day, then by latest start, then by latest publication."""
