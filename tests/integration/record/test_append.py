"""The append by itself, on PostgreSQL alone: what it writes in which order, and what it does not believe."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta
from typing import Any, Final, cast
from uuid import uuid4

import asyncpg
import pytest
from temporalio.common import RetryPolicy
from temporalio.exceptions import ApplicationError

from activities.intake import OpenRequest, Registry
from activities.ledger import append as appending
from activities.ledger import builds
from activities.ledger.append import Ledger
from activities.ledger.database import ACQUIRE_SECONDS
from activities.ledger.reserving import Reserving
from activities.ledger.vault import KeyGoneError, Vault
from rules.streams import KINDS
from schemas.errors import RefusalCode
from schemas.filing import events as ev
from schemas.people import SYSTEM, Actor, Role
from schemas.stream.ledger import Appended, Receipt
from tests.acting import AGENCY, BIRTH, VERSION, eventually, officer
from tests.conftest import World
from tests.integration.record.appends import ASKED, NOW, RELEASED, WAITING, captured, opened
from tests.unit.filing.lives import Life

PAID: Final = {"kind": "fee_paid", "n": 1, "amount": 16000, "channel": "online"}
HANDED_OVER: Final = {"kind": "handed_over", "channel": "post"}


REOPENED: Final = {"kind": "reopened", "complaint": 1, "about": 9, "officer": "h01.12-leader-2"}


def upheld(about: int) -> dict[str, Any]:
    why = {"officer": "h01.12-leader-2", "reason": "-", "legal_basis": "-"}
    return {"kind": "complaint_answered", "about": about, "outcome": "upheld"} | why


def ended(outcome: str) -> dict[str, Any]:
    return {"kind": "consignment_ended", "outcome": outcome}


async def test_a_fee_is_paid_online_only_by_the_money_that_its_payment_has_recorded(world: World) -> None:
    async with opened(world) as log:
        await log.append(ASKED)
        for money in (captured(15999, owed=True), captured(16000, owed=False)):
            assert await log.rule(PAID) == "not_recorded"
            assert (await log.append(money, stream="payment")).refused is None
        assert await log.rule(PAID) == "not_recorded"
        await log.append(captured(16000, owed=True), stream="payment")
        assert await log.rule(PAID) is None


async def test_a_result_is_handed_over_by_post_only_once_its_parcel_was_delivered(world: World) -> None:
    async with opened(world) as log:
        assert await log.rule(HANDED_OVER) == "not_recorded"
        await log.append(ended("returned"), stream="parcel")
        assert await log.rule(HANDED_OVER) == "not_recorded"
        await log.append(ended("delivered"), stream="parcel")
        assert await log.rule(HANDED_OVER) is None


@pytest.mark.parametrize(("outcome", "other"), [("lost", "returned"), ("returned", "lost")])
async def test_a_parcel_failed_as_its_own_stream_says(world: World, outcome: str, other: str) -> None:
    async with opened(world) as log:
        await log.append(ended(other), stream="parcel")
        failed = {"kind": "parcel_failed", "n": 1, "outcome": outcome}
        assert await log.rule(failed) == "not_recorded"
        assert await log.rule(failed | {"outcome": other}) is None


@pytest.mark.parametrize("end", ["withdrawn", "reopened"])
async def test_what_ended_before_a_fee_was_asked_for_does_not_let_go_of_its_payment(world: World, end: str) -> None:
    said = {"kind": "withdrawn", "reason": "-"} if end == "withdrawn" else REOPENED
    async with opened(world) as log:
        await log.append(upheld(9), stream="complaint")

        async def let_go(n: int) -> bool:
            cancelled = log.batch({"kind": "payment_cancelled", "reason": "-"}, stream="payment")
            named = cancelled.model_copy(update={"stream": f"payment:{log.filing}:{n}"})
            return (await log.ledger.append(named)).refused is None

        await log.append(ASKED)
        assert not await let_go(1)
        await log.append(said)
        assert await let_go(1)
        await log.append(ASKED | {"n": 2})
        assert not await let_go(2)
        await log.append(said)
        assert await let_go(2)


async def test_a_fee_in_whose_place_another_is_asked_for_lets_go_of_its_payment(world: World) -> None:
    async with opened(world) as log:
        await log.append(ASKED)
        cancelled = {"kind": "payment_cancelled", "reason": "-"}
        assert (await log.append(cancelled, stream="payment")).refused is not None
        await log.append(ASKED | {"n": 2})
        assert (await log.append(cancelled, stream="payment")).refused is None


async def test_a_filing_is_reopened_only_by_a_complaint_that_was_upheld_about_that_act(world: World) -> None:
    async with opened(world) as log:
        await log.append(upheld(8), stream="complaint")
        assert await log.rule(REOPENED) == "not_recorded"
        await log.append(upheld(9) | {"outcome": "rejected"}, stream="complaint")
        assert await log.rule(REOPENED) == "not_recorded"
        await log.append(upheld(9), stream="complaint")
        assert await log.rule(REOPENED | {"complaint": 2}) == "not_recorded"
        assert await log.rule(REOPENED) is None


async def test_a_complaint_is_about_what_its_filing_has_recorded_and_settled_once_it_has_started_again(
    world: World,
) -> None:
    settled = {"kind": "complaint_settled", "reopened": True}
    async with opened(world) as log:
        assert (await log.append(settled, stream="complaint")).refused is not None
        assert (await log.append(settled | {"reopened": False}, stream="complaint")).refused is None
        await log.append(upheld(9), stream="complaint")
        await log.append(REOPENED)
        assert (await log.append(settled, stream="complaint")).refused is None


async def test_a_log_with_a_gap_takes_nothing(world: World) -> None:
    async with opened(world) as log:
        await log.append(ASKED)
        with pytest.raises(ApplicationError) as error:
            await log.append({"kind": "released"}, next_seq=3)
        assert (error.value.type, error.value.non_retryable) == (RefusalCode.LEDGER_CONFLICT, True)
        async with world.connection() as connection:
            assert await connection.fetchval("select count(*) from event where filing_id is not null") == 1


AHEAD: Final = """
update stream set head_at = now() + interval '1 hour' where filing_id is not null returning head_at
"""


async def test_no_event_is_recorded_before_the_one_it_follows(world: World) -> None:
    async with opened(world) as log, world.connection() as connection:
        await log.append(ASKED)
        ahead = await connection.fetchval(AHEAD)
        await log.append({"kind": "released"}, {"kind": "released"})
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


async def test_nobody_who_has_left_answers_for_what_an_order_approves(world: World) -> None:
    request = OpenRequest(stream=f"filing:{uuid4()}", code=BIRTH, version=VERSION, agency=AGENCY)
    leader = officer(Role.LEADER).subject
    async with asyncpg.create_pool(world.app_dsn, min_size=1, max_size=1) as pool, world.connection() as connection:
        registry = Registry(pool)
        assert (await registry.open(request)).accountable.standing == leader
        await connection.execute("update officer set active = false where subject = $1", leader)
        assert (await registry.open(request)).accountable.standing is None


async def test_who_looks_for_a_persons_filings_holds_up_whoever_looks_for_the_same_persons(world: World) -> None:
    submitted = Life().log[0].event
    assert isinstance(submitted, ev.Submitted)
    vault = Vault(world.settings.master)
    free: Final = "select pg_try_advisory_xact_lock($1)"
    async with opened(world) as log, world.connection() as first, world.connection() as second:
        one = await vault.person(first, submitted.applicant.id_number, first=True)
        other = await vault.person(first, "001090000099")
        reserving = Reserving(vault, KINDS.numberings)
        reserved = reserving.reserved(cast("Any", first), log.batch(ASKED), [submitted])
        async with reserved, second.transaction():
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


CLAIMED: Final = {"kind": "claimed", "officer": "o-1"}


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
        await log.append(RELEASED, CLAIMED, command_id="c2")
        await connection.execute("update stream set epoch = 3 where filing_id is not null")
        told = await log.append(next_seq=2, command_id="ask")
        assert (told.epoch, told.command_id, told.more) == (3, "ask", False)
        assert [(one.seq, one.event) for one in told.stored] == [(2, RELEASED), (3, CLAIMED)]
        assert [(one.command_id, one.seq) for one in told.receipts] == [("c2", 3)]
        assert (await log.append(next_seq=4)).epoch == 3


async def test_what_is_told_again_is_what_was_answered_first(world: World) -> None:
    async with opened(world) as log:
        given = [
            await log.append(captured(1, owed=False), stream="payment"),
            await log.append({"kind": "payment_expired"}, stream="payment"),
        ]
        told = await log.append(stream="payment", next_seq=1)
        assert told.stored == given[0].stored + given[1].stored
        assert [one.event for one in told.stored] == [
            captured(1, owed=False) | {"captured_at": "2026-11-25T03:00:00Z"},
            {"kind": "payment_expired"},
        ]
        assert told.receipts == given[0].receipts + given[1].receipts


async def test_a_worker_may_die_of_an_append_once_that_is_committed(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    reached: list[str] = []
    monkeypatch.setattr(appending, "failpoint", reached.append)
    async with opened(world) as log:
        await log.append(ASKED)
    assert reached == ["ledger.committed"]


async def test_a_command_that_was_recorded_long_before_is_answered_with_its_receipt_alone(world: World) -> None:
    async with opened(world) as log, world.connection() as connection:
        first = await log.append(ASKED, command_id="c1")
        await log.append(RELEASED)
        await connection.execute("update stream set epoch = 2 where filing_id is not null")
        for events in ((), (RELEASED,)):
            again = await log.append(*events, command_id="c1")
            assert again == Appended(epoch=2, command_id="c1", receipts=first.receipts)
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


async def test_the_answer_repeats_that_the_history_is_long_and_is_silent_where_it_is_not(world: World) -> None:
    async with opened(world) as log:
        short, long = await log.append(ASKED), await log.append(RELEASED, continue_as_new_suggested=True)
    assert (short.continue_as_new_suggested, long.continue_as_new_suggested) == (None, True)


async def test_a_run_that_is_to_make_way_is_told_whether_the_promoted_build_can_go_on(world: World) -> None:
    snapshot = KINDS["filing"].reads.snapshot
    async with opened(world) as log, world.connection() as connection:
        await builds.register(cast("Any", connection), "b", KINDS)
        await connection.execute("update build set promoted_at = now()")
        answers = [await log.append(RELEASED, moves_with=each) for each in (None, snapshot, snapshot + 1)]
        assert [answer.moves for answer in answers] == [None, True, False]
        await connection.execute("update build set reads = jsonb_set(reads, '{kinds,filing,events}', '{}')")
        assert (await log.append(RELEASED, moves_with=snapshot)).moves is False


@pytest.mark.parametrize(
    "actor",
    [
        Actor(subject="nobody", role=Role.SPECIALIST, agency=AGENCY),
        officer(Role.SPECIALIST).model_copy(update={"role": Role.LEADER}),
        officer(Role.SPECIALIST).model_copy(update={"agency": "H01.12"}),
        officer(Role.SPECIALIST).model_copy(update={"agency": None}),
    ],
    ids=["name", "role", "agency", "none"],
)
async def test_who_is_no_such_officer_in_the_directory_writes_nothing(world: World, actor: Actor) -> None:
    async with opened(world) as log:
        assert (await log.append(RELEASED, actor=officer(Role.SPECIALIST))).refused is None
        answer = await log.append(PAID, actor=actor)
        assert (answer.epoch, answer.stored, answer.receipts) == (1, (), ())
        assert answer.refused is not None
        assert answer.refused.code is RefusalCode.NOT_AUTHORISED
        told = [(problem.field, problem.rule) for problem in answer.refused.problems]
        assert told == [("actor", "not_in_directory"), ("", "not_recorded")]


async def test_an_officer_writes_as_long_as_the_directory_has_them_at_work(world: World) -> None:
    specialist = officer(Role.SPECIALIST)
    async with opened(world) as log, world.connection() as connection:
        assert (await log.append(RELEASED, actor=specialist)).refused is None
        await connection.execute("update officer set active = false where subject = $1", specialist.subject)
        assert (await log.append(RELEASED, actor=specialist)).refused is not None
        assert (await log.append(RELEASED, actor=Actor(subject="an", role=Role.APPLICANT))).refused is None


async def test_to_a_payment_nobody_writes_but_the_system(world: World) -> None:
    async with opened(world) as log:
        answer = await log.append(captured(1, owed=False), stream="payment", actor=officer(Role.SPECIALIST))
        assert answer.refused is not None
        assert [(each.field, each.rule) for each in answer.refused.problems] == [("actor.role", "may_not_write")]
        assert (await log.append(captured(1, owed=False), stream="payment")).refused is None


async def test_all_that_speaks_against_a_batch_is_named_at_once(world: World) -> None:
    given = {"kind": "reassigned", "officer": "nobody", "role": "specialist"}
    async with opened(world) as log:
        answer = await log.append(given, given | {"officer": officer(Role.SPECIALIST).subject}, PAID)
        assert answer.refused is not None
        told = [(problem.field, problem.rule) for problem in answer.refused.problems]
        assert told == [("officer", "not_in_directory"), ("", "not_recorded")]


async def test_what_the_record_bears_out_is_not_held_against_a_batch_that_is_refused_for_another_reason(
    world: World,
) -> None:
    async with opened(world) as log:
        await log.append(ASKED)
        await log.append(captured(16000, owed=True), stream="payment")
        answer = await log.append(PAID, actor=Actor(subject="nobody", role=Role.CASHIER, agency=AGENCY))
        assert answer.refused is not None
        assert [problem.rule for problem in answer.refused.problems] == ["not_in_directory"]


async def test_a_batch_is_taken_if_what_bears_it_out_is_recorded_while_it_waits(world: World) -> None:
    async with opened(world) as log, world.connection() as connection:
        await log.append(ASKED)
        async with connection.transaction():
            await connection.execute("select from stream for no key update")
            waiting = asyncio.create_task(log.append(PAID))
            await eventually(lambda: connection.fetchval(WAITING), bool)
            await log.append(captured(16000, owed=True), stream="payment")
        assert [told.seq for told in (await waiting).stored] == [2]


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


async def test_what_is_taken_and_what_is_refused_is_counted_with_the_time_that_it_took(world: World) -> None:
    async with opened(world) as log:
        await log.append(ASKED)
        await log.append(PAID)
    kind = {"kind": "filing"}
    assert log.meter.told["motcua_ledger_appends_total"][len(KINDS) :] == [(1, kind)]
    assert log.meter.told["motcua_ledger_refusals_total"] == [(1, kind | {"code": "not_authorised"})]
    times = log.meter.told["motcua_ledger_append_milliseconds"]
    assert [labels for _, labels in times] == [kind, kind]
    assert all(0 < milliseconds < 60_000 for milliseconds, _ in times)


def test_an_attempt_has_time_to_write_and_is_made_again_soon_and_for_ever() -> None:
    attempt, again = (appending.LEDGER.get(name) for name in ("start_to_close_timeout", "retry_policy"))
    assert isinstance(attempt, timedelta)
    assert isinstance(again, RetryPolicy)
    assert 0 < ACQUIRE_SECONDS <= attempt.total_seconds() / 2
    assert again.initial_interval < timedelta(seconds=1)
    assert again.maximum_interval == attempt
    assert again.maximum_attempts == 0


async def test_who_gets_no_connection_in_time_is_told_that_the_ledger_could_not_be_reached(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(appending, "ACQUIRE_SECONDS", 0.01)
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
        took = await connection.fetch("delete from filing_key returning *")
        begun = Ledger(log.pool, Vault(world.settings.master), KINDS)
        answer = await begun.append(log.batch(RELEASED, actor=applicant, next_seq=2))
        assert answer.refused is not None
        assert [(each.field, each.rule) for each in answer.refused.problems] == [("", "key_gone")]
        for again in (submission, log.batch(RELEASED, next_seq=2), log.batch(PAID, next_seq=2)):
            with pytest.raises(KeyGoneError, match="the filing's key is gone"):
                await begun.append(again)
        assert await connection.fetchval("select count(*) from filing_key") == 0
        assert await connection.fetchval("select head_seq from stream where filing_id is not null") == 1
        await connection.executemany("insert into filing_key values ($1, $2, $3, $4, $5)", [tuple(row) for row in took])
        assert (await begun.append(log.batch(RELEASED, next_seq=2))).stored[0].seq == 2
