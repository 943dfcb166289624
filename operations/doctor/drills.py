"""The check of restore drills: when the newest one was, and its result."""

from typing import Final

from obstore.exceptions import BaseError

from motcua.files.store import NoStoreError
from operations.doctor.check import Finding, Surroundings, fail, ok, skipped, warn
from operations.drills import age, newest
from recovery.checkpoint_store import SecondPlace

DAYS: Final = 92
"""The days after which another drill is due: a drill is held each quarter."""


async def drills(around: Surroundings) -> list[Finding]:
    """Reports the newest restore drill: a failure if it found faults, a warning if older than `DAYS` or missing."""
    if around.home.env_file.exists():
        return [skipped("doctor.drills.stack")]
    try:
        drill = await newest(SecondPlace.at(around.settings["MOTCUA_CHECKPOINTS"]))
    except (NoStoreError, BaseError, OSError, ValueError) as error:
        return [fail("doctor.drills.unreadable", fix="doctor.drills.hold", why=type(error).__name__)]
    if drill is None:
        return [warn("doctor.drills.none", fix="doctor.drills.hold")]
    told = {"at": drill.at, "days": age(drill), "seconds": drill.seconds}
    if drill.problems:
        return [fail("doctor.drills.faults", fix="doctor.drills.hold", problems=drill.problems, **told)]
    if age(drill) > DAYS:
        return [warn("doctor.drills.old", fix="doctor.drills.hold", **told)]
    return [ok("doctor.drills.well", **told)]
