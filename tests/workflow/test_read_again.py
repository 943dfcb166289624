"""Another process has put a false reading into the history: no event follows from it, and the record is read again."""

from collections import Counter
from collections.abc import AsyncIterator, Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import Any, Final, get_type_hints

import pytest
from temporalio import activity
from temporalio.activity import _Definition

from activities.intake import OpenResult
from activities.money.merchants import Renewal
from activities.support.readings import Readings, reading_digest
from schemas.errors import NOT_FOUND, problem
from schemas.filing.commands import PassOn, Withdraw
from schemas.filing.state import Closing, Stage
from schemas.ids import complaint_workflow
from schemas.payment.state import Through
from schemas.people import Role
from schemas.refund.commands import ApproveRefund, RequestRefund
from tests.acting import LEAD, NEVER_PAYS, PAYS_TOO_LITTLE, Play, bodies, eventually, extract, on_another_calendar
from tests.any_files import AnyFiles, received_by
from tests.conftest import World
from tests.sound import sound
from tests.workflow.complaints import UPHELD, answered, complained, refused, reopened
from tests.workflow.obligations import PAID, N, demanded, takes_money
from tests.workflow.refunds import AMOUNT, WHY, refunded
from tests.workflow.results import RELEASED, decided, set_up, signers
from workers.interceptors.readings import READ
from workers.wiring import activities, platform_worker
from workflows.stream import basis

EVIL: Final = "evil"
LIES: Final[Mapping[str, tuple[Callable[[Any], Any], ...]]] = {
    "complaint.grounds": (lambda _: None, lambda _: NOT_FOUND),
    "complaint.side": (lambda _: problem("", "applicant_ceased"),),
    "complaint.remedy": (lambda true: true.model_copy(update={"reopened": True}),),
    "intake.calendar": (lambda _: None,),
    "intake.destination": (lambda true: true.model_copy(update={"known": False}),),
    "intake.open": (lambda _: OpenResult(refusal=NOT_FOUND), lambda true: true.model_copy(update={"queue": EVIL})),
    "obligation.collector": (lambda true: true.model_copy(update={"payable": False}),),
    "payment.merchant": (lambda _: Through(provider=EVIL),),
    "payment.renewal": (lambda _: Renewal(refusal=NOT_FOUND), lambda _: Renewal(through=Through(provider=EVIL))),
    "refund.going": (lambda _: [EVIL],),
    "refund.look": (lambda _: None,),
    "result.order": (lambda _: None,),
    "result.signer": (lambda _: None,),
    "result.signers": (lambda _: [],),
}
"""The lies about each reading. No test below uses the reading whether a fee may be requested again."""


@dataclass
class Liar(Readings):
    """Readings whose first answers in each run are lies, as if another process had read; counts the lies by name."""

    lies: set[str] = field(default_factory=set)
    lied: Counter[str] = field(default_factory=Counter)
    _times: Counter[tuple[str, str]] = field(default_factory=Counter)

    def __post_init__(self) -> None:
        super().__init__()

    def keep(self, digest: str) -> None:
        """Notes a reading only if it is true."""
        if digest not in self.lies:
            super().keep(digest)

    def of(self, function: Callable[..., Any]) -> Callable[..., Any]:
        """Returns the activity, made to answer each run with lies at first."""
        name = name_of(function)

        async def read(given: Any) -> Any:
            true, whose = await function(given), (str(activity.info().workflow_run_id), name)
            if (n := self._times[whose]) == len(LIES[name]):
                return true
            self._times[whose] += 1
            lie = LIES[name][n](true)
            self.lies.add(reading_digest(name, given, lie))
            self.lied[name] += lie != true
            return lie

        hints = get_type_hints(function)
        read.__annotations__ = {"given": next(hint for place, hint in hints.items() if place != "return")} | {
            "return": hints["return"]
        }
        read.__qualname__ = function.__qualname__
        return activity.defn(name=name)(read)


def name_of(function: Callable[..., Any]) -> str:
    return str(_Definition.must_from_callable(function).name)


@pytest.fixture
async def lied_to(world: World, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Liar]:
    """A platform whose first readings are lies, as if from another process."""
    monkeypatch.setattr(basis, "_FIRST_PAUSE", timedelta(milliseconds=10))
    liar = Liar()
    with monkeypatch.context() as patching:
        patching.setattr("workers.wiring.Readings", lambda: liar)
        async with activities(world.settings) as functions:
            working = [liar.of(one) if name_of(one) in LIES else one for one in functions.working]
            received = received_by(AnyFiles(), replace(functions, working=working))
            async with platform_worker(world.temporal, received, world.settings), world.back_office():
                yield liar


async def test_money_collected_renewed_and_given_back(world: World, lied_to: Liar) -> None:
    play = await Play.accepted(world, extract(payer_account=NEVER_PAYS))
    await eventually(lambda: play.kinds("payment", 1), lambda kinds: "payment_ordered" in kinds)
    await play.renew_payment()
    await play.pay_by_hand()
    await eventually(play.kinds, lambda kinds: "fee_paid" in kinds)
    await play.refund(RequestRefund, play.officer(Role.CASHIER), amount=AMOUNT, **WHY)
    await play.refund(ApproveRefund, play.officer(Role.LEADER), case=1)
    await refunded(play, AMOUNT)
    await play.review()
    assert (await play.at(Stage.CLOSED)).closing is Closing.DELIVERED
    await told_the_truth(world, lied_to, "intake.open", "payment.merchant", "payment.renewal", "refund.look")


async def test_parts_of_a_fee(world: World, lied_to: Liar) -> None:
    play = await Play.accepted(world, extract(payer_account=PAYS_TOO_LITTLE))
    await eventually(lambda: play.kinds("payment", 1), lambda kinds: "payment_captured" in kinds)
    await play.renew_payment()
    await eventually(play.kinds, lambda kinds: "fee_paid" in kinds)
    await told_the_truth(world, lied_to, "refund.going")


async def test_a_result_signed_and_a_complaint_upheld(world: World, lied_to: Liar) -> None:
    play = await refused(world)
    await play.give(await complained(play, "decided"), Withdraw, play.submission.actor, reason="đổi ý")
    await answered(play, await complained(play, "decided", 2), UPHELD)
    await reopened(play)
    await world.temporal.get_workflow_handle(complaint_workflow(play.filing, 2)).result()
    assert (await play.kinds("complaint", 2))[-1] == "complaint_settled"
    await set_up(world, signers())
    signed = await decided(world)
    await signed.at(Stage.CLOSED)
    assert await signed.kinds("result", 1) == RELEASED
    names = (
        "complaint.grounds",
        "complaint.side",
        "complaint.remedy",
        "result.order",
        "result.signer",
        "result.signers",
    )
    await told_the_truth(world, lied_to, *names)


async def test_a_tax_office_s_demand_and_another_calendar(world: World, lied_to: Liar) -> None:
    await takes_money(world)
    play = await demanded(world)
    await eventually(lambda: play.kinds("payment", N), lambda kinds: kinds == PAID)
    assert "calendar_changed" in await (await on_another_calendar(world)).kinds()
    await told_the_truth(world, lied_to, "obligation.collector", "intake.calendar")


async def test_passed_on_to_another_agency(world: World, lied_to: Liar) -> None:
    play = await Play.accepted(world, extract(agency=LEAD))
    await play.at(Stage.REVIEW)
    await play.act(PassOn, play.officer(Role.LEADER), to="H01.13", reason="nhầm nơi", legal_basis="NĐ 118/2025")
    assert (await play.view()).agency == "H01.13"
    await told_the_truth(world, lied_to, "intake.destination", "intake.open")


async def told_the_truth(world: World, liar: Liar, *names: str) -> None:
    """Checks that the platform got a lie for each of these readings, and that the record contains none of the lies."""
    assert [name for name in names if not liar.lied[name]] == []
    assert EVIL not in await bodies(world)
    await sound(world)


def test_every_reading_but_one_is_lied_about() -> None:
    assert READ - LIES.keys() == {"refund.not_asked_again"}
