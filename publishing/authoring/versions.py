"""The published versions of procedures, as rows, which never change."""

from collections.abc import Iterable
from datetime import date
from typing import NamedTuple

from console.connecting import Connection
from schemas.base import Version
from schemas.publishing.events import ProcedurePublished
from schemas.publishing.procedure import Procedure, ProcedureCode, Validity
from schemas.publishing.procedure_rules import rules_of


class VersionPublishedError(Exception):
    """Another file was published under this code and version; a published version never changes."""

    def __init__(self, code: str, version: Version, sha256: str) -> None:
        super().__init__(
            f"{code}@{version} is published with other content (sha256 {sha256}): give the changed file a new version"
        )
        self.code = code
        self.version = version
        self.sha256 = sha256


class Row(NamedTuple):
    """A version to publish: for the whole country; or composed for a `province` from `base`, the country's version."""

    code: ProcedureCode
    version: Version
    sha256: str
    source: bytes
    rules: bytes
    demo: bool
    valid_from: date | None
    valid_until: date | None
    province: str | None = None
    base: Version | None = None


def row(procedure: Procedure, sha256: str, source: bytes, *, demo: bool) -> Row:
    """Returns the row of a procedure of the whole country."""
    validity = procedure.validity or Validity(source="-")
    rules = rules_of(procedure, sha256).model_dump_json().encode()
    days = (validity.valid_from, validity.valid_until)
    return Row(procedure.code, procedure.version, sha256, source, rules, demo, *days)


async def unpublished(connection: Connection, rows: Iterable[Row]) -> list[ProcedurePublished]:
    """Returns the events of the new versions; a version already published with the same bytes has none.

    Raises `VersionPublishedError`.
    """
    return [_published(row) for row in rows if await _is_new(connection, row)]


async def _is_new(connection: Connection, new: Row) -> bool:
    stands = await connection.fetchval(
        "select sha256 from procedure where code = $1 and version = $2", new.code, new.version
    )
    if stands not in {None, new.sha256}:
        raise VersionPublishedError(new.code, new.version, stands)
    return stands is None


def _published(row: Row) -> ProcedurePublished:
    told = row._asdict() | {"procedure": row.code, "source": row.source.decode(), "rules": row.rules.decode()}
    return ProcedurePublished.model_validate(told)
