"""The purpose of a request for money, in the words of the catalogue and the directory."""

import json
from collections.abc import Mapping
from typing import Any, Final

from temporalio.exceptions import ApplicationError

from activities.ledger.database import ACQUIRE_SECONDS, Pool, mask_database_errors
from activities.partners.money.provider import About, Line
from activities.procedures import Procedures
from rules.require import require
from schemas.filing.events import FeeRequested
from schemas.ids import StreamId, filing_workflow, of_obligation
from schemas.publishing.procedure import Procedure

_FEE: Final = "fee"
"""The code of the single line that replaces all lines of a waived fee."""

_OBLIGATION: Final = "obligation"
"""The code of the single line of an obligation to another authority."""


class Demands:
    """Reads the purpose of payments."""

    def __init__(self, pool: Pool) -> None:
        self._pool = pool
        self._procedures = Procedures(pool)

    async def about(self, stream: StreamId) -> About:
        """Returns the purpose of a stream's payment.

        Raises `no_procedure`, which is retried, if the procedure is no longer in the catalogue.
        """
        with mask_database_errors():
            async with self._pool.acquire(timeout=ACQUIRE_SECONDS) as connection:
                row = require(await connection.fetchrow(_ABOUT, filing_workflow(stream.filing), str(stream.n)))
        filing, asked = json.loads(row["submitted"]), json.loads(row["asked"])
        procedure = await self._procedures.find(filing["procedure"], filing["version"])
        if procedure is None:
            raise ApplicationError("the procedure is not in the catalogue any more", type="no_procedure")
        return About(
            procedure=procedure.code,
            procedure_name=procedure.name.vi,
            agency=row["agency"],
            agency_name=row["name_vi"],
            filing=filing["code"],
            lines=_owed(procedure, asked) if of_obligation(stream.n) else _of_fee(procedure, asked),
        )


def _owed(procedure: Procedure, asked: Mapping[str, Any]) -> tuple[Line, ...]:
    return (Line(code=_OBLIGATION, name=procedure.name.vi, amount=asked["amount"]),)


def _of_fee(procedure: Procedure, asked: Mapping[str, Any]) -> tuple[Line, ...]:
    fee = FeeRequested.model_validate({"kind": "fee_requested", **asked})
    if fee.waived:
        return (Line(code=_FEE, name=procedure.name.vi, amount=fee.amount),)
    names = {item.code: item.name.vi for item in require(procedure.fee).items}
    return tuple(Line(code=one.code, name=names[one.code], amount=one.total) for one in fee.lines)


_ABOUT: Final = """
select first.body as submitted, asked.body as asked, whose.agency, coalesce(name_vi, whose.agency) as name_vi
from event as first
    join event as asked on asked.stream = first.stream and asked.kind in ('fee_requested', 'obligation_demanded')
    cross join lateral (
        select coalesce(convert_from(asked.body, 'UTF8')::jsonb ->> 'agency', asked.agency) as agency
    ) as whose
    left join agency on agency.agency = whose.agency
where first.stream = $1 and first.seq = 1 and convert_from(asked.body, 'UTF8')::jsonb ->> 'n' = $2
"""
"""SQL: the purpose of a payment.

A demand of a tax office names that office; other requests belong to the filing's agency.
"""
