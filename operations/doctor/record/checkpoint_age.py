"""The check that new checkpoints of the record are made."""

from datetime import timedelta
from typing import Final

from obstore.exceptions import BaseError

from activities.checkpoints.events import last_position
from activities.checkpoints.log import Published, newest_log
from activities.checkpoints.place import CheckpointError
from motcua.files.store import NoStoreError
from operations.doctor.finding import Finding, fail, ok
from operations.doctor.surroundings import Connection, Surroundings
from recovery.checkpoint_store import SecondPlace
from workers.checkpoints import signer_in
from workers.settings import CheckpointSettings

TIMES: Final = 3
"""The number of checkpoint intervals after which an event that is in no checkpoint shows that none are made."""

_WAITS: Final = """
select clock_timestamp() - e.recorded_at from position p join event e using (stream, seq) where p.position = $1
"""
_FIX: Final = "doctor.checkpoints.make_one"


async def checkpoints(around: Surroundings) -> list[Finding]:
    """Checks the size of the newest checkpoint against the record, and how long the next event has waited for one."""
    try:
        newest = await _newest(around)
    except (CheckpointError, RuntimeError, NoStoreError, BaseError, OSError) as error:
        why = str(error) if isinstance(error, CheckpointError | RuntimeError) else type(error).__name__
        return [fail("doctor.checkpoints.unreadable", fix=_FIX, why=why)]
    size = newest.checkpoint.size if newest else 0
    async with around.record() as connection:
        return [await _held_against(connection, size, _patience(around))]


async def _newest(around: Surroundings) -> Published | None:
    signer = signer_in(around.settings.get("MOTCUA_CHECKPOINT_KEY"))
    log = await newest_log(SecondPlace.at(around.settings["MOTCUA_CHECKPOINTS"]), signer.verifier.name)
    return await log.newest(signer.named(log.origin).verifier)


def _patience(around: Surroundings) -> timedelta:
    default = CheckpointSettings.model_fields["checkpoint_minutes"].default
    return timedelta(minutes=TIMES * int(around.settings.get("MOTCUA_CHECKPOINT_MINUTES") or default))


async def _held_against(connection: Connection, size: int, patience: timedelta) -> Finding:
    last = await last_position(connection)
    if last < size:
        return fail("doctor.checkpoints.lost", fix=_FIX, last=last, size=size)
    waits = await connection.fetchval(_WAITS, size + 1)
    if waits is not None and waits > patience:
        return fail("doctor.checkpoints.late", fix=_FIX, minutes=waits // timedelta(minutes=1))
    return ok("doctor.checkpoints.of_events", size=size, last=last)
