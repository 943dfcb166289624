"""The register of results: the number that a result takes, its row, and who writes what of it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any, Final
from uuid import UUID, uuid4

import asyncpg
import pytest

from activities.ledger import read_models
from activities.ledger.append import Ledger
from activities.ledger.database import Pool
from activities.ledger.vault import Vault
from rules.streams import KINDS
from schemas.base import numbers_taken
from schemas.people import SYSTEM
from schemas.result.state import Validity
from schemas.stream.ledger import Batch
from schemas.stream.rows import IssuedRow, Rows
from tests.acting import VIA
from tests.conftest import World
from tests.keyed import keyed
from verifier.ledger import Rule, verify
from views.registers.results import of_filing, registered, standing_of

AT: Final = datetime(2026, 11, 26, 3, tzinfo=UTC)
AGENCY: Final = "H56.30"
FILE: Final = {"key": "files/1", "sha256": "c" * 64, "size": 2000, "media_type": "application/pdf"}
ISSUED: Final = {"kind": "result_issued", "result": FILE}
NUMBER: Final = f"{AGENCY}-2026-K0000001"


def row(**changes: Any) -> dict[str, Any]:
    return IssuedRow(n=1, outcome="approved", sha256="c" * 64, issued_at=AT, copies=1).model_dump(mode="json") | changes


def batch(filing: UUID, *events: dict[str, Any], results: tuple[dict[str, Any], ...] = (), seq: int = 1) -> Batch:
    return Batch.model_validate(
        {
            "stream": f"filing:{filing}",
            "filing_id": filing,
            "agency": AGENCY,
            "next_seq": seq,
            "command_id": uuid4().hex,
            "digest": "d",
            "actor": SYSTEM,
            "via": VIA,
            "at": AT,
            "events": events,
            "rows": Rows(results=results),
        }
    )


@pytest.fixture
def ledger(world: World, pool: Pool) -> Ledger:
    return Ledger(pool, Vault(world.settings.master), KINDS)


async def rows_of(pool: Pool) -> list[dict[str, Any]]:
    return [dict(found) for found in await pool.fetch("select * from result order by number")]


async def test_a_result_takes_the_next_number_of_its_agency_and_is_registered_under_it(
    world: World, pool: Pool, ledger: Ledger
) -> None:
    for n in (1, 2):
        answer = await ledger.append(batch(await keyed(world), ISSUED, results=(row(),)))
        assert [told.event["number"] for told in answer.stored] == [f"{AGENCY}-2026-K000000{n}"]
        assert answer.receipts[0].code is None
    first, second = await rows_of(pool)
    assert (first["number"], second["number"]) == (NUMBER, f"{AGENCY}-2026-K0000002")
    assert (first["state"], first["issued_at"], first["renewed"]) == ("in_force", AT, [])


async def test_what_was_signed_elsewhere_takes_no_number_and_must_have_been(
    world: World, pool: Pool, ledger: Ledger
) -> None:
    signed = ISSUED | {"registered": f"{AGENCY}-2026-K0000009", "n": 1}
    assert numbers_taken(KINDS["filing"].event(ISSUED)) == {"number": "result"}
    assert numbers_taken(KINDS["filing"].event(signed)) == {}
    answer = await ledger.append(batch(await keyed(world), signed))
    assert answer.refused is not None
    assert [problem.rule for problem in answer.refused.problems] == ["not_recorded"]
    assert await pool.fetch("select * from counter where kind = 'result'") == []


async def test_an_older_result_without_a_number_has_no_row(world: World, pool: Pool, ledger: Ledger) -> None:
    await ledger.append(batch(await keyed(world), {"kind": "released"}, results=(row(),)))
    assert await rows_of(pool) == []


async def test_whatever_stream_is_folded_first_the_row_is_the_same(pool: Pool) -> None:
    filing = uuid4()
    issued = batch(filing, results=(row(number=NUMBER, overtaken_at=AT.isoformat()),))
    ended = {"number": NUMBER, "n": 1, "state": "revoked", "ended_at": AT.isoformat(), "renewed": ["d" * 64]}
    revoked = batch(filing, results=(ended,))
    found = []
    for order in ((issued, revoked), (revoked, issued)):
        changes = [(each, read_models.change(KINDS["filing"], each, {})) for each in order]
        async with pool.acquire() as connection:
            await connection.execute("delete from result")
            for each, change in changes:
                assert change is not None
                await read_models.write_all(connection, [(each, change)])
        found.append(await rows_of(pool))
    assert found[0] == found[1]
    assert (found[0][0]["state"], found[0][0]["overtaken_at"]) == ("revoked", AT)


async def test_anybody_learns_by_number_or_file_whether_it_is_in_force(
    world: World, pool: Pool, ledger: Ledger
) -> None:
    await ledger.append(batch(await keyed(world), ISSUED, results=(row(),)))
    await pool.execute("update result set renewed = array[$1]", "d" * 64)
    async with pool.acquire() as connection:
        for which in (NUMBER, "c" * 64, "d" * 64, f" {NUMBER}\n"):
            told = await standing_of(connection, which)
            assert told is not None
            assert (told.number, told.validity) == (NUMBER, Validity.IN_FORCE)
        before = await standing_of(connection, NUMBER, AT - timedelta(days=1))
        assert before is not None
        assert before.validity is Validity.NOT_ISSUED
        assert await standing_of(connection, "e" * 64) is None
        assert [one.number for one in await registered(connection, AGENCY, 10)] == [NUMBER]
        assert await registered(connection, "H01.12", 10) == ()
        assert await registered(connection, None, 10, before=NUMBER) == ()
        assert await of_filing(connection, "no such code") == ()


async def test_a_number_that_no_result_carries_is_missed(world: World, ledger: Ledger) -> None:
    await ledger.append(batch(await keyed(world), ISSUED, results=(row(),)))
    assert (await verify(world.superuser_dsn)).problems == []
    async with asyncpg.create_pool(world.superuser_dsn, min_size=1, max_size=1) as owner:
        await owner.execute("update counter set last = 2 where kind = 'result'")
    [missing] = (await verify(world.superuser_dsn)).problems
    assert (missing.rule, missing.number) == (Rule.NUMBER_MISSING, f"{AGENCY}-2026-K0000002")
