"""A filing that begins again on a real server: what was to go back as it had ended does not, its next end counts."""

from __future__ import annotations

from typing import Any, Final

from schemas.filing import commands as cm
from schemas.filing.events import Outcome
from schemas.filing.state import Stage
from schemas.people import Role
from schemas.refund.commands import AnswerChargeBack, ApproveRefund
from tests.acting import EXTRACT, Play, eventually, extract, publish_changed
from tests.conftest import World
from tests.sound import sound
from tests.workflow.complaints import UPHELD, answered, complained, reopened
from tests.workflow.refunds import AMOUNT, FIRST, SECOND, WHY, given, refunded, rules_broken, tasks

HALF: Final = AMOUNT // 2
REFUSING: Final[dict[str, Any]] = {"outcome": "refused", "reason": "sai tên", "legal_basis": "NĐ 123/2015"}


async def half_of_what_is_refused(world: World) -> str:
    said = {"case": "refused", "percent": 50, "source": "unconfirmed"}

    def change(fields: dict[str, Any]) -> None:
        fields["fee"]["refunds"] = [one for one in fields["fee"]["refunds"] if one["case"] != "refused"] + [said]

    return await publish_changed(world, EXTRACT, change)


async def of_refund(play: Play, *last: str) -> None:
    """Wait until the log of the refund ends so."""
    await eventually(lambda: play.kinds("refund", 1001), lambda kinds: kinds[-len(last) :] == list(last))


async def complained_of(play: Play, n: int) -> None:
    """The refusal is undone, and the filing stands before its decision again."""
    stream = await complained(play, "decided", n)
    await answered(play.world, stream, UPHELD)
    await reopened(play, n)


async def refused_again(play: Play) -> None:
    await play.act(cm.Claim, FIRST)
    await play.act(cm.Decide, FIRST, **REFUSING)
    await play.at(Stage.CLOSED)


async def test_a_refund_by_rule_is_called_off_as_its_filing_begins_again_and_its_next_end_is_judged_anew(
    running: World,
) -> None:
    play = await Play.begin(running, extract(version=await half_of_what_is_refused(running)))
    await play.accept()
    await eventually(play.kinds, lambda kinds: "fee_paid" in kinds)
    await play.review(Outcome.REFUSED, "sai tên")
    await play.at(Stage.CLOSED)
    await of_refund(play, "refund_begun", "refund_opened")

    await complained_of(play, 1)
    await of_refund(play, "refund_opened", "refund_called_off")
    assert await rules_broken(play.refund(ApproveRefund, SECOND, case=1)) == ["no_open_refund"]
    assert await tasks(running, Role.LEADER) == []
    assert await given(play) == []

    await refused_again(play)
    await of_refund(play, "refund_called_off", "refund_opened")
    await play.refund(ApproveRefund, SECOND, case=2)
    view = await refunded(play, HALF)
    assert (view.state, view.captured) == ("paid", AMOUNT)
    assert await given(play) == [HALF]

    await complained_of(play, 2)
    await of_refund(play, "refund_given", "refund_called_off")
    assert await tasks(running, Role.LEADER) == [("given_back_too_early", ("answer_charge_back",))]
    before = len(await play.kinds())
    await play.refund(AnswerChargeBack, FIRST, outcome="asked_again", **WHY)
    asked = await play.at(Stage.FEE)
    assert asked.fee is not None
    assert (asked.fee.n, asked.fee.amount) == (2, HALF)
    await play.pay_by_hand(2)
    await play.at(Stage.REVIEW)
    assert (await play.kinds())[before:][:3] == ["fee_charged_back", "fee_requested", "fee_paid"]
    assert await given(play) == [HALF], "what was given back stays so"
    await sound(running)
