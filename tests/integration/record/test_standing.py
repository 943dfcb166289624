"""What the read model says of where streams stand: which calendar they go by, and which have nothing to do."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any, Final

import pytest

from activities.ledger import stream_status

WRITE: Final = """
insert into standing (stream, kind, filing_id, agency, n, calendar, open, watched_until, heard_as)
select $1, $2, gen_random_uuid(), $3, 1, $4, $5, $6, '{}'
"""
PUBLISH: Final = """
insert into calendar (name, agency, sha256, body, published_at)
select $1, $2, '', convert_to(replace(convert_from(body, 'UTF8'), '"vn"', '"' || $3 || '"'), 'UTF8'), now()
from calendar where agency = '' order by published_at limit 1
"""
"""A calendar like the country's, told from it by its code."""

LATER, EARLIER = (datetime(year, 1, 1, tzinfo=UTC) for year in (2999, 1999))


async def stands(
    connection: Any,
    stream: str,
    *,
    agency: str = "H01.12",
    calendar: str = "old",
    closed: bool = False,
    watched_until: datetime | None = None,
    kind: str = "payment",
) -> None:
    await connection.execute(WRITE, stream, kind, agency, calendar, not closed, watched_until)


async def test_a_stream_is_closed_once_it_is_there_and_no_longer_open(connection: Any) -> None:
    await stands(connection, "open")
    await stands(connection, "closed", closed=True)
    found = [await stream_status.is_closed(connection, stream) for stream in ("open", "closed", "nowhere")]
    assert found == [False, True, False]


@pytest.mark.parametrize(
    ("agency", "code"), [("H01.12", "district"), ("H01.12.3", "district"), ("H01.1", "province"), ("H02", "all")]
)
async def test_a_stream_goes_by_its_calendar_as_the_nearest_agency_above_has_it(
    connection: Any, agency: str, code: str
) -> None:
    for above, its_code in (("", "all"), ("H01", "province"), ("H01.12", "district")):
        await connection.execute(PUBLISH, "mine", above, its_code)
        await connection.execute(PUBLISH, "other", above, "other")
    await stands(connection, "s", agency=agency, calendar="mine")
    found = await stream_status.calendar_of(connection, "s")
    assert found is not None
    assert found.code == code
    assert await stream_status.calendar_of(connection, "nowhere") is None
    await connection.execute(PUBLISH, "newest", "", "vn")
    assert await connection.fetchval(stream_status.IN_FORCE) == "newest"


async def test_those_on_another_calendar_are_told_page_by_page_as_long_as_they_are_open_or_watched(
    connection: Any,
) -> None:
    await stands(connection, "a")
    await stands(connection, "b", calendar="new")
    await stands(connection, "c", closed=True)
    await stands(connection, "d", closed=True, watched_until=LATER)
    await stands(connection, "e", closed=True, watched_until=EARLIER)
    await stands(connection, "f")
    await connection.execute(
        "insert into standing select 'g', 'parcel', gen_random_uuid(), 'H01', 1, 'old', true, null, '{}'"
    )
    pages = [await page(connection, after) for after in ("", "d", "f")]
    assert pages == [["a", "d"], ["f"], []]
    assert await connection.fetchval(stream_status.COUNT_ON_ANOTHER, "new", "payment") == 3


async def page(connection: Any, after: str) -> list[str]:
    return [row["stream"] for row in await connection.fetch(stream_status.NEXT_ON_ANOTHER, "new", "payment", after, 2)]
