"""The append alone, on PostgreSQL: the order of its writes, and the claims that it refuses."""

import asyncio
from collections.abc import AsyncIterator, Awaitable
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any, Final, cast
from urllib.parse import urlsplit, urlunsplit
from uuid import uuid4

import pytest
from temporalio.exceptions import ApplicationError

from activities.intake import OpenRequest, Registry
from activities.ledger import append as appending
from activities.ledger import builds
from activities.ledger.append import Ledger
from activities.ledger.reserving import Reserving
from activities.ledger.vault import KeyGoneError, Vault
from rules.require import require
from rules.streams import KINDS
from schemas.errors import RefusalCode
from schemas.filing import commands as cm
from schemas.filing import events as ev
from schemas.filing.events import Accountable
from schemas.ids import filing_workflow
from schemas.people import SYSTEM, Actor, Role
from schemas.stream.ledger import Appended, Receipt
from tests.acting import AGENCY, BIRTH, VERSION, Play, birth, eventually, officer
from tests.any_files import any_file_activities
from tests.conftest import World
from tests.integration.record.appends import ASKED, NOW, RELEASED, WAITING, captured, opened
from tests.unit.filing.lives import Life
from workers.wiring import open_pool, platform_worker

PAID: Final = {"kind": "fee_paid", "n": 1, "amount": 16000, "channel": "online"}


async def test_a_fee_is_paid_online_only_by_the_money_that_its_payment_has_recorded(world: World) -> None:
    async with opened(world) as log:
        await log.append(ASKED)
        for money in (captured(15999, owed=True), captured(16000, owed=False)):
            assert await log.rule(PAID) == "not_recorded"
            assert (await log.append(money, stream="payment")).refused is None
        assert await log.rule(PAID) == "not_recorded"
        await log.append(captured(16000, owed=True), stream="payment")
        assert await log.rule(PAID) is None


async def test_a_fee_lets_go_of_its_payment_once_it_is_asked_for_anew_or_its_filing_has_ended(world: World) -> None:
    async with opened(world) as log:

        async def let_go(n: int) -> bool:
            cancelled = log.batch({"kind": "payment_cancelled", "reason": "-"}, stream="payment")
            named = cancelled.model_copy(update={"stream": f"payment:{log.filing}:{n}"})
            return (await log.ledger.append(named)).refused is None

        await log.append(ASKED)
        assert not await let_go(1)
        await log.append(ASKED | {"n": 2})
        assert [await let_go(n) for n in (1, 2)] == [True, False]
        await log.append({"kind": "withdrawn", "reason": "-"})
        assert await let_go(2)
        await log.append(ASKED | {"n": 3})
        assert not await let_go(3), "what ended before it was asked for"


async def test_a_complaint_is_about_what_its_filing_has_recorded_and_settled_once_it_has_started_again(
    world: World,
) -> None:
    settled = {"kind": "complaint_settled", "reopened": True}
    by = {"officer": "h01.12-leader-2"}
    upheld = by | {"kind": "complaint_answered", "about": 9, "outcome": "upheld", "reason": "-", "legal_basis": "-"}
    async with opened(world) as log:
        assert (await log.append(settled, stream="complaint")).refused is not None
        assert (await log.append(settled | {"reopened": False}, stream="complaint")).refused is None
        await log.append(upheld, stream="complaint")
        await log.append(by | {"kind": "reopened", "complaint": 1, "about": 9})
        assert (await log.append(settled, stream="complaint")).refused is None


async def test_a_log_with_a_gap_takes_nothing(world: World) -> None:
    async with opened(world) as log:
        await log.append(ASKED)
        with pytest.raises(ApplicationError) as error:
            await log.append(RELEASED, next_seq=3)
        assert (error.value.type, error.value.non_retryable) == (RefusalCode.LEDGER_CONFLICT, True)
        assert await world.fetchval("select count(*) from event where filing_id is not null") == 1


async def test_only_a_filing_and_its_papers_go_to_another_agency(world: World) -> None:
    settled = {"kind": "complaint_settled", "reopened": False}
    async with opened(world) as log:
        await log.append(settled, stream="complaint")
        with pytest.raises(ApplicationError, match="another agency's") as error:
            await log.append(settled, stream="complaint", agency="H01.13")
        assert (error.value.type, error.value.non_retryable) == (RefusalCode.LEDGER_CONFLICT, True)
        held = await log.append(settled, stream="complaint", agency="H01.13", next_seq=1)
        assert (held.agency, (await log.append(stream="complaint", agency="H01.13")).agency) == (AGENCY, None)
        await log.append(ASKED)
        assert [stored.seq for stored in (await log.append(RELEASED, agency="H01.13")).stored] == [2]


async def test_no_event_is_recorded_before_the_one_it_follows(world: World) -> None:
    async with opened(world) as log, world.connection() as connection:
        await log.append(ASKED)
        later = "update stream set head_at = now() + interval '1 hour' where filing_id is not null returning head_at"
        ahead = await connection.fetchval(later)
        await log.append(RELEASED, RELEASED)
        recorded = await connection.fetch("select recorded_at from event where seq > 1 and filing_id is not null")
        assert [row["recorded_at"] for row in recorded] == [ahead, ahead]
        assert ahead > datetime.now(UTC) + timedelta(minutes=50)


async def test_a_task_is_given_to_no_officer_who_has_left(world: World) -> None:
    async with opened(world) as log, world.connection() as connection:
        await log.append(ASKED)
        given = {"kind": "reassigned", "officer": officer(Role.SPECIALIST).subject, "role": "specialist"}
        assert await log.rule(given | {"role": "leader"}) == "not_in_directory"
        await connection.execute("update officer set active = false where subject = $1", given["officer"])
        assert await log.rule(given) == "not_in_directory"
        await connection.execute("update officer set active = true where subject = $1", given["officer"])
        assert await log.rule(given) is None


async def test_who_looks_for_a_persons_filings_holds_up_whoever_looks_for_the_same_persons(world: World) -> None:
    submitted = Life().log[0].event
    assert isinstance(submitted, ev.Submitted)
    vault = Vault(world.settings.master)
    free: Final = "select pg_try_advisory_xact_lock($1)"
    async with opened(world) as log, world.connection() as first, world.connection() as second:
        one = await vault.person(first, submitted.applicant.id_number, first=True)
        other = await vault.person(first, "001090000099")
        reserving = Reserving(vault, KINDS.numberings)
        async with reserving.reserved(cast("Any", first), log.batch(ASKED), [submitted]), second.transaction():
            held, apart = (int.from_bytes(person[:8], "big", signed=True) for person in (one, other))
            assert (await second.fetchval(free, held), await second.fetchval(free, apart)) == (False, True)
        assert await second.fetchval(free, held) is True


async def test_the_promoted_build_takes_over_what_it_reads_and_nothing_newer(world: World) -> None:
    async with opened(world) as log, world.connection() as connection:
        given = cast("Any", connection)
        await log.append(ASKED)
        stream = log.batch().stream

        async def takes(snapshot: int, of: str = stream) -> bool:
            return await builds.can_take_over(given, "filing", of, snapshot)

        newest = KINDS["filing"].reads.snapshot
        await builds.register(given, "old", KINDS)
        assert not await takes(newest)  # nobody is promoted
        await connection.execute("update build set promoted_at = now() where build = 'old'")
        assert [await takes(newest), await takes(newest + 1)] == [True, False]
        assert not await builds.can_take_over(given, "appeal", stream, 1)
        await connection.execute(
            """
            insert into build (build, reads, promoted_at) values ('new', jsonb_build_object('kinds', jsonb_build_object(
                'filing', jsonb_build_object('snapshot', $1::int, 'events', '{}'::jsonb))), now() + interval '1 s')
            """,
            newest,
        )
        assert [await takes(newest), await takes(newest, "filing:nothing")] == [False, True]
        await builds.register(given, "new", KINDS)
        assert await takes(newest)


async def test_what_is_appended_is_answered_with_its_receipt_and_stands_in_the_log(world: World) -> None:
    async with opened(world) as log, world.connection() as connection:
        answer = await log.append(ASKED, RELEASED, command_id="c")
        receipt = Receipt(command_id="c", digest="d", seq=2, at=NOW)
        assert (answer.epoch, answer.command_id, answer.receipts) == (1, "c", (receipt,))
        assert [(told.seq, told.at, told.command_id, told.actor) for told in answer.stored] == [
            (seq, NOW, "c", SYSTEM) for seq in (1, 2)
        ]
        assert [told.event for told in answer.stored] == [ASKED | {"waived": 0}, RELEASED]
        [kept] = await connection.fetch("select * from receipt where filing_id is not null")
        assert (kept["stream"], kept["filing_id"], kept["agency"]) == (log.batch().stream, log.filing, AGENCY)
        assert (kept["command_id"], kept["digest"], kept["seq"]) == ("c", "d", 2)
        assert Receipt.model_validate_json(kept["body"]) == receipt
        assert b"null" not in kept["body"]
        one, two = await connection.fetch(
            "select seq, kind, version, prev_hash, hash from event where filing_id is not null order by seq"
        )
        assert [tuple(row)[:3] for row in (one, two)] == [(1, "fee_requested", 1), (2, "released", 1)]
        assert (one["prev_hash"], two["prev_hash"]) == (bytes(32), one["hash"])
        [head] = await connection.fetch("select * from stream where filing_id is not null")
        assert (head["head_seq"], head["head_hash"], head["epoch"]) == (2, two["hash"], 1)


async def test_who_asks_is_told_what_the_log_holds_and_under_which_epoch(world: World) -> None:
    async with opened(world) as log, world.connection() as connection:
        assert await log.append(command_id="ask") == Appended(epoch=1, command_id="ask")
        await log.append(ASKED, command_id="c1")
        claimed = {"kind": "claimed", "officer": "o-1"}
        await log.append(RELEASED, claimed, command_id="c2")
        await connection.execute("update stream set epoch = 3 where filing_id is not null")
        told = await log.append(next_seq=2, command_id="ask")
        assert (told.epoch, told.command_id, told.more) == (3, "ask", False)
        assert [(one.seq, one.event) for one in told.stored] == [(2, RELEASED), (3, claimed)]
        assert [(one.command_id, one.seq) for one in told.receipts] == [("c2", 3)]
        assert (await log.append(next_seq=4)).epoch == 3


async def test_a_command_that_was_recorded_long_before_is_answered_with_its_receipt_alone(world: World) -> None:
    async with opened(world) as log, world.connection() as connection:
        first = await log.append(ASKED, command_id="c1")
        head = (await log.append(RELEASED)).head
        await connection.execute("update stream set epoch = 2 where filing_id is not null")
        for events in ((), (RELEASED,)):
            again = await log.append(*events, command_id="c1")
            assert again == Appended(epoch=2, command_id="c1", receipts=first.receipts, head=head)
        assert await connection.fetchval("select count(*) from event where filing_id is not null") == 2


async def test_an_answer_holds_no_more_events_than_a_page_and_says_that_there_are_more(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(appending, "_MOST_EVENTS", 2)
    async with opened(world) as log:
        for _ in range(3):
            await log.append(RELEASED)
        pages = [await log.append(next_seq=seq) for seq in (1, 2, 3)]
    told = [([one.seq for one in page.stored], [one.seq for one in page.receipts], page.more) for page in pages]
    assert told == [([1, 2], [1, 2], True), ([2, 3], [2, 3], False), ([3], [3], False)]


@pytest.mark.parametrize(("most", "held"), [(0, 1), (29, 1), (30, 2), (31, 2), (45, 3), (1000, 3)])
def test_a_page_holds_no_more_bytes_than_it_may_but_always_one_event(
    monkeypatch: pytest.MonkeyPatch, most: int, held: int
) -> None:
    monkeypatch.setattr(appending, "_MOST_BYTES", most)
    rows: list[dict[str, Any]] = [
        {"body": bytes(10), "sealed": bytes(5)},
        {"body": bytes(15), "sealed": None},
        {"body": bytes(15), "sealed": b""},
    ]
    assert appending._page(rows) == rows[:held]


async def test_a_run_that_is_to_make_way_is_told_whether_the_promoted_build_can_go_on(world: World) -> None:
    snapshot = KINDS["filing"].reads.snapshot
    async with opened(world) as log, world.connection() as connection:
        await builds.register(cast("Any", connection), "b", KINDS)
        await connection.execute("update build set promoted_at = now()")
        answers = [await log.append(RELEASED, moves_with=each) for each in (None, snapshot, snapshot + 1)]
        assert [answer.moves for answer in answers] == [None, True, False]
        await connection.execute("update build set reads = jsonb_set(reads, '{kinds,filing,events}', '{}')")
        assert (await log.append(RELEASED, moves_with=snapshot)).moves is False


async def test_an_officer_writes_in_a_role_that_the_directory_gives_while_they_are_at_work(world: World) -> None:
    specialist = officer(Role.SPECIALIST)
    others = ({"subject": "nobody"}, {"role": Role.LEADER}, {"agency": "H01.12"}, {"agency": None})
    async with opened(world) as log, world.connection() as connection:

        async def refused(actor: Actor) -> list[tuple[str, str]]:
            answer = await log.append(PAID, actor=actor)
            assert (answer.epoch, answer.stored, answer.receipts) == (1, (), ())
            assert answer.refused is not None
            assert answer.refused.code is RefusalCode.NOT_AUTHORISED
            return [(problem.field, problem.rule) for problem in answer.refused.problems]

        assert (await log.append(ASKED, actor=specialist)).refused is None
        for changes in others:
            found = await refused(specialist.model_copy(update=changes))
            assert found == [("actor", "not_in_directory"), ("", "not_recorded")]
        await connection.execute("update officer set active = false where subject = $1", specialist.subject)
        await log.append(captured(16000, owed=True), stream="payment")
        assert await refused(specialist) == [("actor", "not_in_directory")], "what is borne out is not held against it"
        assert (await log.append(RELEASED, actor=Actor(subject="an", role=Role.APPLICANT))).refused is None


async def test_to_a_payment_nobody_writes_but_the_system(world: World) -> None:
    async with opened(world) as log:
        answer = await log.append(captured(1, owed=False), stream="payment", actor=officer(Role.SPECIALIST))
        assert answer.refused is not None
        assert [(each.field, each.rule) for each in answer.refused.problems] == [("actor.role", "may_not_write")]
        assert (await log.append(captured(1, owed=False), stream="payment")).refused is None


async def test_a_batch_is_taken_if_what_bears_it_out_is_recorded_while_it_waits(world: World) -> None:
    async with opened(world) as log, world.connection() as connection:
        await log.append(ASKED)
        async with connection.transaction():
            await connection.execute("select from stream for no key update")
            waiting = asyncio.create_task(log.append(PAID))
            await eventually(lambda: connection.fetchval(WAITING), bool)
            await log.append(captured(16000, owed=True), stream="payment")
        assert [told.seq for told in (await waiting).stored] == [2]


async def test_what_begins_while_a_filing_is_erased_waits_and_is_refused(world: World) -> None:
    async with opened(world) as log, world.connection() as eraser, world.connection() as connection:
        await log.append(ASKED)
        async with eraser.transaction():
            await eraser.execute("select from stream where stream = $1 for update", log.batch().stream)
            begun = asyncio.create_task(log.rule(captured(16000, owed=True), stream="payment"))
            await eventually(lambda: connection.fetchval(WAITING), bool)
            await eraser.execute("update stream set erased_at = now() where filing_id = $1", log.filing)
        assert await begun == "erased"
        assert await connection.fetchval("select count(*) from event where filing_id is not null") == 1


@pytest.mark.parametrize(
    ("changes", "why"),
    [
        ({"epoch": 1}, "a later run has taken this stream over"),
        ({"epoch": 3}, "a later run has taken this stream over"),
        ({"epoch": 2, "next_seq": 3}, "the log holds less than this run has seen"),
    ],
)
async def test_a_run_that_has_lost_its_stream_is_told_why_and_counted(
    world: World, changes: dict[str, Any], why: str
) -> None:
    async with opened(world) as log, world.connection() as connection:
        await log.append(ASKED)
        await connection.execute("update stream set epoch = 2 where filing_id is not null")
        with pytest.raises(ApplicationError, match=why) as error:
            await log.append(RELEASED, **changes)
        assert error.value.type == "ledger_conflict"
        assert log.meter.told["motcua_ledger_conflicts_total"][len(KINDS) :] == [(1, {"kind": "filing"})]
        assert (await log.append(RELEASED, epoch=2)).epoch == 2


async def test_who_gets_no_connection_in_time_is_told_that_the_ledger_could_not_be_reached(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("activities.ledger.database.ACQUIRE_SECONDS", 0.01)
    async with opened(world) as log, log.pool.acquire(), log.pool.acquire():
        with pytest.raises(ApplicationError) as error:
            await log.append(ASKED)
        assert (error.value.type, error.value.non_retryable) == ("ledger_unavailable", False)
        assert error.value.message == "the ledger could not be reached: TimeoutError"


async def test_what_the_database_complains_of_does_not_leave_it(world: World) -> None:
    async with opened(world) as log, world.connection() as connection:
        await connection.execute("drop table receipt")
        with pytest.raises(ApplicationError) as error:
            await log.append(ASKED)
    assert error.value.message == "the ledger could not be reached: UndefinedTableError"
    assert error.value.__cause__ is None
    assert error.value.__suppress_context__


async def test_without_its_filings_key_nothing_is_taken_and_no_other_key_is_made(world: World) -> None:
    handed_in = Life().log[0].event.model_copy(update={"code": None}).model_dump(mode="json")
    async with opened(world) as log, world.connection() as connection:
        applicant = Actor(subject="an", role=Role.APPLICANT)
        submission = log.batch(handed_in, actor=applicant)
        await log.ledger.append(submission)
        took = await connection.fetch("delete from filing_key returning filing_id, agency, key_id, wrapped, wrapped_by")
        begun = Ledger(log.pool, Vault(world.settings.master), KINDS)
        answer = await begun.append(log.batch(RELEASED, actor=applicant, next_seq=2))
        assert answer.refused is not None
        assert [(each.field, each.rule) for each in answer.refused.problems] == [("", "key_gone")]
        claimed = {"kind": "compensation_claimed", "officer": "o", "reference": "1"}
        answer = await begun.append(log.batch(claimed, stream="parcel", actor=officer(Role.HANDOVER)))
        assert "key_gone" in [each.rule for each in require(answer.refused).problems]
        for again in (submission, log.batch(RELEASED, next_seq=2), log.batch(PAID, next_seq=2)):
            with pytest.raises(KeyGoneError, match="the filing's key is gone"):
                await begun.append(again)
        assert await connection.fetchval("select count(*) from filing_key") == 0
        assert await connection.fetchval("select head_seq from stream where filing_id is not null") == 1
        await connection.executemany("insert into filing_key values ($1, $2, $3, $4, $5)", [tuple(row) for row in took])
        assert (await begun.append(log.batch(RELEASED, next_seq=2))).stored[0].seq == 2


NAMED: Final = "h56.30-leader-1"


async def accountable(world: World, stream: str | None = None) -> Accountable:
    asked = OpenRequest(stream=stream or filing_workflow(uuid4()), code=BIRTH, version=VERSION, agency=AGENCY)
    async with open_pool(world.settings) as pool:
        return (await Registry(pool).open(asked)).accountable


@pytest.mark.parametrize(
    ("change", "standing"),
    [
        ("select", NAMED),
        ("insert into officer values ('H56.30', 'a-leader', 'leader', 'who is not named')", NAMED),
        ("update officer set active = false where subject = 'h56.30-leader-1'", None),
        ("update officer set role = 'specialist' where subject = 'h56.30-leader-1'", None),
        ("update officer set agency = 'H01.12' where subject = 'h56.30-leader-1'", None),
    ],
)
async def test_for_a_new_filing_answers_an_active_leader_of_the_agency_whom_the_procedure_names(
    world: World, change: str, standing: str | None
) -> None:
    await world.execute(change)
    assert (await accountable(world)).standing == standing


async def test_of_a_filing_that_has_begun_the_log_says_who_answers_for_it(world: World) -> None:
    async with world.platform():
        play = await Play.begin(world, birth())
    assert await accountable(world, filing_workflow(play.filing)) == Accountable()


@dataclass
class Wire:
    """A proxy between the platform and PostgreSQL; `trips` counts the answers that went through it."""

    trips: int = 0

    async def carry(self, to_server: asyncio.StreamReader, server: asyncio.StreamWriter) -> None:
        while said := await to_server.read(65_536):
            server.write(said)
        server.close()

    async def count(self, from_server: asyncio.StreamReader, platform: asyncio.StreamWriter) -> None:
        while not from_server.at_eof():
            head = await from_server.readexactly(5)
            platform.write(head + await from_server.readexactly(int.from_bytes(head[1:], "big") - 4))
            self.trips += head.startswith(b"Z")  # it ends an answer, and waits for the next question


@asynccontextmanager
async def wired(world: World) -> AsyncIterator[tuple[World, Wire]]:
    """Runs the platform with one connection to PostgreSQL, through a counting proxy; yields the world and the proxy."""
    address, wire = urlsplit(world.app_dsn), Wire()

    async def accept(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        from_server, server = await asyncio.open_connection(address.hostname, address.port)
        try:
            await asyncio.gather(wire.carry(reader, server), wire.count(from_server, writer))
        except (asyncio.IncompleteReadError, ConnectionError):
            pass
        finally:
            server.close()
            writer.close()

    async with await asyncio.start_server(accept, "127.0.0.1", 0) as listening:
        port = listening.sockets[0].getsockname()[1]
        user, _, _ = address.netloc.rpartition("@")
        through = replace(world, app_dsn=urlunsplit(address._replace(netloc=f"{user}@127.0.0.1:{port}")))
        settings = through.settings.model_copy(update={"pool_size": 1})
        async with any_file_activities(settings) as functions, platform_worker(world.temporal, functions, settings):
            yield through, wire


async def trips(wire: Wire, doing: Awaitable[Any]) -> int:
    before = wire.trips
    await doing
    return wire.trips - before


async def ask_applicant(play: Play) -> None:
    await play.act(cm.Ask, play.officer(Role.RECEPTION), question="Ngày sinh?")


async def test_a_submission_takes_six_round_trips_and_any_other_append_one(world: World) -> None:
    async with wired(world) as (through, wire):
        for _ in range(2):  # the first makes the index key, the second learns it; what is asked is prepared once
            await ask_applicant(await Play.begin(through, birth(submission_id=uuid4().hex)))
        for _ in range(2):
            play = Play(through, birth(submission_id=uuid4().hex))
            assert [
                await trips(wire, through.client.submit(play.submission)),
                await trips(wire, ask_applicant(play)),
            ] == [6, 1]
