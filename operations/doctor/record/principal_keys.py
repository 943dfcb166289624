"""The check of principals and their keys against the recorded changes."""

from console.comparing import listed
from operations.doctor.finding import Finding, fail, ok
from operations.doctor.surroundings import Surroundings
from operations.principals.fold import differences


async def principals(around: Surroundings) -> list[Finding]:
    """Reports rows that can't be read, or that were changed by other means than `motcua principals`."""
    async with around.record() as connection:
        found = await differences(connection)
    if not found:
        return [ok("doctor.principals.well")]
    return [fail("doctor.principals.changed", count=len(found), first=listed(found))]
