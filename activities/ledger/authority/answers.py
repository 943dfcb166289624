"""Checks before an event is written that follows from a back office's answer: the agency's own program has signed it.

Anybody with access to Temporal can poll an agency's queue and answer there.
"""

from __future__ import annotations

import logging
from collections.abc import Iterable
from typing import Any, Final

from activities.ledger.authority.principals import principals
from activities.ledger.database import Connection
from activities.ledger.findings import HELD
from rules.identity.statements import Directory, Hearing, Ring, why_not_signed
from rules.stream_kind import StreamKind
from schemas.identity.statement import MAX_STATEMENT, signed
from schemas.ids import StreamId
from schemas.stream.ledger import AgencyAnswer, Batch

_log = logging.getLogger(__name__)


async def unanswered(
    connection: Connection, audience: str, kind: StreamKind[Any], batch: Batch, events: Iterable[Any]
) -> bool:
    """Returns whether an event, or the whole batch, depends on an answer that the agency's program has not signed."""
    stream, said = StreamId.parse(batch.stream), batch.answered
    needed = [one for event in events if (one := kind.office_answer(stream, event, batch.actor)) is not None]
    if said is None:
        unless = [one.unless for one in needed]
        return not all([one and await connection.fetchval(HELD, batch.stream, one.kind, one.id) for one in unless])
    if not all(one.is_given(said) for one in needed):
        return True
    return not await is_signed(connection, audience, batch.stream, said)


async def is_signed(connection: Connection, audience: str, stream: str, said: AgencyAnswer) -> bool:
    """Returns whether a program of the stream's agency has signed this answer to this request. Logs why not.

    The program's key must be valid at the time of the signature, and not be revoked now.
    """
    issuer = _issuer(said.answer.get("statement"))
    ring = Ring([] if issuer is None else await principals(connection, issuer))
    program = None if issuer is None else ring.principal(issuer)
    [asked] = await connection.fetch(_ASKED, stream, program and program.agency)
    hearing = Hearing(ring, audience, asked["now"], fresh=False)
    why = why_not_signed(said, stream, hearing, Directory(asked["agency"], asked["queue"], asked["theirs"]))
    if why is not None:
        _log.warning("answer.not_signed", extra={"stream": stream, "kind": said.act, "reason": why})
    return why is None


def _issuer(text: object) -> str | None:
    """Returns the name of the program that a statement names; None for one that can't be read."""
    try:
        return signed(text).statement.iss if isinstance(text, str) and len(text) <= MAX_STATEMENT else None
    except ValueError:
        return None


_ASKED: Final = """
select named.agency, asked.queue, (select queue from agency where agency = $2) as theirs, clock_timestamp() as now
from (select) as one left join (select agency from stream where stream = $1) as named on true
    left join agency as asked on asked.agency = named.agency
"""
