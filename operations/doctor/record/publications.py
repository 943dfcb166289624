"""The checks of the published tables: against the record, and of the calendar in force."""

from collections.abc import Iterator
from datetime import date, datetime
from typing import Final

from activities.ledger.stream_status import COUNT_ON_ANOTHER, IN_FORCE
from console.comparing import listed
from operations.doctor.check import Finding, Surroundings, fail, ok, warn
from publishing.record.folding import compare
from rules.streams import KINDS
from rules.time.working_time import VIETNAM
from schemas.publishing.calendar import Calendar


async def publications(around: Surroundings) -> list[Finding]:
    """Reports rows of the catalogue and the directory, names excepted, that no publishing command has written."""
    async with around.record() as connection:
        found = await compare(connection, None)
    if not found.taken_over:
        return [warn("doctor.publications.before")]
    if not found.differences:
        return [ok("doctor.publications.well")]
    return [fail("doctor.publications.changed", count=len(found.differences), first=listed(found.differences))]


BODY: Final = "select body from calendar where agency = '' order by published_at desc limit 1"
ENDS_SOON: Final = 60
"""A calendar that ends within this number of days is reported: time to write and check the next calendar."""


async def calendar(around: Surroundings) -> list[Finding]:
    """Checks whether a calendar is in force, for how long, and whether every open filing uses it."""
    async with around.record() as connection:
        body = await connection.fetchval(BODY)
        name = await connection.fetchval(IN_FORCE)
        behind = sum([await connection.fetchval(COUNT_ON_ANOTHER, name, kind) for kind in KINDS]) if name else 0
    if body is None:
        return [fail("doctor.calendar.none")]
    in_force = Calendar.model_validate_json(body)
    wrong = [warn("doctor.calendar.behind", behind=behind, calendar=in_force.name)] if behind else []
    wrong += ending(in_force, datetime.now(VIETNAM).date())
    return wrong or [ok("as_is", value=f"{in_force.name}, {in_force.valid_from} – {in_force.valid_until}")]


def ending(in_force: Calendar, today: date) -> Iterator[Finding]:
    """Yields a finding if the calendar ends soon or has ended, as of `today`."""
    last = in_force.valid_until
    left = (last - today).days
    if left < 0:
        yield fail(
            "doctor.calendar.ended", fix="doctor.calendar.write_next", calendar=in_force.name, last=last, ago=-left
        )
    elif left <= ENDS_SOON:
        yield warn(
            "doctor.calendar.ending", fix="doctor.calendar.write_next", calendar=in_force.name, last=last, left=left
        )
