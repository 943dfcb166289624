"""Every report about money or by the post is recorded at any time; the times of queries for unexpected money."""

from contextlib import suppress
from datetime import UTC, datetime, timedelta
from typing import Any, Final
from uuid import UUID

import pytest
from hypothesis import example, given, settings, strategies
from hypothesis import strategies as st

from rules.parcel.fold import MOST_WORDS, news
from rules.parcel.kind import view as parcel_view
from rules.payment.kind import reference, view
from rules.payment.late_money import EARLY, MOST, SPREAD, looks, next_early_look, next_look
from rules.refund import claims
from rules.streams import PARCEL, PAYMENT
from rules.time.calendars import expand
from rules.time.office_hours import openings_and_closes
from rules.time.working_time import VIETNAM
from schemas.errors import RefusalError
from schemas.ids import fee_key, reference_of
from schemas.limit import Limit
from schemas.parcel import commands as cm
from schemas.parcel.events import ConsignmentEnded
from schemas.parcel.state import Meaning, Parcel, ParcelStart, ParcelState, Step
from schemas.payment.state import MOST_REQUESTS, WATCH_SECONDS, PaymentState
from schemas.people import Actor, Address, Role
from schemas.publishing.calendar import Calendar, CalendarFile
from tests.tiers import examples
from tests.unit.alive import Alive
from tests.unit.filing.lives import Life, fee, procedure
from tests.unit.payments import DUE, FILING, NOW, PaymentStory, payment_after
from tests.unit.time.calendars import MOMENTS, calendars
from tests.walking import walked

Story = tuple[str | tuple[Any, ...], ...]
SHORT: Final = (("money", "m1", 15_000), ("accept", "m1", 1_000))
PART: Final = ("money", "m1", 10_000)
BY_THE_SECOND: Final = ("money", "m1", 16_000, 2)


@walked(
    ("story", "state", "owed", "to_refund"),
    [
        ((("money", "m1", 16_001), ("refund", "m1", 1)), "paid", "m1", []),
        ((("money", "m1", 16_001), ("refund", "m1", 1), "cancel"), "cancelled", None, ["m1"]),
        (SHORT, "paid", "m1", []),
        ((*SHORT, ("money", "m2")), "paid", "m1", ["m2"]),
        # parts reach the fee together, in any number and through any request; what is over goes back of the last
        ((PART, ("money", "m2", 6_000)), "paid", "m2", []),
        ((PART, ("money", "m2", 6_001)), "paid", "m2", ["m2"]),
        ((PART, ("money", "m2", 5_999)), "pending", None, ["m1", "m2"]),
        ((PART, ("money", "m2", 5_999), ("money", "m3", 1)), "paid", "m3", []),
        ((PART, ("renew",), ("money", "m2", 6_000, 2)), "paid", "m2", []),
        ((PART, ("money", "m2", 6_000), ("money", "m3", 1)), "paid", "m2", ["m3"]),
        ((PART, ("money", "m2", 6_000), "cancel"), "cancelled", None, ["m1", "m2"]),
        ((PART, "expire", ("money", "m2", 6_000)), "expired", None, ["m1", "m2"]),
        ((PART, ("money", "m2")), "paid", "m2", ["m1"]),
        # what goes back does not count
        ((PART, ("refund", "m1", 1), ("money", "m2", 6_000)), "pending", None, ["m1", "m2"]),
        ((PART, ("charge_back", "m1", 1), ("money", "m2", 6_000)), "pending", None, ["m1", "m2"]),
        ((PART, ("money", "m2", 6_000, None, "m1")), "pending", None, ["m1", "m2"]),
        # what is accepted is all that came
        ((PART, ("money", "m2", 5_000), ("accept", "m1", 1_000), ("money", "m3", 1)), "paid", "m1", ["m3"]),
        ((PART, ("money", "m2", 5_000), ("accept", "m2", 6_000)), "paid", "m2", []),
        (("expire", ("money", "m1")), "expired", None, ["m1"]),
        (("cancel", ("money", "m1")), "cancelled", None, ["m1"]),
        ((("money", "m1"), "cancel"), "cancelled", None, ["m1"]),
        # a request ends, and the fee is owed until its own time is over
        ((("end", 1), ("renew",), BY_THE_SECOND), "paid", "m1", []),
        ((("renew",), BY_THE_SECOND, ("money", "m2", 16_000, 1)), "paid", "m1", ["m2"]),
        ((("renew",), ("end", 1), ("end", 2), ("money", "m1", 16_000, 1)), "paid", "m1", []),
        ((("end", 1), ("renew",), "expire", BY_THE_SECOND), "expired", None, ["m1"]),
    ],
    exactly=25,
)
def test_what_is_owed_and_what_goes_back(story: Story, state: str, owed: str | None, to_refund: list[str]) -> None:
    payment = payment_after(*story)
    assert (payment.state, payment.owed_capture) == (state, owed)
    assert [capture.capture_id for capture in payment.to_refund] == to_refund


@pytest.mark.parametrize(
    "story",
    [
        (("accept", "m1", 1_000),),
        (("money", "m1", 15_000), ("accept", "m1", 999)),
        (("money", "m1", 15_000), ("accept", "m2", 1_000)),
        (("money", "m1", 15_000), ("money", "m2"), ("accept", "m1", 1_000)),
        (("money", "m1", 15_000), "expire", ("accept", "m1", 1_000)),
        (("money", "m1", 15_000), "cancel", ("accept", "m1", 1_000)),
        (("money", "m1", 15_000), ("refund", "m1", 1), ("accept", "m1", 1_000)),
        (("money", "m1", 10_000), ("money", "m2", 5_000), ("accept", "m1", 1_000, "m2")),
    ],
    ids=[
        *("no money", "another amount", "another capture", "paid", "expired", "cancelled", "something went back"),
        "something of another goes back",
    ],
)
def test_only_what_is_there_and_still_due_is_taken_for_the_whole_fee(story: tuple[tuple[Any, ...], ...]) -> None:
    with pytest.raises(RefusalError):
        payment_after(*story)


@pytest.mark.parametrize(
    ("story", "state"),
    [
        (("await_outcome", ("money", "m1")), "paid"),
        (("await_outcome", "expire"), "expired"),
        (("await_outcome", "cancel"), "cancelled"),
    ],
)
def test_what_is_awaited_is_owed_until_somebody_knows(story: Story, state: str) -> None:
    so_far = payment_after(("order", "http://bank/1"), "await_outcome")
    shown = view(so_far)
    assert (shown.state, shown.pay_url, shown.awaited_until) == ("pending", None, DUE + timedelta(days=3))
    assert PAYMENT.standing(so_far).open
    ended = payment_after(*story)
    assert (ended.state, view(ended).awaited_until) == (state, None)


@pytest.mark.parametrize("before", [("await_outcome",), ("cancel",), (("money", "m1"),), ("expire",)])
def test_an_outcome_is_awaited_once_and_only_of_what_is_owed(before: Story) -> None:
    with pytest.raises(RefusalError):
        payment_after(*before, "await_outcome")
    with pytest.raises(RefusalError):
        payment_after(("await_outcome", 2))


@pytest.mark.parametrize(
    ("seconds", "expires"),
    [(None, None), (900, NOW + timedelta(minutes=15)), (7 * 24 * 3600 - 1, DUE - timedelta(seconds=1)), (10**6, None)],
)
def test_a_request_ends_when_its_merchant_says_or_with_the_fee(seconds: int | None, expires: datetime | None) -> None:
    so_far = PaymentStory(seconds)
    assert so_far.payment.expires == expires
    assert view(so_far.payment).expires == (expires or DUE)
    so_far.renew(seconds=seconds)
    assert so_far.payment.attempts[1].expires == expires


def test_each_request_has_a_reference_of_its_own_by_which_it_is_found() -> None:
    payment = payment_after(("order", "u1"), ("renew", "treasury"), ("order", "u2", 2))
    references = [reference_of(fee_key(FILING, 1, n)) for n in (1, 2)]
    assert [reference(payment, request) for request in payment.attempts] == references
    row = PAYMENT.rows(payment).row or {}
    assert (row["provider"], row["reference"]) == ("bank", references[0])
    seen = (row["renewed"], row["renewed_beginnings"])
    assert seen == ([f"treasury:{references[1]}"], [f"treasury:{references[1][:10]}"])
    shown = view(payment)
    assert (shown.attempt, shown.provider, shown.pay_url) == (2, "treasury", "u2")


def test_what_goes_back_goes_back_by_the_request_that_was_paid() -> None:
    so_far = PaymentStory()
    so_far.now += timedelta(minutes=1)
    so_far.renew("treasury")
    so_far.money("m1", attempt=2)
    so_far.money("m2", attempt=1)
    first, second = (claims.capture_of(so_far.payment, 1000 + n) for n in (1, 2))
    assert first is not None
    assert second is not None
    assert (first.attempt, first.provider, first.requested_at) == (2, "treasury", NOW + timedelta(minutes=1))
    assert (second.attempt, second.provider, second.requested_at) == (None, "bank", NOW)


@walked(
    ("story", "rule"),
    [
        ((("money", "m1"), ("renew",)), "wrong_state"),
        (("cancel", ("renew",)), "wrong_state"),
        ((("renew", "bank", None, Actor(subject="c", role=Role.CASHIER, agency="H01.12")),), "role_not_allowed"),
        ((("renew",),) * MOST_REQUESTS, "too_many_requests"),
        ((("end", 1), ("end", 1)), "wrong_state"),
        ((("end", 1), ("order", "u")), "wrong_state"),
        # what has ended neither expires nor is cancelled, and money is recorded once
        ((("money", "m1"), "expire"), "wrong_state"),
        (("expire", "cancel"), "wrong_state"),
        ((("money", "m1"), ("money", "m1")), "wrong_state"),
    ],
    exactly=9,
)
def test_what_comes_too_late_or_twice_or_from_somebody_else_is_refused(story: Story, rule: str) -> None:
    payment_after(*story[:-1])
    with pytest.raises(RefusalError) as refused:
        payment_after(*story)
    assert [problem.rule for problem in refused.value.refusal.problems] == [rule]


@given(
    told=st.lists(
        st.one_of(
            st.tuples(
                st.just("capture"),
                st.sampled_from("abc"),
                st.sampled_from([15_999, 16_000, 16_001]),
                st.sampled_from([None, 2]),
            ),
            st.sampled_from([("order",), ("expire",), ("cancel",), ("refund",), ("renew",), ("end",)]),
        ),
        max_size=25,
    )
)
def test_in_any_order_each_transaction_is_money_once_and_at_most_one_is_kept(told: list[tuple[Any, ...]]) -> None:
    """Notices and answers to queries report the same facts, any number of times; a refused command changes nothing."""
    so_far = PaymentStory()
    first: dict[str, int] = {}
    for what, *said in told:
        back = so_far.payment.to_refund
        with suppress(RefusalError):
            match what, said:
                case "capture", (transaction, amount, attempt):
                    first.setdefault(transaction, amount)
                    so_far.money(transaction, amount, attempt)
                case "end", _:
                    so_far.end(len(so_far.payment.attempts))
                case "order", _:
                    so_far.order("u")
                case "refund", _ if back:
                    gone = sum(one.amount for one in so_far.payment.given_back if one.capture_id == back[0].capture_id)
                    so_far.refund(back[0].capture_id, so_far.payment.unowed(back[0]) - gone)
                case "refund", _:
                    pass
                case ending, _:
                    getattr(so_far, ending)()
    payment = so_far.payment
    assert {capture.capture_id: capture.amount for capture in payment.captures} == first
    returned = {
        name: sum(one.amount for one in payment.given_back if one.capture_id == name)
        for name in (*first, payment.owed_capture)
    }
    kept = sum(first.values()) - sum(returned[name] for name in first)
    still_to_return = sum(payment.unowed(one) - returned[one.capture_id] for one in payment.to_refund)
    paid = payment.state is PaymentState.PAID
    assert kept - still_to_return == (payment.amount if paid else 0)
    assert paid is (payment.owed_capture in first)


@pytest.mark.parametrize("due", ["acceptance", "result"])
@pytest.mark.parametrize("settlement", ["paid", "expired"])
def test_whatever_a_filing_makes_of_its_end_says_that_it_has_heard(due: str, settlement: str) -> None:
    life = Life(procedure(fee=fee(due))).accepted()
    life = life if due == "acceptance" else life.decided().issued()
    said = len(life.log)
    life.do("settle_fee", n=1, settlement=settlement, amount=16_000 if settlement == "paid" else 0)
    told = PaymentStory()
    told.money("c-1") if settlement == "paid" else told.expire()
    heard = {recorded.event.kind for recorded in life.log[said:] if getattr(recorded.event, "n", None) == 1}
    assert heard & {*PAYMENT.standing(told.payment).heard_as}


# Whatever the post says of a parcel, and however late, is recorded, once; what it says is never an error.

AT: Final = datetime(2026, 11, 25, 3, 0, tzinfo=UTC)
ABOUT: Final = UUID("f6fae566-a33a-5e3d-be63-33acc1539c0f")


class ParcelStory(Alive):
    """A parcel that the post has accepted; tests give it reports."""

    kind = PARCEL

    def __init__(self) -> None:
        super().__init__(Parcel(filing_id=ABOUT, n=1, agency="H01.12"))
        self.now = AT
        self.step = 0
        start = ParcelStart(
            filing_id=ABOUT,
            n=1,
            agency="H01.12",
            address=Address(recipient="An", phone="0900000001", address="1 Phố Thử", postcode="10000"),
            contents="x",
            cod=25_000,
            limit=Limit.model_validate("4 working days"),
            since=AT,
            calendar="vn@2026.1",
            due=AT,
        )
        self.do(cm.RequestConsignment, start=start).do(cm.RecordSent, waybill="E1")

    @property
    def parcel(self) -> Parcel:
        state: Parcel = self.state
        return state

    def says(self, *meanings: Meaning, again_by: datetime | None = None) -> list[Any]:
        """Records one tracking step for each meaning, and returns the events."""
        said = len(self.log)
        self.do(cm.RecordSteps, steps=tuple(map(self.line, meanings)), again_by=again_by)
        return [recorded.event for recorded in self.log[said:]]

    def line(self, meaning: Meaning) -> Step:
        self.step += 1
        return Step(meaning=meaning, said=meaning.name, at=AT + timedelta(minutes=self.step))


def test_two_invitations_are_counted_and_say_when_the_next_is_due() -> None:
    told = ParcelStory()
    later = AT + timedelta(days=2)
    first, second = (told.says(Meaning.INVITED, again_by=later)[0] for _ in range(2))
    assert [(each.n, each.again_by) for each in (first, second)] == [(1, later), (2, later)]
    told.says(Meaning.RETURNED)
    assert (told.parcel.invitations, told.parcel.state) == (2, ParcelState.RETURNED)
    assert told.kinds[2:] == ["consignment_invited"] * 2 + ["consignment_ended"]


def test_what_is_no_news_is_not_recorded() -> None:
    told = ParcelStory()
    steps = (told.line(Meaning.ACCEPTED), told.line(Meaning.IN_TRANSIT))
    assert news(told.parcel.state, told.parcel.heard, steps) == ()
    with pytest.raises(RefusalError):
        told.do(cm.RecordSteps, steps=steps)
    step = told.line(Meaning.INVITED)
    told.do(cm.RecordSteps, steps=(step, step))
    assert news(told.parcel.state, told.parcel.heard, (step,)) == ()
    assert told.parcel.invitations == 1


def test_a_carrier_that_chatters_is_followed_to_the_end_alone() -> None:
    told = ParcelStory()
    for _ in range(MOST_WORDS):
        told.says(Meaning.OTHER)
    with pytest.raises(RefusalError):
        told.says(Meaning.OTHER)
    told.says(Meaning.OTHER, Meaning.DELIVERED)
    assert told.parcel.state is ParcelState.DELIVERED


@pytest.mark.parametrize("first", [Meaning.LOST, Meaning.RETURNED])
def test_a_late_truth_is_followed(first: Meaning) -> None:
    told = ParcelStory()
    (ended,) = told.says(first)
    (again,) = told.says(Meaning.DELIVERED)
    assert (ended.late, again.late, again.outcome) == (False, True, "delivered")
    assert told.parcel.state is ParcelState.DELIVERED


@pytest.mark.parametrize("first", [Meaning.DELIVERED, Meaning.RETURNED])
def test_what_takes_back_what_arrived_is_no_news(first: Meaning) -> None:
    told = ParcelStory()
    told.says(first)
    for late in (Meaning.LOST, Meaning.INVITED, Meaning.OTHER, Meaning.CANCELLED):
        with pytest.raises(RefusalError):
            told.says(late)


@pytest.mark.parametrize(
    ("meaning", "watched"),
    [(Meaning.DELIVERED, False), (Meaning.RETURNED, True), (Meaning.LOST, True), (Meaning.CANCELLED, True)],
)
def test_what_did_not_arrive_is_watched_for_six_months(meaning: Meaning, *, watched: bool) -> None:
    told = ParcelStory()
    told.says(meaning)
    standing = PARCEL.standing(told.parcel)
    assert standing.watched_until == (AT + timedelta(days=180) if watched else None)
    assert not standing.open


def test_it_is_had_back_or_had_left() -> None:
    told = ParcelStory()
    told.do(cm.RecallConsignment)
    assert parcel_view(told.parcel).recalled
    with pytest.raises(RefusalError):
        told.do(cm.RecallConsignment)
    told.do(cm.RecordLeft)
    assert not parcel_view(told.parcel).recalled
    for command in (cm.RecallConsignment, cm.RecordLeft):
        with pytest.raises(RefusalError):
            told.do(command)
    told.says(Meaning.DELIVERED)
    assert told.parcel.state is ParcelState.DELIVERED


def test_the_end_tells_what_the_filing_must_have_heard() -> None:
    told = ParcelStory()
    assert PARCEL.standing(told.parcel).heard_as == ()
    told.says(Meaning.LOST)
    assert "parcel_failed" in PARCEL.standing(told.parcel).heard_as
    told.says(Meaning.DELIVERED)
    assert "parcel_failed" not in PARCEL.standing(told.parcel).heard_as


DESK: Final = Actor(subject="h01.12-handover-1", role=Role.HANDOVER, agency="H01.12")
CLAIM: Final = {"reference": "12/YC"}


def test_the_desk_asks_the_post_to_pay_for_what_it_lost_once() -> None:
    told = ParcelStory()
    assert PARCEL.rows(told.parcel).tasks is None
    assert told.refusal(cm.ClaimCompensation, DESK, **CLAIM) == ["nothing_to_claim"]
    told.says(Meaning.LOST)
    (task,) = PARCEL.rows(told.parcel).tasks or ()
    assert (task.name, task.role, task.actions) == ("parcel_lost", Role.HANDOVER, ("claim_compensation",))
    for other in ({"agency": "H01.31"}, {"role": Role.CLERK}):
        assert told.refusal(cm.ClaimCompensation, DESK.model_copy(update=other), **CLAIM)
    told.do(cm.ClaimCompensation, DESK, **CLAIM)
    assert PARCEL.rows(told.parcel).tasks == ()
    assert parcel_view(told.parcel).claim == "12/YC"
    assert told.refusal(cm.ClaimCompensation, DESK, **CLAIM) == ["claimed_from_the_post"]
    turned_up = ParcelStory()
    turned_up.says(Meaning.DAMAGED, Meaning.RETURNED)
    assert turned_up.refusal(cm.ClaimCompensation, DESK, **CLAIM) == ["nothing_to_claim"]


@pytest.mark.parametrize(
    ("cod", "fee", "said", "money"),
    [
        (0, None, None, (None, None)),
        (36_000, 16_000, None, (36_000, 16_000)),
        (36_000, 16_000, 36_000, (36_000, 16_000)),
        (36_000, 16_000, 35_999, (35_999, None)),
    ],
)
def test_what_is_delivered_against_payment_says_what_was_paid_and_whether_the_fee_was(
    cod: int, fee: int | None, said: int | None, money: tuple[int | None, int | None]
) -> None:
    parcel = Parcel(filing_id=ABOUT, n=1, agency="H01.12", state=ParcelState.SENT, cod=cod, fee=fee)
    step = Step(meaning=Meaning.DELIVERED, said="C04", at=AT, collected=said)
    assert _money(parcel, step) == money
    assert _money(parcel, step.model_copy(update={"meaning": Meaning.RETURNED})) == (None, None)


def _money(parcel: Parcel, step: Step) -> tuple[int | None, int | None]:
    [end] = PARCEL.decide(parcel, cm.RecordSteps(command_id="steps:1", steps=(step,)), AT)
    assert isinstance(end, ConsignmentEnded)
    return end.collected, end.fee


# When a watch looks for money that nobody expects: seldom, by the calendar, and at its end. Hours are Vietnam's.

TET: Final = [{"date": f"2026-02-{day}", "kind": "off", "source": "Tết"} for day in range(16, 21)]
BRIEF_: Final = {"date": "2026-03-06", "kind": "short", "hours": ["08:00-11:00"], "source": "mất điện"}
VN: Final = expand(
    CalendarFile.model_validate(
        {
            "code": "vn",
            "version": "2026.1",
            "valid_from": "2026-01-01",
            "valid_until": "2026-12-31",
            "overlays": [{"days": [*TET, BRIEF_]}],
        }
    )
)
STANDARD: Final = timedelta(seconds=WATCH_SECONDS)
WATCHES: Final = strategies.sampled_from([timedelta(days=90), STANDARD]) | strategies.timedeltas(
    timedelta(), timedelta(days=400)
)
MANY: Final = settings(max_examples=examples(150), deadline=None)


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=VIETNAM)


def shown(instants: tuple[datetime, ...]) -> list[str]:
    return [f"{instant.astimezone(VIETNAM):%d %H:%M:%S}" for instant in instants]


def test_three_days_are_looked_at_soon_then_as_offices_open_and_close_and_at_the_end() -> None:
    since = at("2026-03-02 10:00:30")  # a Monday
    assert shown(looks(since, since + STANDARD, VN)) == [
        *("02 10:00:30", "02 10:00:35", "02 10:01:30", "02 10:10:30", "02 11:00:30", "02 17:00:30"),
        *("03 07:00:30", "03 17:00:30", "04 07:00:30", "04 17:00:30", "05 07:00:30", "05 10:00:30"),
    ]


@pytest.mark.parametrize(
    ("seconds", "after"),
    [
        (0, [0]),
        (1, [0, 1]),
        (5, [0, 5]),
        (6, [0, 5, 6]),
        (60, [0, 5, 60]),
        (90, [0, 5, 60, 90]),
        (3600, [0, 5, 60, 600, 3600]),
    ],
)
def test_a_short_watch_is_looked_at_soon_and_at_its_end(seconds: float, after: list[float]) -> None:
    since = at("2026-03-02 10:00")
    ends = since + timedelta(seconds=seconds)
    assert [(look - since).total_seconds() for look in looks(since, ends, VN)] == after


@MANY
@given(MOMENTS, WATCHES, calendars())
@example(at("2026-03-02 07:00"), STANDARD, VN)
@example(at("2026-02-13 17:00"), timedelta(days=90), VN)
def test_every_watch_is_looked_at_a_few_times_and_last(since: datetime, lasts: timedelta, calendar: Calendar) -> None:
    until = since + lasts
    found = looks(since, until, calendar)
    assert len(found) <= MOST
    assert list(found) == sorted(set(found))
    assert since <= found[0]
    assert found[-1] == until
    for look in found[len(EARLY) : -1]:
        assert openings_and_closes(look - SPREAD, look, calendar)


@MANY
@given(MOMENTS, calendars())
def test_a_standard_watch_leaves_out_no_end_of_a_working_day(since: datetime, calendar: Calendar) -> None:
    until = since + STANDARD
    begins = since + EARLY[-1]
    ends = [end for end in openings_and_closes(begins, until - SPREAD, calendar) if end > begins]  # else looked at then
    assert len(looks(since, until, calendar)[len(EARLY) : -1]) >= min(len(ends), MOST - len(EARLY) - 1)


@MANY
@given(MOMENTS, WATCHES, calendars(), strategies.tuples(strategies.floats(0, 1), strategies.floats(0, 1)))
def test_whoever_begins_again_goes_on_with_the_looks_that_are_left(
    since: datetime, lasts: timedelta, calendar: Calendar, parts: tuple[float, float]
) -> None:
    until = since + lasts
    now, later = sorted(since + part * lasts for part in parts)
    left = [look for look in looks(since, until, calendar) if look > now]
    assert next_look(since, until, calendar, now) == (left[0] if left else until)
    assert next_look(since, until, calendar, now) <= next_look(since, until, calendar, later) <= until


@MANY
@given(MOMENTS, WATCHES | strategies.timedeltas(timedelta(), timedelta(hours=2)), calendars(), strategies.floats(0, 1))
def test_the_early_looks_need_no_calendar(since: datetime, lasts: timedelta, calendar: Calendar, part: float) -> None:
    until = since + lasts
    for now in (since, since + part * min(lasts, EARLY[-1]), since + part * lasts):
        early = next_early_look(since, until, now)
        assert early in {None, next_look(since, until, calendar, now)}
        assert (early is None) == (now >= since + EARLY[-1] and until > since + EARLY[-1])
