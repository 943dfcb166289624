"""Checks that effects happened exactly once in spite of kills: parcels at the post, numbers of results, papers."""

from collections import Counter
from collections.abc import Iterable, Mapping
from itertools import groupby
from typing import Any, Final

import httpx

from console.database import connected

SECOND_NUMBER: Final = frozenset({"result-declined", "result-corrected"})
"""Stories of the demo in which a result that is issued n times takes n + 1 numbers."""


async def not_once(env: Mapping[str, str], filings: Iterable[Mapping[str, Any]]) -> list[str]:
    """Returns a text for each parcel, number and paper that is missing or surplus. `filings`: the demo's report."""
    async with httpx.AsyncClient(base_url=env["MOTCUA_POST_URL"]) as post:
        consignments = (await post.get("/ledger")).raise_for_status().json()["consignments"]
    async with connected(env["MOTCUA_SUPERUSER_DATABASE_URL"]) as connection:
        return [
            *_parcels(dict(map(tuple, await connection.fetch(_PARCELS))), [each["key"] for each in consignments]),
            *_gaps([row["number"] for row in await connection.fetch("select number from result")]),
            *_numbers(dict(map(tuple, await connection.fetch(_NUMBERS))), filings),
            *(f"{row['stream']}: {row['times']} papers about {row['about']}" for row in await connection.fetch(_TWICE)),
        ]


async def unrecorded(env: Mapping[str, str]) -> dict[str, list[str]]:
    """Returns the findings that no event records, by kind: each as its stream and the kinds of the stream's events."""
    async with connected(env["MOTCUA_SUPERUSER_DATABASE_URL"]) as connection:
        rows = await connection.fetch(_UNRECORDED)
    found: dict[str, list[str]] = {}
    for row in rows:
        found.setdefault(row["kind"], []).append(f"{row['stream']}: {', '.join(row['events'] or ())}")
    return found


def _parcels(recorded: Mapping[str, int], at_the_post: list[str]) -> Iterable[str]:
    sent, there = Counter(recorded), Counter(at_the_post)
    for key in sorted(sent.keys() | there.keys()):
        if sent[key] != there[key]:
            yield f"{key}: sent {sent[key]} times, at the post {there[key]} times"


def _gaps(numbers: list[str]) -> Iterable[str]:
    """Yields the gaps in the numbers of each register, by agency and year."""
    for register, found in groupby(sorted(numbers), lambda number: number.rpartition("-")[0]):
        taken = [int(number.rpartition("-K")[2]) for number in found]
        if missing := sorted({*range(1, max(taken) + 1)} - {*taken}):
            yield f"register {register}: {missing} missing of {max(taken)}"


def _numbers(taken: Mapping[str, int], filings: Iterable[Mapping[str, Any]]) -> Iterable[str]:
    for filing in filings:
        wanted = filing["events"].count("result_issued") + (filing["scenario"] in SECOND_NUMBER)
        found = taken.get(filing["filing_id"], 0)
        if found != wanted:
            yield f"{filing['scenario']} {filing['code']}: {found} numbers of results, must be {wanted}"


_PARCELS: Final = """
select stream, count(*) filter (where kind = 'consignment_sent') as sent from event where stream like 'parcel:%'
group by stream
"""
_NUMBERS: Final = "select filing_id::text, count(*) from result group by filing_id"
_UNRECORDED: Final = """
select stream, kind, (select array_agg(kind order by seq) from event where event.stream = finding.stream) as events
from finding where kind <> 'files_examined' and not exists (
    select from event where event.stream = finding.stream and event.kind = finding.kind
        and convert_from(event.body, 'UTF8')::jsonb @> finding.body
) order by kind, stream
"""
_TWICE: Final = """
select stream, convert_from(body, 'utf8')::json->>'paper' || (convert_from(body, 'utf8')::json->'about')::text as about,
count(*) as times from event where kind = 'paper_made' group by 1, 2 having count(*) > 1
"""
