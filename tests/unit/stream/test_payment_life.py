"""A payment whose outcome the bank decides; the report of the capture comes in every possible order."""

import asyncio
import random
from collections.abc import Callable
from datetime import date, datetime, timedelta
from typing import Any, Final

import pytest
from temporalio import workflow

from activities.money.merchants import Renewal, RenewalRequest
from activities.money.refunds import PaymentOf
from activities.partners.money.provider_queries import closing
from activities.support.readings import reading_digest
from activities.workflows import TellRequest
from rules.require import require
from rules.streams import PAYMENT
from schemas.errors import NOT_FOUND, Refusal, RefusalCode, RefusalError, problem
from schemas.filing.commands import RESERVED_IDS, ChangeCalendar
from schemas.ids import OBLIGATIONS, fee_key, reference_of
from schemas.payment.commands import RenewPayment
from schemas.payment.state import Capture, Closed, MoneyNotice, Order, Payment, PaymentState, Taken, Through
from tests.matrix.orders import ORDERS, Act, kept
from tests.matrix.orders import Order as MatrixOrder
from tests.tiers import examples
from tests.unit.filing.lives import CALENDAR, Life, fee, procedure
from tests.unit.stream.shell import FILING, NOW, START, Engine, InTurn, begun, quiet
from workflows.children import cancel_payment, start_payment
from workflows.payment.workflow import PaymentLife
from workflows.stream.signals import DROPPED

PAID: Final = Capture(capture_id="c1", amount=16000, at=NOW)


def closed(*captures: Capture, awaited_until: datetime | None = None) -> Closed:
    return Closed(captures=captures, awaited_until=awaited_until)


def own_notice(**changes: object) -> dict[str, object]:
    """Returns a notice about the payment's money as the provider sends it, with these changes."""
    reference = reference_of(fee_key(FILING, 1))
    notice = {"reference": reference, "transaction": "c1", "amount": 16000, "outcome": "paid", "at": NOW.isoformat()}
    return notice | changes


async def test_a_transaction_may_have_a_number_that_is_no_id(engine: Engine) -> None:
    numbers = ["9" * 99 + "1", "9" * 99 + "2"]
    life = await begun(engine)
    await life.record_captures(closed(PAID.model_copy(update={"capture_id": "FT 1/ả"})))
    for number in numbers:
        await send_notice(life, own_notice(transaction=number))
        await send_notice(life, own_notice(transaction=number, outcome="reversed"))
    assert [one.capture_id for one in life.stream.state.captures] == ["FT 1/ả", *numbers]
    assert [one.transaction for one in life.stream.state.charged_back] == numbers


@pytest.mark.parametrize("number", ["c1", "9" * 100])
async def test_what_is_taken_back_in_parts_is_recorded_part_by_part_however_often_it_is_told(
    engine: Engine, number: str
) -> None:
    life = await begun(engine)
    await send_notice(life, own_notice(transaction=number))
    for _ in range(2):
        for amount, after in ((3_000, 0), (4_000, 0), (3_000, 1)):
            at = (NOW + timedelta(seconds=after)).isoformat()
            await send_notice(life, own_notice(transaction=number, outcome="reversed", amount=amount, at=at))
            await send_notice(life, own_notice(transaction=number, outcome="reversed", amount=2_000, at=None))
            engine.time += timedelta(seconds=1)
    assert [one.amount for one in life.stream.state.charged_back] == [3_000, 2_000, 4_000, 3_000]


async def test_parts_under_one_number_that_are_told_at_once_are_each_recorded(engine: Engine) -> None:
    life = await begun(engine)
    await send_notice(life, own_notice())
    parts = [own_notice(outcome="reversed", amount=amount) for amount in (1_000, 2_000, 3_000)]
    engine.refuses = lambda batch: NOT_FOUND if batch.command_id == "fee:cancel" else None
    engine.answers |= {"called": [MoneyNotice.model_validate(part) for part in parts], "given": [], "accepted": []}
    await asyncio.gather(*map(life.noticed, parts))
    await quiet()
    assert sorted(one.amount for one in life.stream.state.charged_back) == [1_000, 2_000, 3_000]


async def test_nobody_can_take_the_id_of_what_a_payment_records(engine: Engine) -> None:
    life = await renewed(engine, through={"provider": "vnpay"})
    await life._record_order(life.stream.state.attempts[1], Order(order_id="o2"))
    await life._request_closed(life.stream.state.attempts[0], closed())
    await life.record_captures(closed(PAID))
    await send_notice(life, own_notice(outcome="reversed"))
    await life.record_cancel("it was waived")
    first, again, *own = [receipt.command_id for receipt in engine.receipts]
    assert (first, again) == ("request", "again")
    assert len(own) == 5
    assert [one for one in own if not one.startswith(RESERVED_IDS)] == []


async def test_a_payment_that_a_filing_begins_anew_after_it_was_passed_on_stays_with_its_first_agency(
    engine: Engine,
) -> None:
    await begun(engine)
    life = await begun(engine, agency="H01.31")
    await life.record_captures(closed(PAID))
    assert (life.stream.state.agency, engine.batches[-1].agency) == ("H01.30", "H01.30")


@pytest.mark.parametrize(("going", "state"), [([], PaymentState.PAID), (["c1"], PaymentState.PENDING)])
async def test_parts_pay_the_fee_unless_money_of_them_goes_back_and_their_refunds_hear_of_it(
    engine: Engine, going: list[str], state: PaymentState
) -> None:
    engine.answers |= {"going": going, "wake": None}
    life = await begun(engine)
    await life.noticed(own_notice(amount=10_000))
    assert [name for name, _ in engine.asked] == ["merchant"], "of the first money nobody has to ask"
    await life.begin_refunds()
    await life.record_captures(closed(PAID.model_copy(update={"capture_id": "c2", "amount": 6_000})))
    payment = life.stream.state
    assert (payment.state, payment.parts) == (state, ("c1",) if state is PaymentState.PAID else ())
    rests_on = [reading_digest("refund.going", PaymentOf(filing_id=FILING, n=1), going)]
    assert [list(batch.readings) for batch in engine.batches if batch.command_id == "fee:capture:c2"] == [rests_on]
    await life.begin_refunds()
    woken = [request.id.rpartition(":")[2] for name, request in engine.asked if name == "wake"]
    assert woken == (["1001", "1002"] if going else ["1001", "1001"]), "the dispute about the first part is over"


async def send_notice(life: PaymentLife, notice: object) -> None:
    """Sends a notice, once the payment is ready to handle signals."""
    await quiet()
    await life.noticed(notice)


async def test_another_transaction_of_a_request_is_money_once_a_query_finds_it_where_one_can(engine: Engine) -> None:
    life = await begun(engine)
    await send_notice(life, own_notice(confirms=True))
    assert [one.capture_id for one in life.stream.state.captures] == ["c1"], "the first is"
    doubted = []
    for number in ("c1", "c2"):
        await send_notice(life, own_notice(transaction=number, confirms=True))
        doubted.append(life.doubted)
    assert (len(life.stream.state.captures), doubted) == (1, [False, True])
    await life.record_captures(closed(PAID, PAID.model_copy(update={"capture_id": "c2"})))
    await send_notice(life, own_notice(transaction="c3"))
    assert [one.capture_id for one in life.stream.state.captures] == ["c1", "c2", "c3"], "parts of a transfer are"


@pytest.mark.parametrize("outcome", ["pending", "failed"])
async def test_what_is_no_money_changes_nothing(engine: Engine, outcome: str) -> None:
    await send_notice(await begun(engine), own_notice(outcome=outcome))
    assert engine.kinds == ["payment_requested"]


@pytest.mark.parametrize(
    "notice",
    [
        None,
        [],
        "paid",
        {},
        own_notice(amount=0),
        own_notice(amount="16000.5"),
        own_notice(reference="MCAAAAAAAAAAAAAAAA"),
        own_notice(transaction="ả"),
        own_notice(at="yesterday"),
    ],
)
async def test_what_can_not_be_used_is_dropped(engine: Engine, notice: object) -> None:
    await send_notice(await begun(engine), notice)
    assert engine.meter.told[DROPPED] == [(1, {"signal": "noticed"})]
    assert engine.kinds == ["payment_requested"]


@pytest.mark.parametrize("number", ["c1", "r9"])
async def test_what_is_taken_back_before_it_is_known_is_recorded_once_it_comes(engine: Engine, number: str) -> None:
    """The charge-back is reported twice, then with another time; its number is the capture's or one of its own."""
    life = await begun(engine)
    for _ in range(2):
        await send_notice(life, own_notice(outcome="reversed", transaction=number, at=None))
        engine.time += timedelta(seconds=1)
    assert life.stream.state.state is PaymentState.PENDING
    await send_notice(life, own_notice())
    await send_notice(life, own_notice(outcome="reversed", transaction=number))
    known = ["payment_captured", "payment_charged_back"]
    assert engine.kinds == ["payment_requested", "payment_charge_back_ahead", *known]
    assert engine.log[-1].event["at"] == engine.log[1].event["at"]
    assert not life.stream.state.ahead


async def renewed(engine: Engine, **answer: Any) -> PaymentLife:
    """Returns a payment whose applicant has requested its renewal, with this answer about the renewal."""
    life = await begun(engine)
    engine.answers["renewal"] = Renewal.model_validate(answer)
    said = {"command_id": "again", "actor": {"subject": "an", "role": "applicant"}, "via": {"principal": "portal"}}
    await life.take_command(RenewPayment.model_validate(said))
    return life


async def test_it_is_asked_for_anew_through_whom_the_directory_names_and_paid_by_either(engine: Engine) -> None:
    life = await renewed(engine, through={"provider": "vnpay", "seconds": 900})
    asked: RenewalRequest = dict(engine.asked)["renewal"]
    assert (asked.filing_id, asked.agency, asked.actor.subject, asked.chosen) == (FILING, "H01.30", "an", None)
    assert engine.log[-1].event == {
        "kind": "payment_renewed",
        "attempt": 2,
        "provider": "vnpay",
        "expires": (NOW + timedelta(minutes=15)).isoformat().replace("+00:00", "Z"),
    }
    await send_notice(life, own_notice(reference=reference_of(fee_key(FILING, 1, 2))))
    assert engine.log[-1].event["attempt"] == 2
    assert life.stream.state.state is PaymentState.PAID
    await send_notice(life, own_notice())
    assert engine.meter.told[DROPPED] == [(1, {"signal": "noticed"})]
    await send_notice(life, own_notice(transaction="c2"))
    assert [(one.attempt, one.capture_id) for one in life.stream.state.captures] == [(2, "c1"), (None, "c2")]


async def test_a_request_names_the_address_that_the_payer_gave_last(engine: Engine) -> None:
    first, second = "203.0.113.9", "2001:db8::17"
    filing = Life(procedure(fee=fee()), fee_channel="online", payer_address=first).accepted().filing
    engine.answers["start"] = None
    await start_payment(filing, filing.fees[0])
    assert dict(engine.asked)["start"].said["payer_address"] == first
    life = await begun(engine, payer_address=first)
    assert life.stream.state.payer_address == first
    engine.answers["renewal"] = Renewal(through=Through(provider="vnpay"))
    said = {"actor": {"subject": "an", "role": "applicant"}, "via": {"principal": "portal"}}
    for n, given in enumerate((second, None)):
        again = said | {"command_id": f"again-{n}", "payer_address": given}
        await life.take_command(RenewPayment.model_validate(again))
        assert life.stream.state.payer_address == second


async def test_it_is_not_asked_for_anew_where_the_record_says_no(engine: Engine) -> None:
    why = problem("provider", "provider_not_offered", names="vnpay")
    with pytest.raises(RefusalError) as refused:
        await renewed(engine, refusal=Refusal(code=RefusalCode.NOT_ALLOWED, problems=(why,)))
    assert refused.value.refusal.problems == (why,)
    assert engine.kinds == ["payment_requested"]


async def test_what_has_rung_stays_past_though_the_clock_goes_back(engine: Engine) -> None:
    life = await renewed(engine, through={"provider": "vnpay", "seconds": 900})
    end = NOW + timedelta(minutes=15)
    await life._waited(lambda: False, end)
    assert life._now == end
    engine.time = end + timedelta(seconds=1)
    assert life._now == engine.time


async def test_each_request_is_closed_before_the_fee_has_expired(engine: Engine) -> None:
    life = await renewed(engine, through={"provider": "vnpay", "seconds": 900})
    engine.time = DUE
    engine.answers["close"] = closed()
    await life._close()
    asked = [request for name, request in engine.asked if name == "close"]
    assert [(one.stream, one.seq, one.case) for one in asked] == [(str(life.stream.id), 2, n) for n in (1, 2)]
    payment = life.stream.state
    about = [closing(payment, payment.attempts[one.case - 1], DUE, frozenset(), {}) for one in asked]
    assert [(one.provider, one.attempt, one.over) for one in about] == [("bank", 1, True), ("vnpay", 2, True)]
    assert [one.demand.expires - NOW for one in about] == [timedelta(days=7), timedelta(minutes=15)]
    assert engine.kinds[-1] == "payment_expired"


DUE: Final = NOW + timedelta(days=7)
UNTIL: Final = NOW + timedelta(days=10)


@pytest.mark.parametrize(
    ("answers", "state", "kinds"),
    [
        ([closed(), closed(PAID)], PaymentState.PAID, ["payment_captured"]),
        ([closed(), closed()], PaymentState.EXPIRED, ["payment_expired"]),
        (
            [closed(PAID.model_copy(update={"amount": 1})), closed()],
            PaymentState.EXPIRED,
            ["payment_captured", "payment_expired"],
        ),
    ],
    ids=["it was paid", "it was not", "too little, and no more"],
)
async def test_an_outcome_that_nobody_knows_is_awaited_before_the_fee_has_expired(
    engine: Engine, answers: list[Closed], state: PaymentState, kinds: list[str]
) -> None:
    life = await begun(engine)
    engine.time = DUE
    first = answers[0].model_copy(update={"awaited_until": UNTIL})
    engine.answers = InTurn(engine.answers | {"close": [first, *answers[1:]], "wake": None})
    await life._close()
    assert life.stream.state.state is state
    told = engine.kinds
    assert sorted(told) == sorted(["payment_requested", "payment_outcome_awaited", *kinds])
    assert told[-1] == kinds[-1]
    asked = [request for name, request in engine.asked if name == "close"]
    assert [one.seq for one in asked] == [1, 2 + len(answers[0].captures)]


async def test_a_request_whose_outcome_is_awaited_is_not_over(engine: Engine) -> None:
    life = await renewed(engine, through={"provider": "vnpay", "seconds": 900})
    before = len(engine.log)
    for until, recorded in ((UNTIL, 0), (None, 1)):
        await life._request_closed(life.stream.state.attempts[0], closed(awaited_until=until))
        assert len(engine.log) == before + recorded


async def test_each_request_is_awaited_by_itself_and_shows_no_page_any_more(engine: Engine) -> None:
    life = await renewed(engine, through={"provider": "vnpay", "seconds": 900})
    engine.time = DUE
    awaited = closed(awaited_until=UNTIL)
    engine.answers = InTurn(engine.answers | {"close": [closed(), awaited, closed()]})
    await life._close()
    events = [stored.event for stored in engine.log]
    assert [(one["kind"], one.get("attempt")) for one in events[-2:]] == [
        ("payment_outcome_awaited", 2),
        ("payment_expired", None),
    ]
    asked = [request.case for name, request in engine.asked if name == "close"]
    assert asked == [1, 2, 2]


ADOPT: Final = ChangeCalendar(
    command_id="adopt", calendar=CALENDAR.model_copy(update={"version": "2026.9", "off": (date(2026, 12, 1),)})
)
CHANGED: Final = "payment_calendar_changed"


async def test_what_is_awaited_when_the_fee_is_due_later_after_all_is_awaited_no_more(
    engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Meanwhile a new calendar is adopted, by which the fee is due later."""
    life = await renewed(engine, through={"provider": "vnpay"})
    engine.time = DUE
    awaited = closed(awaited_until=UNTIL)

    async def adopt() -> None:
        await life.stream.record(ADOPT)

    with monkeypatch.context() as patch:
        patch.setattr(life, "hear_cancel", adopt)
        engine.answers = InTurn(engine.answers | {"close": [awaited] * 2})
        assert not await life._close()
    assert engine.kinds[2:] == ["payment_outcome_awaited"] * 2 + [CHANGED]
    assert [one.awaited for one in life.stream.state.attempts] == [None, None]
    engine.time = require(life.stream.state.due)
    assert engine.time > DUE
    engine.answers = InTurn(engine.answers | {"close": [awaited, awaited, closed(), closed()]})
    assert await life._close()
    assert engine.kinds[5:] == ["payment_outcome_awaited"] * 2 + ["payment_expired"]


async def test_a_fee_that_is_due_later_by_the_time_that_its_orders_are_closed_has_not_expired(
    engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    life = await begun(engine)
    engine.time = DUE
    engine.answers["close"] = closed()
    record_captures = life.record_captures

    async def adopt(taken: Taken) -> None:
        await record_captures(taken)
        await life.stream.record(ADOPT)

    with monkeypatch.context() as patch:
        patch.setattr(life, "record_captures", adopt)
        assert not await life._close()
    assert engine.kinds == ["payment_requested", CHANGED, "payment_request_expired"]
    engine.time = require(life.stream.state.due)
    assert await life._close()
    assert engine.log[-1].event["kind"] == "payment_expired"


async def test_of_a_fee_that_nobody_owes_no_outcome_is_awaited(engine: Engine) -> None:
    life = await begun(engine)
    engine.answers["close"] = closed()
    await life.record_cancel("it was waived")
    await life._close()
    [asked] = [request for name, request in engine.asked if name == "close"]
    payment = life.stream.state
    about = closing(payment, payment.attempts[asked.case - 1], DUE, frozenset(), {})
    assert (about.due, about.settled) == (None, NOW)
    assert engine.kinds[-1] == "payment_cancelled"


@pytest.mark.parametrize(("not_found", "told"), [(True, "payment_cancelled"), (False, "payment_captured")])
async def test_money_for_a_filing_that_has_ended_is_owed_no_more(engine: Engine, told: str, *, not_found: bool) -> None:
    life = await begun(engine)
    engine.time = DUE
    engine.answers |= {"close": closed(PAID), "closed": True, "tell": not not_found}
    await life._close()
    await life._tell_filing()
    asked: TellRequest = dict(engine.asked)["tell"]
    assert (asked.id, asked.signal) == (f"filing:{FILING}", "fee_settled")
    assert asked.said == {"n": 1, "settlement": "paid", "amount": 16000}
    assert engine.kinds[-1] == told
    assert [capture.capture_id for capture in life.stream.state.to_refund] == (["c1"] if not_found else [])


async def test_that_what_a_tax_office_demands_was_not_paid_is_told_to_nobody(engine: Engine) -> None:
    """The payment sends no signal; the filing continues to wait, and its own clock records the lateness."""
    n = OBLIGATIONS + 1
    engine.answers |= {"merchant": Through(provider="bank"), "close": closed()}
    engine.run.workflow_id = f"payment:{FILING}:{n}"
    life = PaymentLife(PAYMENT, START | {"n": n})
    await life._begin()
    engine.time = DUE
    await life._close()
    await life._tell_filing()
    assert engine.kinds[-1] == "payment_expired"
    assert "tell" not in dict(engine.asked)


@pytest.mark.parametrize(
    ("n", "reason"),
    [(1, "the filing no longer owes this fee"), (OBLIGATIONS + 1, "the filing no longer owes this obligation")],
)
async def test_a_cancelled_payment_says_what_is_owed_no_longer(engine: Engine, n: int, reason: str) -> None:
    engine.answers |= {"merchant": Through(provider="bank"), "tell": True}
    engine.run.workflow_id = f"payment:{FILING}:{n}"
    life = PaymentLife(PAYMENT, START | {"n": n})
    await life._begin()
    await life.caught_up()
    assert engine.log[-1].event == {"kind": "payment_cancelled", "reason": reason}
    await cancel_payment(Life(procedure(fee=fee())).accepted().filing, n)
    asked: TellRequest = engine.asked[-1][1]
    assert (asked.signal, asked.said) == ("cancel", reason)


# Every order in which it may become known that a fee was paid: over a log in memory, as `make matrix` on servers.

NOTICE: Final = {
    "reference": reference_of(fee_key(FILING, 1)),
    "transaction": "c1",
    "amount": 16_000,
    "outcome": "paid",
}


async def patiently(done: Callable[[], bool], **_: Any) -> None:
    """Waits until the condition holds, for any number of turns."""
    while not done():
        await asyncio.sleep(0)


class Silent(dict[str, Any]):
    """The answers of activities, except that every call of `close` gets its answer only once `poll` is called."""

    def __init__(self, others: dict[str, Any]) -> None:
        super().__init__(others)
        self._asked: list[asyncio.Future[Closed]] = []

    def __getitem__(self, name: str) -> Any:
        if name != "close":
            return super().__getitem__(name)
        self._asked.append(asyncio.get_running_loop().create_future())
        return self.get("polled") or self._asked[-1]

    def poll(self) -> None:
        self["polled"] = Closed(captures=(Capture(capture_id="c1", amount=16_000, at=NOW),))
        for one in self._asked:
            if not one.done():
                one.set_result(self["polled"])


async def taken(engine: Engine, order: MatrixOrder) -> Payment:
    """Returns the payment after all acts in this order."""
    life, closing = await begun(engine), list[asyncio.Task[Any]]()
    engine.answers = provider = Silent(engine.answers | {"wake": None})
    for act in order:
        if act in {Act.IPN, Act.LATE}:
            await send_notice(life, NOTICE)
        elif act is Act.POLL:
            provider.poll()
            await life.record_captures(provider["polled"])
        elif act is Act.EXPIRY:
            engine.time = DUE
            closing.append(asyncio.create_task(life._close()))
        elif act is Act.WITHDRAWAL and life.payment.state is PaymentState.PENDING:
            await life.cancel(life.stream)
            await life.hear_cancel()
        for _turn in range(20):
            await asyncio.sleep(0)
    await asyncio.gather(*closing)
    return life.payment


async def test_in_every_order_it_is_captured_once_and_goes_back_just_if_nobody_owed_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    wrong = []
    for order in random.Random(16).sample(ORDERS, examples(len(ORDERS), 60)):
        engine = Engine(monkeypatch)
        monkeypatch.setattr(workflow, "wait_condition", patiently)
        payment = await taken(engine, order)
        unowed = sum(payment.unowed(capture) for capture in payment.to_refund)
        found = payment.state, [one.capture_id for one in payment.captures], unowed
        if found != ((PaymentState.PAID, ["c1"], 0) if kept(order) else (PaymentState.CANCELLED, ["c1"], 16_000)):
            wrong.append((order, found))
    assert wrong == []
