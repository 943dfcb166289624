"""The check of the announcement of a planned outage."""

import asyncio

from motcua.calls.outage import OUTAGE, announced
from motcua.errors import SettingsError
from operations.doctor.check import Finding, Surroundings, fail, ok, warn


async def outage(around: Surroundings) -> list[Finding]:
    """Reports a planned outage that is announced; a failure if the announcement can't be read."""
    try:
        found = await asyncio.to_thread(announced, around.settings.get(OUTAGE))
    except SettingsError as error:
        return [fail("as_is", fix="doctor.outage.mend", value=error)]
    if found is None:
        return [ok("outage.none")]
    return [warn("as_is", fix="doctor.outage.end", value=found.line)]
