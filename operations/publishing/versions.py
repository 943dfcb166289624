"""The published versions of procedures, as rows: what stands in one never changes."""

from __future__ import annotations

from datetime import date
from typing import Final, NamedTuple

from operations.publishing.owner import Connection
from schemas.base import Version
from schemas.publishing.procedure import Procedure, ProcedureCode, Validity
from schemas.publishing.procedure_rules import rules_of

ALONE: Final = "lock table procedure in share row exclusive mode"
"""Of those who publish one after the other: what the one composes, the other would not see."""


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
    """A version to be published: of the whole country, or composed of its version `base` for a `province`."""

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
    """The row of a procedure of the whole country."""
    validity = procedure.validity or Validity(source="-")
    rules = rules_of(procedure, sha256).model_dump_json().encode()
    days = (validity.valid_from, validity.valid_until)
    return Row(procedure.code, procedure.version, sha256, source, rules, demo, *days)


async def insert(connection: Connection, new: Row) -> bool:
    """Whether it is new; the same bytes may come again. Raises `VersionPublishedError`."""
    if await connection.fetchval(_INSERT, *new) is not None:
        return True
    stands = await connection.fetchval(_SHA256, new.code, new.version)
    if stands != new.sha256:
        raise VersionPublishedError(new.code, new.version, stands)
    return False


_INSERT: Final = f"""
insert into procedure ({", ".join(Row._fields)}) values ({", ".join(f"${n}" for n in range(1, len(Row._fields) + 1))})
on conflict (code, version) do nothing returning sha256
"""  # noqa: S608 -- names of ours
_SHA256: Final = "select sha256 from procedure where code = $1 and version = $2"
