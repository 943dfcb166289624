"""Whether what runs knows what the log holds: it does not once Temporal was brought back older than the record."""

from __future__ import annotations

from typing import Final

from motcua.connection import connect
from operations.doctor.finding import Finding, fail, ok, warn
from operations.doctor.surroundings import Surroundings
from recovery.behind import NEWEST, behind
from recovery.presence import temporals
from rules.streams import KINDS

LOOKED_AT: Final = 2_000
"""So many of the newest events tell which streams are looked at."""


async def falling_behind(around: Surroundings) -> list[Finding]:
    """Whether the workflows of the newest events have seen them."""
    async with around.record() as connection:
        newest = [row["stream"] for row in await connection.fetch(NEWEST, LOOKED_AT)]
        streams = [stream for stream in newest if stream.partition(":")[0] in KINDS]
        found = await behind(await connect(), connection, streams)
        two = _two(len(await temporals(connection)))
    if found.wrong:
        return [_known_less(len(found.behind), len(found.overtaken)), *_unopened(found.unopened), *two]
    n = len(streams) - len(found.unopened)
    seen = ok("doctor.behind.level", n=n)
    return [seen, *_unopened(found.unopened), *two]


def _known_less(behind: int, overtaken: int) -> Finding:
    return fail("doctor.behind.known_less", behind=behind, overtaken=overtaken)


def _two(temporals: int) -> list[Finding]:
    if temporals <= 1:
        return []
    return [warn("doctor.behind.two_temporals", temporals=temporals)]


def _unopened(streams: list[str]) -> list[Finding]:
    if not streams:
        return []
    return [warn("doctor.behind.unopened", count=len(streams), first=streams[0])]
