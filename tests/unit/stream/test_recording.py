"""The only way to record events: the requests to the log in their order, and the state of the stream afterwards."""

import asyncio
from datetime import timedelta
from types import SimpleNamespace
from typing import Any, Final

import pytest
from temporalio import workflow
from temporalio.exceptions import ApplicationError

from activities.intake import OpenResult
from schemas.base import Text
from schemas.errors import Problem, Refusal, RefusalCode, RefusalError
from schemas.filing.commands import content_of
from schemas.stream.ledger import Appended
from schemas.stream.restart import TAKE_OVER
from tests.unit.filing import lives
from tests.unit.stream.shell import FILING, LEADER, NAME, NOW, VIA, Engine, answer, lodge, stream
from workflows.stream import waiting
from workflows.stream.command_receipts import Receipts
from workflows.stream.recording import MIN_TIMER, PAGES

NO: Final = Problem(field="", rule="no", message=Text(vi="không", en="no"))
NOBODY: Final = Problem(field="actor", rule="nobody", message=Text(vi="ai", en="who"))

ANSWERED = {"kind": "appeal_answered", "answer": "đã trả kết quả"}


async def test_what_is_recorded_is_proposed_behind_what_is_known(engine: Engine) -> None:
    recording = stream()
    first = await recording.record(lodge())
    second = await recording.record(answer(on_behalf_of="an"))
    assert (first.seq, second.seq, second.digest) == (1, 2, content_of(answer(on_behalf_of="an")))
    one, two = engine.batches
    assert (one.epoch, one.next_seq, two.epoch, two.next_seq) == (None, 1, 4, 2)
    assert (two.stream, two.filing_id, two.agency) == (NAME, FILING, "H01.30")
    assert (two.command_id, two.actor, two.via, two.on_behalf_of) == ("answer-1", LEADER, VIA, "an")
    assert (two.at, two.events) == (NOW, (ANSWERED,))
    assert (one.rows is not None, two.rows is not None) == (True, True)
    assert (recording.state.seq, recording.state.answer, recording.epoch) == (2, "đã trả kết quả", 4)
    assert (one.continue_as_new_suggested, one.moves_with) == (False, None)


async def test_a_repeat_is_known_once_the_log_was_asked_and_other_content_is_refused(engine: Engine) -> None:
    recording = stream()
    await recording.record(lodge())
    receipt = await recording.record(answer())
    asked = len(engine.batches)
    assert await recording.record(answer()) == receipt
    with pytest.raises(RefusalError) as refused:
        await recording.record(answer(answer="khác"))
    assert refused.value.refusal.code is RefusalCode.SAME_ID_OTHER_CONTENT
    assert [batch.events for batch in engine.batches[asked:]] == [()]


async def test_one_is_recorded_after_the_other(engine: Engine) -> None:
    recording = stream()
    await recording.record(lodge())
    both = await asyncio.gather(
        recording.record(answer("one")), recording.record(answer("two")), return_exceptions=True
    )
    assert [batch.next_seq for batch in engine.batches] == [1, 2, 3]
    assert [type(end) for end in both[1:]] == [RefusalError]
    assert len(engine.log) == 2


async def test_it_is_idle_only_while_nothing_is_recorded_or_waits_to_be(engine: Engine) -> None:
    recording = stream()
    seen: list[bool] = []
    engine.before_answer = lambda _: seen.append(recording.idle)
    assert recording.idle
    await asyncio.gather(recording.record(lodge()), recording.catch_up())
    assert (seen, recording.idle) == ([False, False], True)


async def test_a_run_ends_only_once_nothing_is_recorded_any_more(engine: Engine) -> None:
    recording = stream()
    async with recording._exclusive():
        draining = asyncio.create_task(waiting.drain_handlers(recording))
        for _ in range(5):
            await asyncio.sleep(0)
        assert not draining.done()
    await draining
    engine.handlers_finished = False
    with pytest.raises(TimeoutError):
        await waiting.drain_handlers(recording)


async def test_what_is_refused_now_writes_nothing_and_is_asked_all_the_same(engine: Engine) -> None:
    recording = stream()
    await recording.record(lodge())
    stranger = LEADER.model_copy(update={"agency": "H99"})
    with pytest.raises(RefusalError) as refused:
        await recording.record(answer(actor=stranger))
    assert refused.value.refusal.problems[0].rule == "not_the_agency_above"
    assert (engine.batches[-1].events, engine.batches[-1].rows) == ((), None)
    assert recording.state.seq == 1


async def test_with_a_refusal_it_is_only_found(engine: Engine) -> None:
    why = Refusal(code=RefusalCode.BAD_START, problems=(NO,))
    recording = stream()
    with pytest.raises(RefusalError) as refused:
        await recording.record(lodge(), refusal=why)
    assert (refused.value.refusal, engine.log) == (why, [])
    engine.append(engine.batches[-1].model_copy(update={"events": ({"kind": "appealed", "about": "x"},)}))
    assert (await stream().record(lodge(), content_of(lodge()), refusal=why)).seq == 1


async def test_what_the_log_refuses_is_refused_as_it_says(engine: Engine) -> None:
    said = Refusal(code=RefusalCode.NOT_AUTHORISED, problems=(NOBODY,))
    recording = stream()
    engine.before_answer = lambda _: engine.told.update(stored=(), receipts=(), refused=said)
    with pytest.raises(RefusalError) as refused:
        await recording.record(lodge())
    assert refused.value.refusal == said


async def test_where_the_log_was_ahead_it_is_folded_and_decided_again(engine: Engine) -> None:
    recording = stream()
    await recording.record(lodge())
    engine.somebody_else(ANSWERED)
    with pytest.raises(RefusalError) as refused:
        await recording.record(answer("mine"))
    assert refused.value.refusal.problems[0].rule == "answered_already"
    assert [batch.next_seq for batch in engine.batches] == [1, 2, 3]
    assert (recording.state.seq, recording.receipts["else"].seq) == (2, 2)


async def test_a_timer_never_fires_before_its_instant(engine: Engine) -> None:
    later = NOW + timedelta(seconds=1)
    await stream().record(lodge(), not_before=later)
    assert engine.batches[-1].at == later
    engine.time = later + timedelta(seconds=1)
    recording = stream()
    await recording.catch_up()
    await recording.record(answer(), not_before=later)
    assert engine.batches[-1].at == engine.time


@pytest.mark.parametrize(("many", "rests"), [(3, 0), (PAGES, 0), (PAGES + 1, 1), (2 * PAGES + 1, 2)])
async def test_catching_up_reads_to_the_end_page_by_page(engine: Engine, many: int, rests: int) -> None:
    """The run pauses between pages, so that the server gets them before they exceed the size of one message."""
    for n in range(many):
        engine.somebody_else({"kind": "appealed", "about": f"{n}"}, f"c{n}")
    pages = iter(range(1, many + 1))

    def one_page(_: object) -> None:
        until = next(pages)
        stored = tuple(engine.log[until - 1 : until])
        engine.told = {"stored": stored, "receipts": tuple(engine.receipts[until - 1 : until]), "more": until < many}

    engine.before_answer = one_page
    recording = stream()
    await recording.catch_up()
    assert [batch.next_seq for batch in engine.batches] == list(range(1, many + 1))
    assert {batch.command_id for batch in engine.batches} == {"catch-up"}
    assert all(not batch.events and batch.rows is None for batch in engine.batches)
    assert (recording.state.seq, recording.receipts.kept[-1].command_id) == (many, f"c{many - 1}")
    assert engine.slept == [MIN_TIMER] * rests


@pytest.mark.parametrize(("seen", "checked"), [(None, True), (1, True), (2, True), (3, False)])
async def test_who_saw_more_than_this_run_is_let_pass(engine: Engine, seen: int | None, *, checked: bool) -> None:
    recording = stream()
    await recording.record(lodge())
    await recording.record(answer())
    late = answer("late", seen_seq=seen)
    if not checked:
        recording.check(late, content_of(late))
        return
    with pytest.raises(RefusalError) as refused:
        recording.check(late, content_of(late))
    assert refused.value.refusal.problems[0].rule == "answered_already"
    recording.check(answer(), content_of(answer()))
    assert len(engine.batches) == 2


@pytest.mark.parametrize(("only_at", "checked"), [(2, True), (3, True), (1, False)])
async def test_a_command_for_an_earlier_state_is_left_to_the_log(
    engine: Engine, only_at: int, *, checked: bool
) -> None:
    recording = stream()
    await recording.record(lodge())
    await recording.record(answer())
    late = answer("late", only_at=only_at)
    assert content_of(late) == content_of(answer("late"))
    if checked:
        with pytest.raises(RefusalError):
            recording.check(late, content_of(late))
    else:
        recording.check(late, content_of(late))
    with pytest.raises(RefusalError):
        await recording.record(late)
    assert [batch.only_at for batch in engine.batches] == [None, None, only_at]


@pytest.mark.parametrize(
    ("passed", "task", "may_hold"), [(9.9, 10, False), (10, 10, True), (4.9, 5, False), (5, 5, True), (10, 60, True)]
)
async def test_what_the_log_may_hold_is_let_pass_once_this_process_has_not_heard_from_it_for_a_task(
    engine: Engine, passed: float, task: int, *, may_hold: bool
) -> None:
    engine.run.task_timeout = timedelta(seconds=task)
    recording = stream()
    assert recording.may_hold("late")
    await recording.record(lodge())
    await recording.record(answer())
    engine.time += timedelta(seconds=passed)
    assert recording.may_hold("late") is may_hold
    assert recording.may_hold("answer-1")
    late = answer("late")
    if may_hold:
        recording.check(late, content_of(late))
        return
    with pytest.raises(RefusalError):
        recording.check(late, content_of(late))


@pytest.mark.parametrize(("said", "replaying"), [({"more": True}, False), ({}, True)])
async def test_a_page_of_the_log_is_not_all_of_it_and_what_is_replayed_is_not_heard(
    engine: Engine, monkeypatch: pytest.MonkeyPatch, said: dict[str, bool], *, replaying: bool
) -> None:
    recording = stream()
    await recording.catch_up()
    assert not recording.may_hold("late")
    recording, engine.told = stream(), said
    monkeypatch.setattr(workflow.unsafe, "is_replaying", lambda: replaying)
    await recording.record(lodge())
    assert recording.may_hold("late")


async def test_a_command_is_found_that_is_older_than_what_this_run_has_seen(engine: Engine) -> None:
    recording = stream()
    await recording.record(lodge())
    await recording.record(answer())
    behind = stream()
    assert (await behind.find("answer-1")) == recording.receipts["answer-1"]
    recording.receipts = Receipts()
    assert (await recording.find("answer-1")) == behind.receipts["answer-1"]
    assert await recording.find("late") is None
    assert [batch.command_id for batch in engine.batches[2:]] == ["answer-1", "answer-1", "late"]


def lose_the_stream(engine: Engine) -> None:
    """Makes the log answer that another run has the stream, until this run takes it over."""

    def conflict(_: object) -> None:
        if TAKE_OVER not in dict(engine.asked):
            raise ApplicationError("a later run", type=RefusalCode.LEDGER_CONFLICT)

    engine.before_answer = conflict


async def test_another_failure_of_the_log_is_raised_and_nothing_is_taken_over(engine: Engine) -> None:
    def failure(_: object) -> None:
        raise ApplicationError("gone", type="other")

    engine.before_answer = failure
    recording = stream()
    with pytest.raises(ApplicationError):
        await recording.record(lodge())
    assert (recording.superseded, recording.idle, engine.asked) == (False, True, [])


async def test_a_run_that_has_lost_its_stream_and_may_not_have_it_back_is_superseded(engine: Engine) -> None:
    engine.answers[TAKE_OVER] = ApplicationError("others work", type=RefusalCode.LEDGER_CONFLICT)
    lose_the_stream(engine)
    recording = stream()
    with pytest.raises(ApplicationError) as error:
        await recording.record(lodge())
    assert error.value is engine.answers[TAKE_OVER]
    assert (recording.superseded, recording.anew, recording.idle) == (True, False, True)


async def test_a_run_that_takes_its_stream_over_knows_the_log_and_nothing_else_and_what_was_asked_is_recorded(
    engine: Engine,
) -> None:
    """The log lacks the events of this run, since an older copy of the record was restored and has grown since."""
    recording = stream()
    await recording.record(lodge("what never was"))
    await recording.record(answer("never"))
    engine.log.clear()
    engine.receipts.clear()
    engine.somebody_else({"kind": "appealed", "about": "chậm trễ"}, "lodge")
    engine.batches.clear()
    engine.answers |= {TAKE_OVER: 7, "open": OpenResult(calendar=lives.CALENDAR, agency="H01.30")}
    lose_the_stream(engine)

    receipt = await recording.record(answer("mine"))

    assert (receipt.seq, [one.command_id for one in engine.log]) == (2, ["lodge", "mine"])
    assert [(one.command_id, one.epoch, one.next_seq) for one in engine.batches] == [
        ("mine", 4, 3),
        ("catch-up", 7, 1),
        ("mine", 4, 2),
    ]
    assert (recording.state.seq, "never" in recording.receipts) == (2, False)
    assert (recording.anew, recording.makes_way, recording.superseded) == (True, True, False)
    assert [name for name, _ in engine.asked] == [TAKE_OVER, "open"]


async def test_who_was_recorded_by_another_run_is_told_the_receipt(engine: Engine) -> None:
    recording = stream()
    await recording.record(lodge())
    engine.somebody_else(ANSWERED, "mine")
    engine.receipts[-1] = engine.receipts[-1].model_copy(update={"digest": content_of(answer("mine"))})
    engine.answers |= {TAKE_OVER: 7, "open": OpenResult(calendar=lives.CALENDAR, agency="H01.30")}
    lose_the_stream(engine)
    assert await recording.record(answer("mine")) == engine.receipts[-1]
    assert len(engine.log) == 2


@pytest.mark.parametrize(
    ("told", "makes_way", "stays"),
    [
        ({}, False, False),
        ({"continue_as_new_suggested": True}, True, False),
        ({"moves": True}, True, False),
        ({"moves": False}, False, True),
        ({"continue_as_new_suggested": True, "moves": False}, True, True),
    ],
)
async def test_only_the_answer_of_the_log_lets_a_run_make_way(
    engine: Engine, told: dict[str, bool], *, makes_way: bool, stays: bool
) -> None:
    recording = stream()
    engine.told = told
    await recording.record(lodge())
    assert (recording.makes_way, recording.stays) == (makes_way, stays)
    engine.told = {}
    await recording.catch_up()
    assert (recording.makes_way, recording.stays) == (makes_way, False)


@pytest.mark.parametrize(("long", "moved", "asks"), [(True, False, True), (False, True, True), (False, False, False)])
async def test_a_run_that_is_to_make_way_says_what_it_would_hand_on(
    engine: Engine, *, long: bool, moved: bool, asks: bool
) -> None:
    recording = stream()
    engine.run = SimpleNamespace(
        is_continue_as_new_suggested=lambda: long, is_target_worker_deployment_version_changed=lambda: moved
    )
    await recording.catch_up()
    [batch] = engine.batches
    assert (batch.continue_as_new_suggested, batch.moves_with) == (
        long,
        recording.kind.reads.snapshot if asks else None,
    )


async def test_an_answer_to_another_command_is_folded_and_kept_for_it(engine: Engine) -> None:
    recording = stream()
    await recording.record(lodge())
    why = Refusal(code=RefusalCode.NOT_AUTHORISED, problems=(NOBODY,))

    def of_the_other(_: object) -> None:
        engine.told = {"command_id": "two", "stored": (), "receipts": (), "refused": why} if not engine.told else {}

    engine.before_answer = of_the_other
    assert (await recording.record(lodge().model_copy(update={"command_id": "one"}))).seq == 2
    assert [batch.command_id for batch in engine.batches] == ["lodge", "one", "one"]
    with pytest.raises(RefusalError) as refused:
        await recording.record(answer("two"))
    assert (refused.value.refusal, len(engine.batches)) == (why, 3)
    engine.before_answer = lambda _: engine.told.clear()
    assert (await recording.record(answer("two"))).seq == 3


@pytest.mark.parametrize("of_live", ["the command first", "the question first"])
@pytest.mark.parametrize("replayed", ["the command first", "the question first"])
async def test_in_whichever_order_a_replay_comes_to_them_as_much_is_asked(
    engine: Engine, monkeypatch: pytest.MonkeyPatch, of_live: str, replayed: str
) -> None:
    """A replay gets its answers in the first run's order, so it must make exactly the same number of requests."""
    before = stream()
    await before.record(lodge())
    receipt = await before.record(answer())
    held = Appended(epoch=4, stored=tuple(engine.log), receipts=tuple(engine.receipts))
    named = "answer-1" if of_live == "the command first" else "catch-up"
    answers = [held.model_copy(update={"command_id": named}), Appended(epoch=4, command_id="catch-up")]

    async def as_before(*_: Any, **__: Any) -> Appended:
        await asyncio.sleep(0)
        return answers.pop(0)

    monkeypatch.setattr(workflow, "execute_local_activity_method", as_before)
    recording = stream()
    both = [recording.record(answer()), recording.catch_up()]
    found = await asyncio.gather(*(both if replayed == "the command first" else reversed(both)))
    assert [one for one in found if one is not None] == [receipt]
    assert answers == []
