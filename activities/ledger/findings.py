"""Findings: outcomes of examinations and of acts outside our platform. An activity stores them before it answers.

Anybody with access to Temporal can answer a workflow in place of an activity. So an event that follows from such an
answer is written only if its finding is in the record: the append's own SQL statement compares the event with it.
"""

from typing import Final

from activities.ledger.database import Pool, acquired
from activities.support.failpoint import failpoint
from rules.evidence import Finding


class Findings:
    """The findings in the record. A stored finding is never changed or deleted."""

    def __init__(self, pool: Pool) -> None:
        self._pool = pool

    async def keep(self, stream: str, *found: Finding) -> None:
        """Stores each finding. A finding that is stored already is not changed."""
        if not found:
            return
        rows = [(stream, one.kind, one.id, one.body) for one in found]
        async with acquired(self._pool) as connection:
            await connection.executemany(_KEEP, rows)
        failpoint("finding.kept")

    async def hold(self, stream: str, one: Finding) -> bool:
        """Returns whether the finding is stored."""
        async with acquired(self._pool) as connection:
            return bool(await connection.fetchval(HELD, stream, one.kind, one.id))


HELD: Final = "select exists (select from finding where (stream, kind, id) = ($1, $2, $3))"
_KEEP: Final = "insert into finding (stream, kind, id, body) values ($1, $2, $3, $4) on conflict do nothing"
