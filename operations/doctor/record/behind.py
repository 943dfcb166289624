"""The check for workflows behind their log, as after a restore of Temporal to a state older than the record."""

from typing import Final

from motcua.connection import connect
from operations.doctor.finding import Finding, fail, ok, warn
from operations.doctor.surroundings import Surroundings
from recovery.behind import NEWEST, behind
from recovery.presence import temporals
from rules.streams import KINDS

LOOKED_AT: Final = 2_000
"""Number of newest events whose streams are checked."""


async def falling_behind(around: Surroundings) -> list[Finding]:
    """Checks whether the workflows know the newest events of their streams."""
    async with around.record() as connection:
        newest = [row["stream"] for row in await connection.fetch(NEWEST, LOOKED_AT)]
        streams = [stream for stream in newest if stream.partition(":")[0] in KINDS]
        found = await behind(await connect(), connection, streams)
        running = len(await temporals(connection))
    seen = ok("doctor.behind.level", n=len(streams) - len(found.unopened))
    if found.wrong:
        seen = fail("doctor.behind.known_less", behind=len(found.behind), overtaken=len(found.overtaken))
    rest = []
    if found.unopened:
        rest.append(warn("doctor.behind.unopened", count=len(found.unopened), first=found.unopened[0]))
    if running > 1:
        rest.append(warn("doctor.behind.two_temporals", temporals=running))
    return [seen, *rest]
