"""How a run begins: anew, from what the run before handed over, or from the log; and what it hands on."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from typing import Any, Final

import pytest
from pydantic_core import to_json

from rules.stream_kind import StreamKind
from rules.streams import FILING as FILING_KIND
from rules.streams import PAYMENT
from schemas.backoffice import CheckAnswer
from schemas.errors import RefusalCode
from schemas.stream.restart import PROVE
from schemas.stream.snapshots import Snapshot
from schemas.stream.unreadable import UNOPENED
from tests.appeals import APPEAL, Appeal
from tests.unit.filing import lives
from tests.unit.stream.shell import FILING, NAME, NOW, Engine, answer, lodge
from workflows import agency
from workflows.filing import FilingLife
from workflows.payment.workflow import PaymentLife
from workflows.stream.recording import single_argument
from workflows.stream.shell import Life
from workflows.stream.starting import continue_as_new_input
from workflows.stream.unopened import KeyMissingError

START: Final = {"filing_id": str(FILING), "n": 1, "agency": "H01.30", "about": "chậm trễ"}


def input_of(life: Life[Any]) -> dict[str, Any]:
    """What a run gives the next, as it comes over the wire."""
    given = continue_as_new_input(life.stream, life._snapshot())
    return {name: json.loads(to_json(value)) for name, value in given.items()}


async def ended(engine: Engine) -> tuple[Life[Appeal], dict[str, Any]]:
    """A life that has recorded two commands, and what it hands on."""
    life: Life[Appeal] = Life(APPEAL, START)
    await life._begin()
    await life.take_command(answer())
    engine.run.continued_run_id = "the run before"
    return life, input_of(life)


async def test_a_run_goes_on_where_the_one_before_left_off(engine: Engine) -> None:
    before, given = await ended(engine)
    life: Life[Appeal] = Life(APPEAL, given)
    assert (life.refusal, life.has_begun, life.stream.epoch) == (None, True, 4)
    assert life.stream.state == before.stream.state
    assert life.stream.receipts.kept == before.stream.receipts.kept
    asked = len(engine.batches)
    assert await life.take_command(answer()) == before.stream.receipts["answer-1"]
    assert len(engine.batches) == asked


async def test_a_run_goes_on_only_from_what_it_can_prove_to_be_of_the_one_before(engine: Engine) -> None:
    engine.extern[PROVE] = lambda stream, run: f"{stream} {run}"
    before, given = await ended(engine)
    assert given["proof"] == f"{NAME} this run"
    no_proof: tuple[Any, ...] = ("made up", None, [], {}, f"{NAME} this run")
    for proof in no_proof:
        assert not Life[Appeal](APPEAL, given | {"proof": proof}).has_begun
    life: Life[Appeal] = Life(APPEAL, given | {"proof": f"{NAME} the run before"})
    assert life.stream.state == before.stream.state


async def test_more_receipts_than_are_kept_are_handed_on_as_marks(engine: Engine) -> None:
    before, _ = await ended(engine)
    for n in range(200):
        await before.stream.record(lodge().model_copy(update={"command_id": f"c{n}"}))
    life: Life[Appeal] = Life(APPEAL, input_of(before))
    assert all(life.stream.receipts.may_hold(f"c{n}") for n in range(200))
    assert not life.stream.receipts.may_hold("never")


@pytest.mark.parametrize(
    ("kind", "life", "known"),
    [
        (FILING_KIND, FilingLife, {"queue": "agency.H01", "checked": True}),
        (PAYMENT, PaymentLife, {"cancel": "withdrawn", "told": True, "begun": ("m1",)}),
    ],
    ids=["filing", "payment"],
)
def test_what_a_run_knows_beside_its_log_is_handed_on(
    engine: Engine, kind: StreamKind[Any], life: type[Life[Any]], known: dict[str, Any]
) -> None:
    engine.run.workflow_id = f"{kind.name}:{FILING}" + (":1" if kind is PAYMENT else "")
    engine.run.continued_run_id = "the run before"
    state = PAYMENT.state(filing_id=FILING, n=1, agency="H01", seq=3) if kind is PAYMENT else lives.Life().filing
    snapshot = Snapshot(state=state.model_dump(mode="json"), receipts=(), memory=known)
    given = {"restart": {"epoch": 2}, "snapshot": snapshot.model_dump(mode="json")}
    one = life(kind, given)
    assert (one.refusal, one.memory.model_dump()) == (None, known)
    two = life(kind, input_of(one))
    assert (two.memory, two.stream.state, two.stream.epoch) == (one.memory, state, 2)


async def test_what_the_run_before_has_handed_on_and_nobody_can_open_is_waited_for(engine: Engine) -> None:
    assert Life(APPEAL, UNOPENED).refusal is not None  # anybody's
    engine.run.continued_run_id = "the run before"
    with pytest.raises(KeyMissingError):
        Life(APPEAL, UNOPENED)


@pytest.mark.parametrize("answered", [True, False])
async def test_what_the_back_office_has_said_is_asked_for_no_second_time(
    engine: Engine, monkeypatch: pytest.MonkeyPatch, *, answered: bool
) -> None:
    filing = lives.Life(lives.procedure(standing_order="01/QĐ-UBND", standing_officer="leader-1")).filing
    engine.run.workflow_id = f"filing:{FILING}"
    engine.run.continued_run_id = "the run before"
    snapshot = Snapshot(state=filing.model_dump(mode="json"), receipts=())
    life = FilingLife(FILING_KIND, {"restart": {}, "snapshot": snapshot.model_dump(mode="json")})
    checking = asyncio.get_running_loop().create_future()
    if answered:
        checking.set_result(CheckAnswer(complete=False))
    monkeypatch.setattr(agency, "check", lambda *_: checking)

    async def until(done: Callable[[], bool]) -> None:
        if not done():
            raise TimeoutError

    monkeypatch.setattr(life, "_until", until)
    assert life._to_check
    with pytest.raises(TimeoutError):
        await life._intake()
    assert (life.memory.checked, life._to_check) == (answered, not answered)


@pytest.mark.parametrize(
    "other",
    [{"continued_run_id": None}, {"attempt": 2}, {"cron_schedule": "@every 1h"}],
    ids=["begun by somebody", "retried", "on a schedule"],
)
async def test_only_a_run_that_continues_another_believes_what_it_is_handed(
    engine: Engine, other: dict[str, Any]
) -> None:
    _, given = await ended(engine)
    vars(engine.run).update(other)
    life: Life[Appeal] = Life(APPEAL, given)
    assert (life.refusal, life.has_begun) == (None, False)
    assert life._resume is not None
    assert (life._resume.epoch, life._resume.snapshot) == (4, None)


async def test_what_a_newer_worker_has_written_is_no_state_and_no_refusal(engine: Engine) -> None:
    _, given = await ended(engine)
    given["snapshot"]["state"]["snapshot_version"] = APPEAL.reads.snapshot
    assert Life(APPEAL, given).has_begun
    given["snapshot"]["state"]["snapshot_version"] = APPEAL.reads.snapshot + 1
    with pytest.raises(RuntimeError, match="newer"):
        Life(APPEAL, given)


async def test_an_older_state_is_written_again_as_a_new_one(engine: Engine) -> None:
    _, given = await ended(engine)
    given["snapshot"]["state"]["snapshot_version"] = 0
    assert Life(APPEAL, given).stream.state.snapshot_version == APPEAL.reads.snapshot


@pytest.mark.parametrize(
    ("start", "rule"),
    [
        (START | {"n": 2}, "id_does_not_match"),
        ({"about": "x"}, "missing"),
        ({"restart": {"epoch": 0}}, "greater_than_equal"),
        ("restart", None),
    ],
)
def test_a_start_that_does_not_fit_is_refused(engine: Engine, start: Any, rule: str | None) -> None:
    assert engine.run.workflow_id == NAME
    refusal = Life(APPEAL, start).refusal
    assert refusal is not None
    assert refusal.code is RefusalCode.BAD_START
    assert rule in {None, refusal.problems[0].rule}


@pytest.mark.parametrize("name", [f"payment:{FILING}:1", "appeal", "appeal:x:1"])
async def test_a_run_under_the_name_of_nothing_of_its_kind_takes_nothing_over(engine: Engine, name: str) -> None:
    engine.run.workflow_id = name
    life: Life[Appeal] = Life(APPEAL, {"restart": {}})
    with pytest.raises(Exception, match=r"(?i)record"):
        await life._begin()
    assert engine.batches == []


async def test_what_is_parked_is_kept_up_to_a_bound(engine: Engine) -> None:
    life, _ = await ended(engine)
    engine.answers["park"] = None
    await life.park("told", {"text": "x" * 100_000}, "unreadable")
    await life.park("told", {"text": "x"}, "unreadable")
    await life.park("told", {"text": object()}, "unreadable")
    (_, long), (_, short), (_, strange) = engine.asked
    assert strange.payload == '{"text":null}'
    assert (len(long.payload), long.payload[:10], short.payload) == (65_536, '{"text":"x', '{"text":"x"}')
    assert (short.stream, short.filing_id, short.agency) == (NAME, FILING, "H01.30")
    assert (short.signal, short.problem, short.at) == ("told", "unreadable", NOW)
    assert engine.batches[-1].command_id == "catch-up"


def test_one_argument_is_taken_and_none_or_several_are_left_to_who_parses() -> None:
    assert [single_argument(given) for given in ((7,), (), (1, 2))] == [7, None, [1, 2]]
