"""The budgets of programs and agencies are checked after the signature, and before the record is read."""

import asyncio
from collections.abc import Callable
from datetime import timedelta
from types import SimpleNamespace
from typing import Any, Final
from uuid import UUID

import pytest

from activities.complaint import Complaints, Disputed
from activities.intake import OpenRequest, Registry
from activities.ledger.authority.budgets import BUDGETS, Budget, Budgets, Work, too_many
from activities.ledger.authority.principals import Guard
from activities.views import Views
from motcua import TooMany
from motcua.calls.retry import Crowd, patiently
from motcua.errors import refused as typed
from motcua.identity import sign
from rules.identity.statements import Ring
from rules.streams import KINDS
from schemas.errors import Refusal, RefusalCode, RefusalError
from schemas.identity.statement import Claim, Message, PrincipalKind, Proved, Spoken
from schemas.ids import StreamId
from schemas.reading import AskCounts, QuestionRequest
from tests.speaking import AUDIENCE, MESSAGE, NOW, SPECIALIST, grant, key_of, principal, private_key, statement
from tests.unit.stream.shell import Engine
from workflows.stream.basis import NOTHING, Reading, UnfoundedError
from workflows.stream.recording import refuse

DESK: Final = principal("desk-1", grant(Claim.OFFICERS, "H01.12", "H01.30"), keys=(key_of(1),))
ALL: Final = principal("desk-2", grant(Claim.OFFICERS, "*"), keys=(key_of(2),))
RING: Final = Ring([DESK, ALL])
SIGNED: Final = sign(statement(), private_key(1))
SMALL: Final = {PrincipalKind.DESK: Budget(rate=10, most=6)}


class Clock:
    now = 0.0

    def __call__(self) -> float:
        return self.now


def said_by(program: Any, agency: str = "H01.12") -> Proved:
    actor = SPECIALIST.model_copy(update={"agency": agency})
    message = MESSAGE.model_copy(update={"actor": actor})
    return Proved(statement(message, program.id), program, program.keys[0].key_id, "0" * 64)


def left(budgets: Budgets, proved: Proved, work: Work = Work.COMMAND) -> int:
    """Returns how many messages with this kind of work the budgets still allow now."""
    for n in range(10_000):
        try:
            budgets.spend(proved, work)
        except RefusalError:
            return n
    raise AssertionError


def test_what_is_spent_comes_back_and_the_refusal_says_when() -> None:
    clock = Clock()
    budgets = Budgets(SMALL, clock)
    assert left(budgets, said_by(DESK)) == 2
    with pytest.raises(RefusalError) as error:
        budgets.spend(said_by(DESK), Work.COMMAND)
    refusal = error.value.refusal
    assert (refusal.again_in, refusal.problems[0].rule) == (0.3, "too_many")
    assert "sau 0,3 giây" in refusal.problems[0].message.vi
    clock.now = 0.31
    assert left(budgets, said_by(DESK)) == 1
    clock.now = 1_000
    assert left(budgets, said_by(DESK), Work.QUESTION) == 6


def test_each_program_and_each_agency_that_it_names_has_its_own_and_an_invented_one_has_none() -> None:
    budgets = Budgets(SMALL, Clock())
    assert left(budgets, said_by(DESK)) == 2
    assert left(budgets, said_by(DESK, "H01.30")) == 2
    assert left(budgets, said_by(ALL)) == 2
    assert [left(budgets, said_by(ALL, f"H02.{n}")) for n in range(10, 20)] == [0] * 10
    assert left(budgets, said_by(DESK, "H99")) == 2, "agencies that are not named share one"
    assert left(budgets, said_by(DESK, "H98")) == 0


def test_unless_set_each_kind_of_program_may_send_far_more_than_people_do() -> None:
    assert set(BUDGETS) == set(PrincipalKind)
    for kind, budget in BUDGETS.items():
        one = DESK.model_copy(update={"kind": kind})
        assert left(Budgets({}, Clock()), said_by(one), Work.SUBMISSION) == budget.most / Work.SUBMISSION >= 50
        assert budget.rate / Work.SUBMISSION >= 5


def test_whoever_has_been_quiet_is_forgotten(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("activities.ledger.authority.budgets._MOST_KNOWN", 3)
    clock = Clock()
    budgets = Budgets(SMALL, clock)
    for n in range(20):
        clock.now += 1
        budgets.spend(said_by(DESK.model_copy(update={"id": f"desk-{n}"})), Work.QUESTION)
    assert len(budgets._allowance._whole_at) <= 4


class Spent(Guard):
    """A guard whose budgets are all spent."""

    def __init__(self) -> None:
        keyring: Any = SimpleNamespace(ring=RING, now=NOW)
        super().__init__(keyring, AUDIENCE)
        self.asked: list[tuple[str, Work]] = []

    def spend(self, proved: Proved, work: Work) -> None:
        self.asked.append((proved.principal.id, work))
        raise RefusalError(too_many(1))


NOWHERE: Any = None
"""In place of a connection pool: any use fails, since these tests must not read the record."""
FILING: Final = UUID("5c2e2d1e-3f0b-5a6d-9d57-0c7b8a4e61f2")


async def opened(guard: Guard, spoken: Spoken) -> Refusal | None:
    return (await Registry(NOWHERE, guard).open(OpenRequest(stream=MESSAGE.stream, spoken=spoken))).refusal


async def complained(guard: Guard, spoken: Spoken) -> Any:
    asked = Disputed(filing_id=FILING, n=1, about=1, spoken=spoken)
    return await Complaints(NOWHERE, NOWHERE, KINDS, guard).grounds(asked)


@pytest.mark.parametrize("begin", [opened, complained])
async def test_what_begins_a_stream_is_refused_before_anything_is_read(begin: Callable[[Guard, Spoken], Any]) -> None:
    guard = Spent()
    refusal = await begin(guard, Spoken(statement=SIGNED, message=MESSAGE))
    assert (refusal.code, refusal.again_in) == (RefusalCode.TOO_MANY, 1)
    assert guard.asked == [("desk-1", Work.SUBMISSION)]
    for forged in (None, "a.b.c", sign(statement(), private_key(3))):
        refusal = await begin(guard, Spoken(statement=forged, message=MESSAGE))
        assert refusal.code is RefusalCode.NOT_AUTHORISED
    assert len(guard.asked) == 1, "nobody spends what is another's"


async def test_a_question_is_refused_before_anything_is_read() -> None:
    guard = Spent()
    message = Message(act="ask.counts", content="0" * 64, stream=None)
    signed = sign(statement(message, actor=SPECIALIST), private_key(1))
    asked = QuestionRequest(question=AskCounts(statement=signed), content="0" * 64, look=UUID(int=1))
    answer = await Views(NOWHERE, NOWHERE, KINDS, guard, NOWHERE).answer(asked)
    assert answer.refusal is not None
    assert (answer.refusal["code"], answer.refusal["again_in"]) == ("too_many", 1)
    assert guard.asked == [("desk-1", Work.QUESTION)]


async def test_a_run_asks_the_log_nothing_for_it_and_one_that_begins_anew_tries_again(engine: Engine) -> None:
    stream, reading = StreamId.parse(MESSAGE.stream), Reading[Any](None, NOTHING)
    with pytest.raises(RefusalError):
        await refuse(stream, too_many(1), reading)
    engine.run.continued_run_id = "the run before"
    with pytest.raises(UnfoundedError):
        await refuse(stream, too_many(1), reading)
    assert engine.batches == []


@pytest.fixture
def engine(monkeypatch: pytest.MonkeyPatch) -> Engine:
    return Engine(monkeypatch)


# The kit.


async def test_the_kit_comes_back_when_it_may_and_gives_up_with_its_patience() -> None:
    calls: list[float] = []

    async def attempt(_: timedelta) -> str:
        calls.append(asyncio.get_running_loop().time())
        if len(calls) < 3:
            raise typed(too_many(0.1))
        return "done"

    assert await patiently(attempt, 10, crowd=Crowd()) == "done"
    assert calls[2] - calls[0] >= 0.2

    async def never(_: timedelta) -> None:
        raise typed(too_many(60))

    with pytest.raises(TooMany) as error:
        await patiently(never, 5, crowd=Crowd())
    assert error.value.refusal.again_in == 60


async def test_many_calls_come_back_spread(monkeypatch: pytest.MonkeyPatch) -> None:
    pauses: list[float] = []
    crowd, error = Crowd(), typed(too_many(0.1))
    assert isinstance(error, TooMany)
    held = asyncio.Event()

    async def sleep(pause: float) -> None:
        pauses.append(pause)
        await held.wait()

    monkeypatch.setattr("motcua.calls.retry.asyncio.sleep", sleep)
    calls = [asyncio.create_task(crowd.wait(error, 60)) for _ in range(200)]
    while len(pauses) < 200:
        await asyncio.wait(calls, timeout=0.001)
    held.set()
    await asyncio.gather(*calls)
    assert crowd.waiting == 0
    assert min(pauses) >= 0.1
    assert max(pauses) > 5
