"""Numbers without gaps: dossier codes, receipts, requests for money, consignments."""

from __future__ import annotations

from collections.abc import Mapping

from activities.ledger.database import Connection
from rules.streams import Numbering
from rules.time.working_time import VIETNAM
from schemas.base import Model, numbered_fields
from schemas.stream.ledger import Batch


async def number(
    connection: Connection, batch: Batch, event: Model, numberings: Mapping[str, Numbering], numbers: dict[str, str]
) -> Model:
    """Fill the event's numbered fields, each from its counter, which stays locked until the commit."""
    filled: dict[str, str] = {}
    for field, kind in numbered_fields(type(event)).items():
        numbering = numberings[kind]
        period = batch.at.astimezone(VIETNAM).strftime(numbering.period)
        last = await connection.fetchval(
            "insert into counter (agency, kind, period, last) values ($1, $2, $3, 1) "
            "on conflict (agency, kind, period) do update set last = counter.last + 1 returning last",
            batch.agency,
            kind,
            period,
        )
        filled[field] = numbers[kind] = numbering.write(batch.agency, period, last)
    return event.model_copy(update=filled) if filled else event
