"""The checks of the log: positions, checkpoints, and outcomes at partners that no event records."""

from datetime import timedelta
from typing import Final

from obstore.exceptions import BaseError

from activities.checkpoints.log import CheckpointError, newest_log
from activities.ledger.sequencer import last_position
from motcua.files.store import NoStoreError, StoreFailedError
from operations.doctor.check import Finding, Surroundings, fail, ok, warn
from recovery.checkpoint_store import CHECKPOINTS, SecondPlace
from rules.require import require
from workers.checkpoints import signer_in
from workers.settings import CheckpointSettings

TIMES: Final = 3
"""An event that is in no checkpoint after this number of checkpoint intervals shows that no checkpoints are made."""

_WAITS: Final = """
select clock_timestamp() - e.recorded_at from position p join event e using (stream, seq) where p.position = $1
"""
_FIX: Final = "doctor.checkpoints.make_one"


async def checkpoints(around: Surroundings) -> list[Finding]:
    """Checks that the record is not shorter than the newest checkpoint, and that the next checkpoint is not overdue."""
    try:
        signer = signer_in(around.settings.get("MOTCUA_CHECKPOINT_KEY"))
        log = await newest_log(await SecondPlace.to_write(around.settings[CHECKPOINTS]), signer.verifier.name)
        newest = await log.newest(signer.named(log.origin).verifier)
    except (CheckpointError, RuntimeError, NoStoreError, StoreFailedError, BaseError, OSError) as error:
        why = type(error).__name__ if isinstance(error, BaseError | OSError) else str(error)
        return [fail("doctor.checkpoints.unreadable", fix=_FIX, why=why)]
    size = newest.checkpoint.size if newest else 0
    async with around.record() as connection:
        last = await last_position(connection)
        waits = await connection.fetchval(_WAITS, size + 1)
    if last < size:
        return [fail("doctor.checkpoints.lost", fix=_FIX, last=last, size=size)]
    usual = CheckpointSettings.model_fields["checkpoint_minutes"].default
    patience = timedelta(minutes=TIMES * int(around.settings.get("MOTCUA_CHECKPOINT_MINUTES") or usual))
    if waits is not None and waits > patience:
        return [fail("doctor.checkpoints.late", fix=_FIX, minutes=waits // timedelta(minutes=1))]
    return [ok("doctor.checkpoints.of_events", size=size, last=last)]


LONG: Final = 60
"""The seconds after which an append without a position shows that no relay runs."""

_WAITING: Final = """
select count(*), count(*) filter (where recorded_at < clock_timestamp() - make_interval(secs => $1)) from unpositioned
"""


async def order(around: Surroundings) -> list[Finding]:
    """Reports the number of appends that wait for their position; a failure if one has waited longer than `LONG`."""
    async with around.record() as connection:
        waiting, long = require(await connection.fetchrow(_WAITING, LONG))
    waits = [fail("doctor.order.waiting", appends=long, seconds=LONG)] if long else []
    return waits or [ok("doctor.order.level", appends=waiting)]


UNRECORDED: Final = """
with act (of, kind, field) as (values
    ('payment', 'payment_captured', 'capture_id'),
    ('refund', 'refund_given', 'case'),
    ('parcel', 'consignment_sent', 'waybill')
), running as (
    select stream, act.* from standing join act on of = standing.kind where open
    union
    select stream, act.* from standing join act on of = standing.kind where watched_until is not null
)
select kind, count(*) as acts, min(at) as since
from running cross join lateral (
    select body -> field as number, min(at) as at from finding
    where (finding.stream, finding.kind) = (running.stream, running.kind) group by body -> field
) as done
where at < clock_timestamp() - interval '10 minutes' and 0 = (
    select count(*) from event where (event.stream, event.kind) = (running.stream, running.kind)
        and convert_from(event.body, 'UTF8')::jsonb -> field = number
)
group by kind order by kind
"""
"""SQL: outcomes that are in no event, by kind of event. Reads only open and watched streams: no others have any."""


async def findings(around: Surroundings) -> list[Finding]:
    """Reports payments, refunds and parcels with an outcome that has been known for ten minutes, but is in no event."""
    async with around.record() as connection:
        found = await connection.fetch(UNRECORDED)
    told = [warn("doctor.findings.unrecorded", event=kind, count=acts, since=since) for kind, acts, since in found]
    return told or [ok("doctor.findings.none")]
