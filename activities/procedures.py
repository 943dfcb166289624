"""The texts of published procedures, as shown on forms."""

from datetime import date
from functools import lru_cache
from typing import Final

from activities.intake import OpenRequest, Registry
from activities.ledger.database import Pool, acquired
from activities.ledger.stream_status import KEPT
from rules.source import published_procedure
from schemas.base import Version
from schemas.filing.submission import Submission
from schemas.ids import filing_id, filing_workflow
from schemas.publishing.procedure import Procedure, ProcedureCode

_PUBLISHED: Final = """
select source, (published_at at time zone 'Asia/Ho_Chi_Minh')::date from procedure where code = $1 and version = $2
"""


class NotPublishedError(Exception):
    """The procedure that governs a filing or its paper is no longer in the catalogue."""


class Procedures:
    """Reads the catalogue. Its errors are those of `mask_database_errors`."""

    def __init__(self, pool: Pool) -> None:
        self._pool = pool

    async def find(self, code: ProcedureCode, version: Version) -> Procedure | None:
        """Returns a published version, or one composed for a province; None if the version does not exist."""
        async with acquired(self._pool) as connection:
            row = await connection.fetchrow(_PUBLISHED, code, version)
        return None if row is None else _read(*row)

    async def published(self, code: ProcedureCode, version: Version) -> Procedure:
        """Returns a version that is in use. Raises `NotPublishedError` if it does not exist."""
        found = await self.find(code, version)
        if found is None:
            raise NotPublishedError
        return found

    async def governing(self, submission: Submission, day: date) -> Procedure | None:
        """Returns a submission's procedure on this day, composed for the agency's province; None if there is none."""
        stream = filing_workflow(filing_id(submission.client_id, submission.submission_id))
        asked = OpenRequest(
            stream=stream, code=submission.procedure, version=submission.version, agency=submission.agency, day=day
        )
        rules = (await Registry(self._pool).open(asked)).procedure
        return None if rules is None else await self.find(rules.code, rules.version)


@lru_cache(KEPT)
def _read(source: bytes, published_on: date) -> Procedure:
    return published_procedure(source, published_on)
