"""Whether what is published stands in the tables as it was recorded."""

from __future__ import annotations

from typing import Final

from operations.comparing import Difference
from operations.doctor.finding import Finding, fail, ok, warn
from operations.doctor.surroundings import Surroundings
from operations.publications.folding import compare

MOST: Final = 5
"""So many rows are named; `motcua ledger verify` names all."""


async def publications(around: Surroundings) -> list[Finding]:
    """Which rows of the catalogue and the directory were changed by other means than the commands that publish.

    The names of people are left to `motcua ledger verify`.
    """
    async with around.record() as connection:
        found = await compare(connection, None)
    if not found.taken_over:
        return [_before()]
    return [_wrong(found.differences)] if found.differences else [ok("doctor.publications.well")]


def _before() -> Finding:
    return warn("doctor.publications.before")


def _wrong(found: list[Difference]) -> Finding:
    first = ", ".join(f"{one.table} {one.row} ({one.why})" for one in found[:MOST])
    return fail("doctor.publications.changed", count=len(found), first=first)
