"""A stranger answers the platform's activities: nothing is recorded that nobody has found out, and all end well."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any, Final

import pytest
from temporalio import activity
from temporalio.activity import _Definition

from activities.partners.instructions import Instruction
from activities.reception import ExamineRequest
from schemas.base import Code
from schemas.files import ScanState
from schemas.filing.examined import Examined
from schemas.filing.state import Stage
from schemas.people import Role
from schemas.refund.commands import ApproveRefund, RequestRefund
from tests.acting import ADDRESS, FILE, Play, birth, bodies, eventually, extract
from tests.answering import Answering, Way, answering, giving_way
from tests.any_files import AnyFiles, received_by
from tests.conftest import World
from tests.locked import signing
from tests.sealed import ring, sealed
from tests.sound import sound
from tests.workflow.refunds import AMOUNT, WHY, refunded
from tests.workflow.results import RELEASED, decided, set_up, signers
from workers.wiring import activities, platform_worker
from workflows.stream import asking, basis

EVIL: Final = "evil"
AT: Final = "2026-11-30T00:00:00Z"
FORGED: Final = FILE | {"name": EVIL}
INVENTIONS: Final[dict[str, Any]] = {
    "payment.order": {"order_id": EVIL, "pay_url": f"https://{EVIL}.test"},
    "payment.money": {"captures": [{"capture_id": EVIL, "amount": AMOUNT, "at": AT}]},
    "payment.late_money": {"captures": [{"capture_id": EVIL, "amount": 1, "at": AT}]},
    "payment.close": {"captures": []},
    "payment.refund": {"transaction": EVIL},
    "parcel.send": {"waybill": EVIL},
    "parcel.news": {"steps": [{"meaning": "lost", "said": EVIL, "at": AT}]},
    "result.prepare": {"file": FORGED},
    "result.sign": {"declined": True},
    "reception.examine": {"problems": [{"field": EVIL, "rule": EVIL, "message": {"vi": EVIL, "en": EVIL}}]},
    "papers.confirm": True,
}
"""What the stranger invents, by the activity."""
ASKED: Final = INVENTIONS.keys() - {"papers.confirm", "payment.money", "payment.close", "payment.late_money"}
"""Those that the stories below request of the queue."""


class NotAtOnce(AnyFiles):
    """Accepts every file, but not as a local activity."""

    @activity.defn(name="reception.examine")
    async def examine(self, request: ExamineRequest) -> Examined:
        if activity.info().is_local:
            raise LookupError(request.filing_id)
        return Examined(scan=ScanState.UNSCANNED)

    @activity.defn(name="reception.scan")
    async def scan(self, order: Instruction) -> list[Code]:
        raise LookupError(order.stream)


SOON: Final = (
    (asking, "_FIRST_BOUND", 2),
    (asking, "_LONGEST_BOUND", 4),
    (basis, "_LONGEST_PAUSE", 0.3),
)
"""The times after which the platform asks again, in seconds."""


@dataclass(frozen=True)
class Beset:
    """A platform, and the stranger who answers beside it."""

    world: World
    stranger: Answering


@pytest.fixture(params=["open", "identity and codec"])
async def beset(world: World, request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Beset]:
    """A platform whose unanswered questions are given up soon; the stranger's client has its codec."""
    for module, name, seconds in SOON:
        monkeypatch.setattr(module, name, timedelta(seconds=seconds))
    monkeypatch.setattr(eventually, "__defaults__", (300.0,))
    if request.param != "open":
        world = await signing(await sealed(world, ring("one")))
    stranger = Answering(world.temporal, INVENTIONS)
    async with activities(world.settings) as functions:
        received = received_by(NotAtOnce(), functions)
        working = [giving_way(one, stranger) if name_of(one) in INVENTIONS else one for one in received.working]
        platform = platform_worker(
            world.temporal,
            replace(received, working=working),
            world.settings,
            disable_eager_activity_execution=True,  # else most requests never come to the queue
        )
        async with platform, world.back_office(), answering(stranger):
            yield Beset(world, stranger)


def name_of(function: Any) -> str:
    return str(_Definition.must_from_callable(function).name)


async def paid_and_refunded(world: World) -> Play:
    play = await Play.begin(world, extract())
    await play.accept()
    await eventually(play.kinds, lambda kinds: "fee_paid" in kinds)
    await play.refund(RequestRefund, play.officer(Role.CASHIER), amount=AMOUNT, **WHY)
    await play.refund(ApproveRefund, play.officer(Role.LEADER), case=1)
    await refunded(play, AMOUNT)
    return play


async def sent(world: World) -> Play:
    play = await Play.begin(world, birth(result_channel="post", address=ADDRESS))
    await play.at(Stage.CLOSED)
    return play


def tried(stranger: Answering, *names: str) -> None:
    """Assert that these were answered in each way."""
    missing = [(name, way) for name in names for way in Way if not stranger.answered[name, way]]
    assert missing == []


@pytest.mark.timeout(900)  # seven ways for each activity, some of which last until the question is given up
async def test_no_answer_of_a_stranger_is_recorded(beset: Beset) -> None:
    world = beset.world
    refunded_, posted = await paid_and_refunded(world), await sent(world)
    await set_up(world, signers())
    signs = await decided(world)
    await signs.at(Stage.CLOSED)
    tried(beset.stranger, *ASKED)
    assert EVIL not in await bodies(world)
    assert await signs.kinds("result", 1) == RELEASED
    assert (await posted.kinds("parcel", 1))[-1] == "consignment_ended"
    assert (await refunded_.order())["status"] == "paid"
    await sound(world)
