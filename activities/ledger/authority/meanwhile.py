"""Checks a command that may be recorded only if no person has changed its stream meanwhile."""

from typing import Any, Final

from activities.ledger.database import Connection
from rules.stream_kind import StreamKind
from schemas.errors import Refusal, RefusalCode, problem
from schemas.names import ROLE_NAMES
from schemas.people import OFFICERS, Role
from schemas.stream.ledger import Batch


async def changed_meanwhile(connection: Connection, kind: StreamKind[Any], batch: Batch) -> Refusal | None:
    """Returns the refusal of a batch if an event by a person has a `seq` above the batch's `only_at`; else None.

    The refusal names the last such event and the role of its actor; to an applicant, it names the role only if the
    applicant's timeline shows the event.
    """
    if batch.only_at is None:
        return None
    last = await connection.fetchrow(_LAST, batch.stream, batch.only_at, Role.SYSTEM)
    if last is None:
        return None
    shown = {event.model_fields["kind"].default for event in kind.shown}
    named = batch.actor.role in OFFICERS or last["kind"] in shown
    role = {"role_name": ROLE_NAMES[Role(last["role"])]} if named else {}
    says = None if named else "changed_meanwhile.hidden"
    why = problem("only_at", "changed_meanwhile", says=says, seq=last["seq"], **role)
    return Refusal(code=RefusalCode.CHANGED_MEANWHILE, problems=(why,))


_LAST: Final = """
select seq, kind, convert_from(actor, 'UTF8')::jsonb ->> 'role' as role from event
where stream = $1 and seq > $2 and convert_from(actor, 'UTF8')::jsonb ->> 'role' <> $3 order by seq desc limit 1
"""
