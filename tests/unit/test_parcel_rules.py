"""Whatever the post says of a parcel, and however late, is recorded, once; what it says is never an error."""

from datetime import UTC, datetime, timedelta
from typing import Any, Final
from uuid import UUID

import pytest

from rules.parcel.fold import MOST_WORDS, news
from rules.parcel.view import view
from rules.streams import PARCEL
from schemas.errors import RefusalError
from schemas.filing.commands import Command
from schemas.level import Channel
from schemas.limit import Limit
from schemas.parcel.commands import (
    ClaimCompensation,
    RecallConsignment,
    RecordLeft,
    RecordSent,
    RecordSteps,
    RequestConsignment,
)
from schemas.parcel.events import ConsignmentEnded
from schemas.parcel.state import Meaning, Parcel, ParcelStart, ParcelState, Step
from schemas.people import SYSTEM, Actor, Address, Role, Via
from schemas.stream.ledger import Recorded

NOW: Final = datetime(2026, 11, 25, 3, 0, tzinfo=UTC)
FILING: Final = UUID("f6fae566-a33a-5e3d-be63-33acc1539c0f")
ADDRESS: Final = Address(recipient="An", phone="0900000001", address="1 Phố Thử", postcode="10000")


class Told:
    """A parcel that the post has taken, and what is told of it."""

    def __init__(self) -> None:
        self.parcel = Parcel(filing_id=FILING, n=1, agency="H01.12")
        self.kinds: list[str] = []
        self.step = 0
        start = ParcelStart(
            filing_id=FILING,
            n=1,
            agency="H01.12",
            address=ADDRESS,
            contents="x",
            cod=25_000,
            limit=Limit.model_validate("4 working days"),
            since=NOW,
            calendar="vn@2026.1",
            due=NOW,
        )
        self.give(RequestConsignment(command_id="request", start=start))
        self.give(RecordSent(command_id="sent", waybill="E1"))

    def give(self, command: Command) -> Any:
        events = PARCEL.decide(self.parcel, command, NOW)
        for event in events:
            seq = self.parcel.seq + 1
            recorded = Recorded(seq=seq, at=NOW, command_id=command.command_id, actor=SYSTEM, event=event)
            self.parcel = PARCEL.evolve(self.parcel, recorded)
            self.kinds.append(event.kind)
        return events

    def says(self, *meanings: Meaning, again_by: datetime | None = None) -> Any:
        steps = tuple(self.line(meaning) for meaning in meanings)
        return self.give(RecordSteps(command_id="steps", steps=steps, again_by=again_by))

    def line(self, meaning: Meaning) -> Step:
        self.step += 1
        return Step(meaning=meaning, said=meaning.name, at=NOW + timedelta(minutes=self.step))


def test_two_invitations_are_counted_and_say_when_the_next_is_due() -> None:
    told = Told()
    later = NOW + timedelta(days=2)
    first, second = (told.says(Meaning.INVITED, again_by=later)[0] for _ in range(2))
    assert [(each.n, each.again_by) for each in (first, second)] == [(1, later), (2, later)]
    told.says(Meaning.RETURNED)
    assert (told.parcel.invitations, told.parcel.state) == (2, ParcelState.RETURNED)
    assert told.kinds[2:] == ["consignment_invited"] * 2 + ["consignment_ended"]


def test_what_is_no_news_is_not_recorded() -> None:
    told = Told()
    steps = (told.line(Meaning.ACCEPTED), told.line(Meaning.IN_TRANSIT))
    assert news(told.parcel.state, told.parcel.heard, steps) == ()
    with pytest.raises(RefusalError):
        told.give(RecordSteps(command_id="steps", steps=steps))
    step = told.line(Meaning.INVITED)
    told.give(RecordSteps(command_id="a", steps=(step, step)))
    assert news(told.parcel.state, told.parcel.heard, (step,)) == ()
    assert told.parcel.invitations == 1


def test_a_carrier_that_chatters_is_followed_to_the_end_alone() -> None:
    told = Told()
    for _ in range(MOST_WORDS):
        told.says(Meaning.OTHER)
    with pytest.raises(RefusalError):
        told.says(Meaning.OTHER)
    told.says(Meaning.OTHER, Meaning.DELIVERED)
    assert told.parcel.state is ParcelState.DELIVERED


@pytest.mark.parametrize("first", [Meaning.LOST, Meaning.RETURNED])
def test_a_late_truth_is_followed(first: Meaning) -> None:
    told = Told()
    (ended,) = told.says(first)
    (again,) = told.says(Meaning.DELIVERED)
    assert (ended.late, again.late, again.outcome) == (False, True, "delivered")
    assert told.parcel.state is ParcelState.DELIVERED


@pytest.mark.parametrize("first", [Meaning.DELIVERED, Meaning.RETURNED])
def test_what_takes_back_what_arrived_is_no_news(first: Meaning) -> None:
    told = Told()
    told.says(first)
    for late in (Meaning.LOST, Meaning.INVITED, Meaning.OTHER, Meaning.CANCELLED):
        with pytest.raises(RefusalError):
            told.says(late)


@pytest.mark.parametrize(
    ("meaning", "watched"),
    [(Meaning.DELIVERED, False), (Meaning.RETURNED, True), (Meaning.LOST, True), (Meaning.CANCELLED, True)],
)
def test_what_did_not_arrive_is_watched_for_six_months(meaning: Meaning, *, watched: bool) -> None:
    told = Told()
    told.says(meaning)
    standing = PARCEL.standing(told.parcel)
    assert standing.watched_until == (NOW + timedelta(days=180) if watched else None)
    assert not standing.open


def test_it_is_had_back_or_had_left() -> None:
    told = Told()
    told.give(RecallConsignment(command_id="recall"))
    assert view(told.parcel).recalled
    with pytest.raises(RefusalError):
        told.give(RecallConsignment(command_id="again"))
    told.give(RecordLeft(command_id="left"))
    assert not view(told.parcel).recalled
    for command in (RecallConsignment(command_id="a"), RecordLeft(command_id="b")):
        with pytest.raises(RefusalError):
            told.give(command)
    told.says(Meaning.DELIVERED)
    assert told.parcel.state is ParcelState.DELIVERED


def test_the_end_tells_what_the_filing_must_have_heard() -> None:
    told = Told()
    assert PARCEL.standing(told.parcel).heard_as == ()
    told.says(Meaning.LOST)
    assert "parcel_failed" in PARCEL.standing(told.parcel).heard_as
    told.says(Meaning.DELIVERED)
    assert "parcel_failed" not in PARCEL.standing(told.parcel).heard_as


DESK: Final = Actor(subject="h01.12-handover-1", role=Role.HANDOVER, agency="H01.12")


def claim(actor: Actor = DESK) -> ClaimCompensation:
    via = Via(principal="desk", channel=Channel.COUNTER)
    return ClaimCompensation(command_id="claim", actor=actor, via=via, reference="12/YC")


def test_the_desk_asks_the_post_to_pay_for_what_it_lost_once() -> None:
    told = Told()
    assert PARCEL.rows(told.parcel).tasks is None
    with pytest.raises(RefusalError, match="nothing_to_claim"):
        told.give(claim())
    told.says(Meaning.LOST)
    (task,) = PARCEL.rows(told.parcel).tasks or ()
    assert (task.name, task.role, task.actions) == ("parcel_lost", Role.HANDOVER, ("claim_compensation",))
    for other in ({"agency": "H01.31"}, {"role": Role.CLERK}):
        with pytest.raises(RefusalError):
            told.give(claim(DESK.model_copy(update=other)))
    told.give(claim())
    assert PARCEL.rows(told.parcel).tasks == ()
    assert view(told.parcel).claim == "12/YC"
    with pytest.raises(RefusalError, match="claimed_from_the_post"):
        told.give(claim())
    turned_up = Told()
    turned_up.says(Meaning.DAMAGED, Meaning.RETURNED)
    with pytest.raises(RefusalError, match="nothing_to_claim"):
        turned_up.give(claim())


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
    parcel = Parcel(filing_id=FILING, n=1, agency="H01.12", state=ParcelState.SENT, cod=cod, fee=fee)
    step = Step(meaning=Meaning.DELIVERED, said="C04", at=NOW, collected=said)
    assert _money(parcel, step) == money
    assert _money(parcel, step.model_copy(update={"meaning": Meaning.RETURNED})) == (None, None)


def _money(parcel: Parcel, step: Step) -> tuple[int | None, int | None]:
    [end] = PARCEL.decide(parcel, RecordSteps(command_id="steps:1", steps=(step,)), NOW)
    assert isinstance(end, ConsignmentEnded)
    return end.collected, end.fee
