"""The check of the published tables against the record."""

from console.comparing import listed
from operations.doctor.finding import Finding, fail, ok, warn
from operations.doctor.surroundings import Surroundings
from publishing.record.folding import compare


async def publications(around: Surroundings) -> list[Finding]:
    """Reports rows of the catalogue and the directory that were changed by other means than the publishing commands.

    `motcua ledger verify` checks the names of people.
    """
    async with around.record() as connection:
        found = await compare(connection, None)
    if not found.taken_over:
        return [warn("doctor.publications.before")]
    if not found.differences:
        return [ok("doctor.publications.well")]
    return [fail("doctor.publications.changed", count=len(found.differences), first=listed(found.differences))]
