"""Numbers without gaps: dossier codes, receipts, requests for money, consignments."""

from __future__ import annotations

from typing import Final

from activities.ledger.database import Connection
from rules.time.working_time import VIETNAM
from schemas.base import Model, numbered_fields
from schemas.stream.ledger import Batch

_NUMBERS: Final = {
    "dossier": ("%Y%m%d", "{agency}-{period}-{n:07d}"),
    "payment": ("%Y%m%d", "{agency}-{period}-P{n:07d}"),
    "parcel": ("%Y%m%d", "{agency}-{period}-G{n:07d}"),
    "receipt": ("%Y", "{agency}-{period}-R{n:07d}"),
}


async def number(connection: Connection, batch: Batch, event: Model, numbers: dict[str, str]) -> Model:
    """Fill the event's numbered fields, each from its counter, which stays locked until the commit."""
    filled: dict[str, str] = {}
    for field, kind in numbered_fields(type(event)).items():
        period_format, number_format = _NUMBERS[kind]
        period = batch.at.astimezone(VIETNAM).strftime(period_format)
        last = await connection.fetchval(
            "insert into counter (agency, kind, period, last) values ($1, $2, $3, 1) "
            "on conflict (agency, kind, period) do update set last = counter.last + 1 returning last",
            batch.agency,
            kind,
            period,
        )
        filled[field] = numbers[kind] = number_format.format(agency=batch.agency, period=period, n=last)
    return event.model_copy(update=filled) if filled else event
