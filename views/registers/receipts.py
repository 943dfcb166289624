"""The register of receipts for money (sổ biên lai): its rows, and the gaps in its numbers."""

from typing import Any, Final
from uuid import UUID

from schemas.papers.register import Period
from schemas.papers.state import ReceiptGap, ReceiptRegister, RegisteredReceipt
from schemas.publishing.fee import FeeKind
from views.log import Connection


async def receipts(connection: Connection, agency: str, period: Period, kind: FeeKind | None = None) -> ReceiptRegister:
    """Returns an agency's receipts issued in a period, by number; and the gaps in the period's year."""
    rows = await connection.fetch(_ISSUED, agency, period.since, period.until, kind)
    found = tuple(map(_read, rows))
    year = period.name[:4]
    gaps = [_gap(row) for row in await connection.fetch(_GAPS, agency, year, kind)]
    return ReceiptRegister(
        agency=agency,
        period=period.name,
        receipts=found,
        issued=sum(one.amount for one in found if one.voided_at is None),
        void=sum(one.amount for one in found if one.voided_at is not None),
        gaps=tuple(gap for gap in gaps if gap.missing),
    )


async def receipt_of(connection: Connection, number: str) -> RegisteredReceipt | None:
    """Returns the row of a number; None if nobody has taken it."""
    row = await connection.fetchrow(f"{_SELECT} where receipt.number = $1", number.strip())
    return None if row is None else _read(row)


async def receipts_of(connection: Connection, filing_id: UUID) -> tuple[RegisteredReceipt, ...]:
    """Returns the receipts for the money of a filing, in the order of issue."""
    return tuple(map(_read, await connection.fetch(_OF_FILING, filing_id)))


def _read(row: Any) -> RegisteredReceipt:
    return RegisteredReceipt.model_validate(dict(row) | {"filing_id": str(row["filing_id"])})


def _gap(row: Any) -> ReceiptGap:
    kind = FeeKind(str(row["kind"]).removeprefix("receipt_"))
    return ReceiptGap(kind=kind, year=row["period"], missing=tuple(map(str, row["missing"])))


_SELECT: Final = """
select receipt.number, receipt.agency, receipt.kind, series, receipt.filing_id, filing.code, fee, amount, issued_at,
    voided_at, replaces, (select other.number from money_receipt as other where other.replaces = receipt.number limit 1)
        as replaced_by
from money_receipt as receipt left join filing using (filing_id)
"""
_OF_FILING: Final = f"{_SELECT} where receipt.filing_id = $1 order by issued_at, receipt.number"
_ISSUED: Final = f"""
{_SELECT}
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
"""SQL: the numbers that the counter has assigned and no receipt has. At most 100 of them are named."""
