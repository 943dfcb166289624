"""A provider's answer about a refund: paid, under way, to be requested again, for officers, or our own mistake."""

from datetime import timedelta
from typing import Any, Final

import pytest
from temporalio.exceptions import ApplicationError
from temporalio.testing import ActivityEnvironment

from activities.money.giving_back import NOT_OFFERED, SETTLED, GivingBack, Request, Returned
from activities.partners.http import RejectedError, UnreachableError
from activities.partners.instructions import NOT_ORDERED, Instruction, NotOrderedError, Read
from activities.partners.money.provider import CAPABILITIES, Capabilities, Demand, Given, Refunding
from activities.partners.money.provider import Giving as Asked
from rules.stream_kind import StreamKind
from rules.streams import PAYMENT, REFUND
from schemas.ids import StreamId
from schemas.payment.state import Capture, Payment
from schemas.refund.commands import ApproveRefund, LeaveToHand, RecordAsked, RecordGiven, RequestRefund
from schemas.refund.state import Refund
from tests.unit.filing.lives import AGENCY, CASHIER, LEADER, START
from tests.unit.refund.givings import AMOUNT, CAPTURE, WHY, Giving

FIRST: Final = 8_000
GIVEN: Final = Given(refunding=Refunding.GIVEN, transaction="r1")
UNDER_WAY: Final = Given(refunding=Refunding.UNDER_WAY)
NOT_ASKED: Final = Given(refunding=Refunding.NOT_ASKED)
UNTOLD: Final = Given(refunding=Refunding.UNTOLD)
LOST: Final = UnreachableError("vnpay", "no answer in time")
REFUSED: Final = RejectedError("vnpay", 200, "95")
Says = Given | Exception


def approved() -> Giving:
    """Returns a refund with two approved cases, which a provider is to pay one after the other."""
    so_far = Giving()
    for case, amount in enumerate((FIRST, 1_000), 1):
        so_far.do(RequestRefund, CASHIER, amount=amount, **WHY).do(ApproveRefund, LEADER, case=case)
    return so_far


def requested_refund(times: int = 1) -> Giving:
    so_far = approved()
    for n in range(1, times + 1):
        so_far.do(RecordAsked, case=1, n=n)
    return so_far


def paid(refund: Refund, **other: Any) -> Payment:
    """Returns the payment with the refunded capture; `other` changes the provider or fields of the capture."""
    return Payment(
        filing_id=refund.filing_id,
        n=1,
        agency=AGENCY,
        amount=AMOUNT,
        requested_at=START,
        due=START,
        provider=other.pop("provider", CAPTURE.provider),
        captures=(Capture.model_validate({"capture_id": CAPTURE.capture_id, "amount": AMOUNT, "at": START} | other),),
    )


class Wire:
    """A provider with one answer to queries about a refund and another to calls for it; it keeps the requests."""

    def __init__(self, told: Says, says: Says = GIVEN, can: Capabilities = CAPABILITIES["vnpay"]) -> None:
        self.told = told
        self.says = says
        self.can = can
        self.asked: list[Asked] = []
        self.called: list[Asked] = []

    async def refunded(self, _: Demand, giving: Asked) -> Given:
        self.asked.append(giving)
        return _answer(self.told)

    async def refund(self, _: Demand, giving: Asked) -> Given:
        self.called.append(giving)
        return _answer(self.says)


def _answer(says: Says) -> Given:
    if isinstance(says, Exception):
        raise says
    return says


class Noted:
    """The record of calls to a provider, in memory; `ago` is the time since the last call."""

    def __init__(self, ago: timedelta = timedelta(), *claimed: int, known: bool = False) -> None:
        self.ago = ago
        self.claimed = set(claimed)
        self.known = known

    async def claim(self, request: Request, _: str) -> bool:
        won = request.n not in self.claimed
        self.claimed.add(request.n)
        return won

    async def note_known(self, *_: Any) -> None:
        self.known = True

    async def of(self, _: Request) -> tuple[timedelta, bool]:
        return self.ago, self.known


class Kept:
    """A store of findings that ignores all of them."""

    async def keep(self, *_: Any) -> None:
        pass


class Log:
    findings = Kept()

    def __init__(self, refund: Refund, payment: Payment | None = None) -> None:
        self.states = {REFUND.name: refund, PAYMENT.name: payment or paid(refund)}

    async def read(self, given: Instruction, kind: StreamKind[Any]) -> Read:
        stream = StreamId.parse(given.stream)
        if stream.kind != kind.name:
            raise NotOrderedError(given)
        state: Any = self.states[kind.name]
        told: Any = None
        return Read(stream, told, state, state)


async def refund(
    wire: Wire, so_far: Giving, calls: Noted | None = None, log: Log | None = None, case: int | None = 1
) -> Returned:
    about = Instruction(stream=f"refund:{so_far.refund.filing_id}:1001", seq=1, case=case)
    providers: Any = {CAPTURE.provider: wire}
    noted: Any = calls or Noted()
    instructions: Any = log or Log(so_far.refund)
    returned: Returned = await ActivityEnvironment().run(GivingBack(providers, noted, instructions).refund, about)
    return returned


async def waits(wire: Wire, so_far: Giving, calls: Noted | None = None) -> timedelta:
    """Returns the time until the next attempt, for an answer of the provider that is not final."""
    with pytest.raises(ApplicationError) as again:
        await refund(wire, so_far, calls)
    assert again.value.type == "no_news"
    assert again.value.next_retry_delay is not None
    return again.value.next_retry_delay


async def test_it_is_asked_about_and_then_called_for_under_the_key_of_its_case_and_beside_those_before() -> None:
    so_far = requested_refund().do(RecordGiven, case=1).do(RecordAsked, case=2, n=1)
    wire = Wire(NOT_ASKED)
    assert await refund(wire, so_far, case=2) == Returned(transaction="r1")
    assert wire.asked == wire.called
    (giving,) = wire.called
    key = f"refund:fee:{so_far.refund.filing_id}:1:m1:"
    assert (giving.key, giving.of, giving.amount, giving.by) == (f"{key}2", AMOUNT, 1_000, AGENCY)
    assert giving.before == {f"{key}1": FIRST}


async def test_what_is_found_given_or_not_offered_is_not_called_for() -> None:
    wire = Wire(GIVEN)
    assert await refund(wire, requested_refund()) == Returned(transaction="r1")
    assert wire.called == []
    wire = Wire(NOT_ASKED, can=CAPABILITIES["vietqr"])
    assert await refund(wire, requested_refund()) == Returned(refused=NOT_OFFERED)
    assert wire.asked == wire.called == []


async def test_a_refusal_of_what_the_provider_has_money_of_is_for_people_and_any_other_a_doubt() -> None:
    assert await refund(Wire(NOT_ASKED, REFUSED), requested_refund()) == Returned(refused="95")
    assert await refund(Wire(REFUSED), requested_refund()) == Returned(refused="95"), (
        "it was asked for and will never be given"
    )
    doubted = Wire(UNTOLD, REFUSED)
    await waits(doubted, requested_refund())
    assert len(doubted.called) == 1


async def test_what_had_no_answer_is_called_for_once_and_then_only_asked_about() -> None:
    calls, so_far = Noted(), requested_refund()
    with pytest.raises(UnreachableError):
        await refund(Wire(NOT_ASKED, LOST), so_far, calls)
    for told in (NOT_ASKED, UNTOLD, UNDER_WAY):
        later = Wire(told)
        await waits(later, so_far, calls)
        assert (len(later.asked), later.called) == (1, [])
    assert await refund(Wire(GIVEN), so_far, calls) == Returned(transaction="r1")


@pytest.mark.parametrize(("times", "long"), [(1, SETTLED), (2, 2 * SETTLED), (3, 4 * SETTLED), (50, 64 * SETTLED)])
async def test_it_is_asked_for_again_once_no_call_can_be_under_way(times: int, long: timedelta) -> None:
    so_far, little = requested_refund(times), timedelta(seconds=0.1)
    assert await waits(Wire(NOT_ASKED), so_far, Noted(long - little, *range(1, times + 1))) <= little
    late = Noted(long, *range(1, times + 1))
    assert await refund(Wire(NOT_ASKED), so_far, late) == Returned(again=True)
    for told in (UNTOLD, UNDER_WAY):
        await waits(Wire(told), so_far, late)
    anew = requested_refund(times + 1)
    assert await refund(Wire(NOT_ASKED), anew, late) == Returned(transaction="r1"), "once that is recorded"
    await waits(Wire(NOT_ASKED), anew, Noted(timedelta(), *late.claimed))


async def test_what_the_provider_says_that_it_has_is_never_asked_for_again() -> None:
    calls, so_far = Noted(timedelta(days=30)), requested_refund()
    await waits(Wire(NOT_ASKED, UNDER_WAY), so_far, calls)
    assert calls.known
    last = Wire(NOT_ASKED)
    await waits(last, so_far, calls)
    assert last.called == []


async def test_where_keys_last_it_is_called_for_as_often_as_need_be() -> None:
    calls, so_far = Noted(), requested_refund()
    for told in (NOT_ASKED, UNTOLD):
        wire = Wire(told, LOST, CAPABILITIES["bank"])
        with pytest.raises(UnreachableError):
            await refund(wire, so_far, calls)
        assert len(wire.called) == 1
    assert await refund(Wire(NOT_ASKED, GIVEN, CAPABILITIES["bank"]), so_far, calls) == Returned(transaction="r1")


@pytest.mark.parametrize("says", [RejectedError("vnpay", 401, "http_401"), LOST])
async def test_what_nobody_has_answered_is_asked_again(says: Exception) -> None:
    with pytest.raises(type(says)):
        await refund(Wire(says), requested_refund())
    with pytest.raises(type(says)):
        await refund(Wire(NOT_ASKED, says), requested_refund())


def given() -> Giving:
    return requested_refund().do(RecordGiven, case=1)


@pytest.mark.parametrize(
    "so_far", [Giving, approved, given, lambda: requested_refund().do(LeaveToHand, case=1, rule="95")]
)
async def test_nothing_is_done_that_the_log_does_not_order_or_no_longer(so_far: Any) -> None:
    wire = Wire(NOT_ASKED)
    with pytest.raises(NotOrderedError) as refused:
        await refund(wire, so_far())
    assert (refused.value.type, refused.value.non_retryable) == (NOT_ORDERED, True)
    assert wire.asked == wire.called == []


@pytest.mark.parametrize("case", [None, 0, 2, 3])
async def test_one_after_another_is_ordered(case: int | None) -> None:
    wire = Wire(NOT_ASKED)
    with pytest.raises(NotOrderedError):
        await refund(wire, requested_refund(), case=case)
    assert wire.asked == []


@pytest.mark.parametrize(
    "other", [{"capture_id": "m2"}, {"amount": AMOUNT - 1}, {"provider": "vnpay"}, {"at": START, "attempt": 2}]
)
async def test_no_money_is_given_back_that_its_payment_does_not_have(other: dict[str, Any]) -> None:
    so_far, wire = requested_refund(), Wire(NOT_ASKED)
    payment = paid(so_far.refund, **{name: value for name, value in other.items() if name != "attempt"})
    if "attempt" in other:
        again = payment.attempts[0].model_copy(update={"attempt": 2})
        captures = (payment.captures[0].model_copy(update={"attempt": 2}),)
        payment = payment.model_copy(update={"renewed": (again,), "captures": captures})
    with pytest.raises(NotOrderedError):
        await refund(wire, so_far, log=Log(so_far.refund, payment))
    assert wire.asked == []


async def test_what_was_paid_at_the_counter_no_provider_gives_back() -> None:
    so_far, wire = requested_refund(), Wire(NOT_ASKED)
    so_far.state = so_far.refund.model_copy(update={"n": 1000})
    with pytest.raises(NotOrderedError):
        await refund(wire, so_far)
    assert wire.asked == []
