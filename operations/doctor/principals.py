"""Whether the programs that may speak, and their keys, are those that the recorded changes come to."""

from __future__ import annotations

from typing import Final

from operations.comparing import Difference
from operations.doctor.finding import Finding, fail, ok
from operations.doctor.surroundings import Surroundings
from operations.registered import differences

MOST: Final = 5
"""So many rows are named; `motcua ledger verify` names all."""


async def principals(around: Surroundings) -> list[Finding]:
    """Which rows were changed by other means than `motcua principals`, or can't be read."""
    async with around.record() as connection:
        found = await differences(connection)
    if not found:
        return [ok("doctor.principals.well")]
    return [_wrong(found)]


def _wrong(found: list[Difference]) -> Finding:
    first = ", ".join(f"{one.table} {one.row} ({one.why})" for one in found[:MOST])
    return fail("doctor.principals.changed", count=len(found), first=first)
