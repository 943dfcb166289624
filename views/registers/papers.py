"""The official papers of a filing, its control slip, and the register of receipts for money (sổ biên lai)."""

import json
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from rules.papers.hands import hands
from rules.papers.register import effort
from schemas.errors import RefusalCode, RefusalError
from schemas.filing.state import Filing
from schemas.ids import StreamId, papers_stream
from schemas.papers.register import ControlSlip, Deed, Hand, Period
from schemas.papers.state import OfficialPaper, PaperKind, ReceiptGap, ReceiptRegister, RegisteredReceipt
from schemas.publishing.fee import FeeKind
from schemas.publishing.procedure import Baseline
from views.log import Connection, Log


async def papers(log: Log, stream: str) -> tuple[OfficialPaper, ...]:
    """Returns the official papers of the filing that this stream belongs to, in the order in which they were made."""
    try:
        told = await log.read(papers_stream(StreamId.parse(stream).filing))
    except RefusalError as error:
        if error.refusal.code is not RefusalCode.NOT_FOUND:
            raise
        return ()
    made: tuple[OfficialPaper, ...] = told.state.made
    return made


@dataclass(frozen=True)
class IssuedPaper:
    """A paper in the record: its kind, code and agency, the SHA-256 of its template, and whether it is sealed."""

    paper: PaperKind
    code: str
    agency: str
    made_at: datetime
    template: str
    sealed: bool


async def issued_paper(connection: Connection, code: str, sha256: str) -> IssuedPaper | None:
    """Returns the paper of this filing (by dossier code) whose file has this digest; None if there is none."""
    row = await connection.fetchrow(_ISSUED, code, sha256)
    if row is None:
        return None
    made = json.loads(row["made"])
    about = (row["code"], row["agency"], row["recorded_at"])
    return IssuedPaper(PaperKind(made["paper"]), *about, made["template"], made["signed"])


_ISSUED: Final = """
select code, agency, recorded_at, made from (
    select filing.code, event.agency, recorded_at, convert_from(event.body, 'UTF8')::jsonb as made
    from filing join event on event.stream = 'papers:' || filing.filing_id and kind = 'paper_made'
    where filing.code = $1
) as issued where made #>> '{file,sha256}' = $2 limit 1
"""


async def control_slip(log: Log, stream: str, baseline: Baseline | None) -> ControlSlip:
    """Returns a filing's control slip. `baseline`: the procedure's effort at level 1. Raises `Log.read`'s errors."""
    told = await log.read(stream)
    filing: Filing = told.state
    found = hands(told.events, filing, told.as_of)
    acted: list[Hand | Deed] = [*found, *(deed for hand in found for deed in hand.done)]
    officers = {name for one in acted for name in (one.subject, one.acting_for, one.accountable)} - {None}
    return ControlSlip(
        filing_id=filing.filing_id,
        code=filing.code or "",
        agency=filing.agency,
        procedure=filing.procedure.code,
        version=filing.procedure.version,
        as_of=told.as_of,
        hands=found,
        officers=dict(await log.connection.fetch(_NAMES, list(officers))),
        effort=effort(told.events, filing, told.as_of, baseline),
    )


_NAMES: Final = "select subject, min(name) from officer where subject = any($1) group by subject"


async def receipts(connection: Connection, agency: str, period: Period, kind: FeeKind | None = None) -> ReceiptRegister:
    """Returns an agency's receipts of a period, ordered by number, and the numbers missing in the period's year."""
    rows = await connection.fetch(_ISSUED_RECEIPTS, agency, period.since, period.until, kind)
    found = tuple(map(_receipt, rows))
    gaps = [
        ReceiptGap(
            kind=FeeKind(row["kind"].removeprefix("receipt_")),
            year=row["period"],
            missing=tuple(map(str, row["missing"])),
        )
        for row in await connection.fetch(_GAPS, agency, period.name[:4], kind)
        if row["missing"]
    ]
    return ReceiptRegister(
        agency=agency,
        period=period.name,
        receipts=found,
        issued=sum(one.amount for one in found if one.voided_at is None),
        void=sum(one.amount for one in found if one.voided_at is not None),
        gaps=tuple(gaps),
    )


async def receipt_of(connection: Connection, number: str) -> RegisteredReceipt | None:
    """Returns the register's row of a receipt number; None if no receipt has the number."""
    row = await connection.fetchrow(f"{_RECEIPTS} where receipt.number = $1", number.strip())
    return None if row is None else _receipt(row)


async def receipts_of(connection: Connection, filing_id: UUID) -> tuple[RegisteredReceipt, ...]:
    """Returns the receipts for the money of a filing, in the order of issue."""
    return tuple(map(_receipt, await connection.fetch(_RECEIPTS_OF_FILING, filing_id)))


def _receipt(row: Any) -> RegisteredReceipt:
    return RegisteredReceipt.model_validate(dict(row) | {"filing_id": str(row["filing_id"])})


_RECEIPTS: Final = """
select receipt.number, receipt.agency, receipt.kind, series, receipt.filing_id, filing.code, fee, amount, issued_at,
    voided_at, replaces, (select other.number from money_receipt as other where other.replaces = receipt.number limit 1)
        as replaced_by
from money_receipt as receipt left join filing using (filing_id)
"""
_RECEIPTS_OF_FILING: Final = f"{_RECEIPTS} where receipt.filing_id = $1 order by issued_at, receipt.number"
_ISSUED_RECEIPTS: Final = f"""
{_RECEIPTS}
where receipt.agency = $1 and issued_at >= $2 and issued_at < $3 and ($4::text is null or receipt.kind = $4)
order by receipt.kind desc, receipt.number
"""
_GAPS: Final = """
select counter.kind, period, array(
    select generate_series(1, last) except
    select right(number, 7)::bigint from money_receipt as receipt
    where receipt.agency = counter.agency and not given and receipt.kind = substr(counter.kind, 9)
        and starts_with(number, format('%s-%s-', counter.agency, period))
    order by 1 limit 100
) as missing
from counter
where agency = $1 and period = $2 and counter.kind in ('receipt_phi', 'receipt_le_phi')
    and ($3::text is null or counter.kind = 'receipt_' || $3)
order by counter.kind desc
"""
"""SQL: the assigned numbers that no receipt has; at most 100 of them are listed."""
