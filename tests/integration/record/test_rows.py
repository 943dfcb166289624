"""An append writes the read models of its events; a rebuild writes those of many streams at once."""

from collections.abc import Sequence
from datetime import timedelta
from typing import Any, Final
from uuid import UUID, uuid4

import pytest

from activities.ledger import read_models
from activities.ledger.append import Ledger
from activities.ledger.database import Pool
from activities.ledger.vault import Vault
from operations import rebuilding as shadow
from rules.require import require
from rules.streams import KINDS
from schemas.result.state import Validity
from schemas.stream.ledger import Batch
from schemas.stream.rows import FilingRow, IssuedRow, PaymentRow, Rows, Standing, TaskRow
from tests.acting import AGENCY
from tests.conftest import World
from tests.found import FindingLedger
from tests.integration.record import appends
from tests.integration.record.appends import NOW, RELEASED
from tests.keyed import keyed
from tests.unit.filing.lives import Life
from views.registers.results import of_filing, registered, standing_of

FILING: Final = UUID(int=7)
OPEN: Final = Standing(n=1, calendar="vn@2026.1", open=True)
CLOSED: Final = Standing(n=1, calendar="vn@2026.1", open=False, watched_until=NOW, heard_as=("fee_paid",))
ROW: Final = PaymentRow(
    n=1,
    provider="bank",
    reference="MCAAAAAAAAAAAAAAAA",
    amount=1000,
    state="pending",
    captured=0,
    refunded=0,
    calendar="vn@2026.1",
    due_at=NOW,
    watch_seconds=60,
    seq=1,
    requested_at=NOW,
)
UNTIL: Final = {"limit": "5 working days", "since": NOW, "calendar": "vn@2026.1", "due": NOW}
REQUESTED: Final = UNTIL | {"kind": "payment_requested", "n": 1, "amount": 1000}
ASKED: Final = appends.ASKED | {"amount": 1000}
ORDERED: Final = {"kind": "payment_ordered", "order_id": "o", "code": "0002"}
SUBMITTED: Final = Life().log[0].event.model_copy(update={"code": None})


def task(name: str, **changes: Any) -> TaskRow:
    fields = {"name": name, "agency": AGENCY, "role": "leader", "actions": ("decide",), "overdue": False}
    return TaskRow.model_validate(fields | changes)


def batch(kind: str, *events: dict[str, Any], rows: Rows | None, filing: UUID = FILING, **changes: Any) -> Batch:
    stream = f"filing:{filing}" if kind == "filing" else f"{kind}:{filing}:1"
    return appends.batch(stream, *events, rows=rows, **changes)


def shown(row: PaymentRow | FilingRow, **changes: Any) -> dict[str, Any]:
    return row.model_dump(mode="json") | changes


@pytest.fixture
async def ledger(world: World, pool: Pool) -> Ledger:
    await keyed(world, FILING)
    return FindingLedger(pool, Vault(world.settings.master), KINDS)


async def all_of(pool: Pool, table: str) -> list[dict[str, Any]]:
    return [dict(row) for row in await pool.fetch(f"select * from {table} order by 1, 2, 3")]  # noqa: S608


async def test_the_first_append_writes_rows_with_the_number_it_took(pool: Pool, ledger: Ledger) -> None:
    await ledger.append(batch("filing", ASKED, rows=None))
    answer = await ledger.append(batch("payment", REQUESTED, rows=Rows(standing=OPEN, row=shown(ROW))))
    number = f"{AGENCY}-20261125-P0000001"
    assert [told.event["number"] for told in answer.stored] == [number]
    assert answer.receipts[0].code is None
    assert None not in answer.stored[0].event.values()
    assert (await ledger.append(batch("payment", rows=None))).stored == answer.stored
    whose = {"stream": f"payment:{FILING}:1", "filing_id": FILING, "agency": AGENCY}
    assert await all_of(pool, "payment") == [whose | ROW.model_dump() | {"number": number}]
    [standing] = await all_of(pool, "standing")
    assert standing == whose | {"kind": "payment"} | OPEN.model_dump() | {"heard_as": []}


async def test_what_was_sealed_is_told_again_by_a_new_worker(world: World, pool: Pool, ledger: Ledger) -> None:
    await ledger.append(batch("filing", ASKED, rows=None))
    answer = await ledger.append(batch("payment", REQUESTED | {"payer_account": "an account"}, rows=None))
    assert answer.stored[0].event["payer_account"] == "an account"
    begun = Ledger(pool, Vault(world.settings.master), KINDS)
    assert (await begun.append(batch("payment", rows=None))).stored == answer.stored


async def test_the_number_of_a_fees_receipt_stands_in_its_event_alone(pool: Pool, ledger: Ledger) -> None:
    filing = uuid4()
    code = (await ledger.append(submission(filing))).receipts[0].code
    paid = {"kind": "fee_paid", "n": 1, "amount": 1000, "channel": "counter"}
    rows = Rows(row=shown(FILED, code=code, seq=2))
    answer = await ledger.append(batch("filing", paid, rows=rows, filing=filing, next_seq=2))
    assert answer.stored[0].event["receipt_no"] == f"{AGENCY}-2026-R0000001"
    assert await pool.fetch("select code, seq from filing") == [(code, 2)]


async def test_later_appends_change_the_rows_and_leave_what_they_do_not_bring(pool: Pool, ledger: Ledger) -> None:
    await ledger.append(batch("filing", ASKED, rows=None))
    await ledger.append(batch("payment", REQUESTED, rows=Rows(standing=OPEN, row=shown(ROW))))
    paid = shown(ROW, number="7", state="paid", captured=1000, seq=2)
    await ledger.append(batch("payment", ORDERED, rows=Rows(row=paid), next_seq=2))
    [row], [standing] = await all_of(pool, "payment"), await all_of(pool, "standing")
    assert (row["state"], row["captured"], row["seq"], row["number"]) == ("paid", 1000, 2, "7")
    assert standing["open"] is True
    await ledger.append(batch("payment", ORDERED, rows=Rows(standing=CLOSED), next_seq=3))
    await ledger.append(batch("payment", ORDERED, rows=None, next_seq=4))
    assert await all_of(pool, "payment") == [row]
    [standing] = await all_of(pool, "standing")
    assert (standing["open"], standing["watched_until"], standing["heard_as"]) == (False, NOW, ["fee_paid"])


async def test_tasks_come_change_and_go_with_their_stream(world: World, pool: Pool, ledger: Ledger) -> None:
    async def tasks(seq: int, *given: TaskRow) -> list[dict[str, Any]]:
        await ledger.append(batch("filing", RELEASED, rows=Rows(tasks=given), next_seq=seq))
        rows = await pool.fetch("select *, xmin::text from task where stream = $1 order by name", f"filing:{FILING}")
        return [dict(row) for row in rows]

    other = await keyed(world)
    await ledger.append(batch("filing", RELEASED, rows=Rows(tasks=(task("decide", due_at=NOW),)), filing=other))
    decide, issue = task("decide", due_at=NOW), task("issue", officer="o-1")
    one, two = await tasks(1, decide, issue)
    whose = {"stream": f"filing:{FILING}", "filing_id": FILING}
    assert [{name: row[name] for name in row if name not in {"xmin", "due_key"}} for row in (one, two)] == [
        whose | {**each.model_dump(), "actions": list(each.actions)} for each in (decide, issue)
    ]
    late = task("issue", officer="o-2", actions=("issue", "return"), due_at=NOW, overdue=True)
    stays, changed = await tasks(2, decide, late)
    assert stays == one
    now = (changed["officer"], changed["actions"], changed["due_at"], changed["overdue"])
    assert now == ("o-2", ["issue", "return"], NOW, True)
    assert [row["name"] for row in await tasks(3, late)] == ["issue"]
    assert await tasks(4) == []
    assert [row["filing_id"] for row in await all_of(pool, "task")] == [other]


FILED: Final = FilingRow(
    procedure=SUBMITTED.procedure,
    version=SUBMITTED.version,
    procedure_sha256=SUBMITTED.procedure_sha256,
    calendar="vn@2026.1",
    level=4,
    channel="online",
    result_channel="online",
    status=1,
    stage="intake",
    seq=1,
    submitted_at=NOW,
    overdue=(),
)


def submission(filing: UUID, **changes: Any) -> Batch:
    event = SUBMITTED.model_copy(update=changes)
    rows = Rows(standing=Standing(open=True), row=shown(FILED, procedure=event.procedure))
    return batch("filing", event.model_dump(mode="json"), rows=rows, filing=filing)


async def test_a_filing_that_is_handed_in_has_its_code_its_person_and_what_else_that_person_has_open(
    world: World, pool: Pool, ledger: Ledger
) -> None:
    """The person's other open filings are those of the same procedure, the ten oldest at most."""
    stranger = SUBMITTED.applicant.model_copy(update={"id_number": "001090000099"})
    for unlike in ({"applicant": stranger}, {"procedure": "1.000894"}):
        await ledger.append(submission(uuid4(), **unlike))
    answers = [await ledger.append(submission(uuid4())) for _ in range(12)]
    codes = [f"{AGENCY}-20261125-00000{n:02}" for n in range(3, 15)]
    assert [answer.receipts[0].code for answer in answers] == codes
    assert [answer.stored[0].event["code"] for answer in answers] == codes
    others = [codes[: min(n, 10)] for n in range(12)]
    assert [answer.stored[0].event["possible_duplicates"] for answer in answers] == others
    async with world.connection() as connection:
        person = await Vault(world.settings.master).person(connection, SUBMITTED.applicant.id_number)
        await connection.execute("update filing set closed_at = now() where code = $1", codes[0])
    rows = await pool.fetch("select code, possible_duplicates from filing where person = $1 order by code", person)
    assert [tuple(row) for row in rows][-12:] == list(zip(codes, others, strict=True))
    next_one = await ledger.append(submission(uuid4()))
    assert next_one.stored[0].event["possible_duplicates"] == codes[1:11], "what has ended is none"


async def test_the_receipts_of_what_follows_carry_the_code_of_the_filing(ledger: Ledger) -> None:
    filing = uuid4()
    await ledger.append(submission(filing))
    answers = [
        await ledger.append(batch("filing", RELEASED, rows=rows, filing=filing, next_seq=seq))
        for seq, rows in ((2, Rows(row=shown(FILED, code="the code", seq=2))), (3, Rows()), (4, None))
    ]
    assert [answer.receipts[0].code for answer in answers] == ["the code", None, None]


async def test_the_rows_of_many_streams_are_written_at_once_in_the_place_of_what_was_there(pool: Pool) -> None:
    filings = [uuid4() for _ in range(3)]
    told = [
        batch("payment", rows=Rows(standing=OPEN, row=shown(ROW, number=str(n), reference=f"MC{n}")), filing=filing)
        for n, filing in enumerate(filings)
    ]
    for name, filing in zip(("decide", "issue"), filings, strict=False):
        told.append(batch("filing", rows=Rows(standing=CLOSED, tasks=(task(name),)), filing=filing))
    await write(pool, told)
    assert {row["number"] for row in await all_of(pool, "payment")} == {"0", "1", "2"}
    assert {(row["stream"], row["open"]) for row in await all_of(pool, "standing")} == {
        *((f"payment:{filing}:1", True) for filing in filings),
        *((f"filing:{filing}", False) for filing in filings[:2]),
    }
    tasks = {(row["stream"], row["filing_id"], row["name"]) for row in await all_of(pool, "task")}
    one, two = ((f"filing:{filing}", filing) for filing in filings[:2])
    assert tasks == {(*one, "decide"), (*two, "issue")}
    await write(pool, [batch("filing", rows=Rows(tasks=(task("decide", officer="o"),)), filing=filings[1])])
    left = {(row["stream"], row["name"], row["officer"]) for row in await all_of(pool, "task")}
    assert left == {(one[0], "decide", None), (two[0], "decide", "o")}


async def write(pool: Pool, batches: Sequence[Batch]) -> None:
    changes = [(each, read_models.change(KINDS.of(each.stream), each, {})) for each in batches]
    async with pool.acquire() as connection:
        await read_models.write_all(connection, [(each, change) for each, change in changes if change is not None])


async def test_each_read_model_is_found_by_the_key_that_the_database_has_for_it(pool: Pool) -> None:
    primary_keys = """select conrelid::regclass::text as name, string_agg(attname, ', ' order by place) as key
        from pg_constraint cross join unnest(conkey) with ordinality as part (attnum, place)
            join pg_attribute on attrelid = conrelid and pg_attribute.attnum = part.attnum
        where contype = 'p' group by conrelid"""
    keys = {row["name"]: row["key"] for row in await pool.fetch(primary_keys)}
    found = shadow.read_models(KINDS)
    assert found == {name: keys[name] for name in found}


FILE: Final = {"key": "files/1", "sha256": "c" * 64, "size": 2000, "media_type": "application/pdf"}
ISSUED: Final = {"kind": "result_issued", "result": FILE}
NUMBER: Final = f"{AGENCY}-2026-K0000001"


def issued(**changes: Any) -> dict[str, Any]:
    row = IssuedRow(n=1, outcome="approved", sha256="c" * 64, issued_at=NOW, copies=1)
    return row.model_dump(mode="json") | changes


def issuing(filing: UUID, *events: dict[str, Any], results: tuple[dict[str, Any], ...] = ()) -> Batch:
    return batch("filing", *events, rows=Rows(results=results), filing=filing)


async def test_a_result_is_registered_under_its_agencys_next_number(world: World, pool: Pool, ledger: Ledger) -> None:
    for n in (1, 2):
        answer = await ledger.append(issuing(await keyed(world), ISSUED, results=(issued(),)))
        assert [told.event["number"] for told in answer.stored] == [f"{AGENCY}-2026-K000000{n}"]
        assert answer.receipts[0].code is None
    first, second = await all_of(pool, "result")
    assert (first["number"], second["number"]) == (NUMBER, f"{AGENCY}-2026-K0000002")
    assert (first["state"], first["issued_at"], first["renewed"]) == ("in_force", NOW, [])


async def test_what_was_signed_elsewhere_takes_no_number_and_an_older_result_has_no_row(
    world: World, pool: Pool, ledger: Ledger
) -> None:
    signed = ISSUED | {"registered": f"{AGENCY}-2026-K0000009", "n": 1}
    answer = await ledger.append(issuing(await keyed(world), signed))
    assert answer.refused is not None
    assert [problem.rule for problem in answer.refused.problems] == ["not_recorded"]
    assert await pool.fetch("select * from counter where kind = 'result'") == []
    await ledger.append(issuing(await keyed(world), RELEASED, results=(issued(),)))
    assert await all_of(pool, "result") == []


async def test_whatever_stream_is_folded_first_the_row_is_the_same(pool: Pool) -> None:
    filing = uuid4()
    first = issuing(filing, results=(issued(number=NUMBER, overtaken_at=NOW.isoformat()),))
    ended = {"number": NUMBER, "n": 1, "state": "revoked", "ended_at": NOW.isoformat(), "renewed": ["d" * 64]}
    revoked = issuing(filing, results=(ended,))
    found = []
    for order in ((first, revoked), (revoked, first)):
        await pool.execute("delete from result")
        for each in order:
            await write(pool, [each])
        found.append(await all_of(pool, "result"))
    assert found[0] == found[1]
    assert (found[0][0]["state"], found[0][0]["overtaken_at"]) == ("revoked", NOW)


async def test_anybody_learns_by_number_or_file_if_it_holds(world: World, pool: Pool, ledger: Ledger) -> None:
    await ledger.append(issuing(await keyed(world), ISSUED, results=(issued(),)))
    await pool.execute("update result set renewed = array[$1]", "d" * 64)
    async with pool.acquire() as connection:
        for which in (NUMBER, "c" * 64, "d" * 64, f" {NUMBER}\n"):
            told = require(await standing_of(connection, which))
            assert (told.number, told.validity) == (NUMBER, Validity.IN_FORCE)
        before = require(await standing_of(connection, NUMBER, NOW - timedelta(days=1)))
        assert before.validity is Validity.NOT_ISSUED
        assert await standing_of(connection, "e" * 64) is None
        assert [one.number for one in await registered(connection, AGENCY, 10)] == [NUMBER]
        assert await registered(connection, "H01.12", 10) == ()
        assert await registered(connection, None, 10, before=NUMBER) == ()
        assert await of_filing(connection, "no such code") == ()
