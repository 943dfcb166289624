"""A supplement that changes the fee, on a real server with a real bank: the difference is paid, or goes back."""

from __future__ import annotations

from typing import Any, Final

from activities.partners.http import partner_client
from schemas import ids
from schemas.filing import commands as cm
from schemas.filing.state import Closing, Stage
from schemas.people import Role
from schemas.refund.commands import ApproveRefund
from tests.acting import EXTRACT, NEVER_PAYS, Play, eventually, extract, publish_changed
from tests.conftest import World
from tests.restarting import lost_and_restarted
from tests.sound import sound

COPY: Final = 8_000


async def twice(world: World, **seconds: int) -> str:
    """A version of the extract that allows two supplements, and gives back half of what was withdrawn, or not paid."""

    def change(fields: dict[str, Any]) -> None:
        fields["supplement"]["rounds"] = 2
        fields["fee"]["refunds"] += [
            {"case": case, "percent": 50, "source": "unconfirmed"} for case in ("withdrawn_afterwards", "fee_expired")
        ]

    return await publish_changed(world, EXTRACT, change, **seconds)


async def begun(world: World, **said: Any) -> Play:
    """An extract of two copies, paid for, and claimed by a specialist."""
    play = await Play.begin(world, extract(version=await twice(world), **said))
    await play.accept()
    await play.at(Stage.REVIEW)
    await play.act(cm.Claim, play.officer(Role.SPECIALIST))
    return play


async def supplied(play: Play, copies: int) -> None:
    items = [{"target": "field", "code": "copies", "note": "số bản"}]
    asked = {"items": items, "legal_basis": "NĐ 61/2018 Đ15"}
    await play.act(cm.RequestSupplement, play.officer(Role.SPECIALIST), **asked)
    await play.act(cm.Supplement, play.submission.actor, form={"copies": copies}, papers=())


async def bank(play: Play, n: int) -> tuple[list[int], list[int]]:
    """What the bank says that it took for the n-th request, and gave back."""
    async with partner_client(play.world.env["MOTCUA_BANK_URL"]) as http:
        order = (await http.get(f"/orders/{ids.fee_key(play.filing, n)}")).json()
    taken, given = ([one["amount"] for one in order.get(what, [])] for what in ("captures", "refunds"))
    return taken, given


async def paid(play: Play, times: int) -> None:
    await eventually(play.kinds, lambda kinds: kinds.count("fee_paid") == times)


async def given_back(play: Play, n: int, amount: int) -> None:
    await eventually(lambda: play.world.client.payment(play.filing, n), lambda view: view.refunded == amount)


async def test_the_difference_is_paid_before_the_review_goes_on_and_what_was_paid_stays_paid(running: World) -> None:
    play = await begun(running)
    await supplied(play, copies=5)
    await paid(play, 2)
    view = await play.at(Stage.REVIEW)
    assert view.fee is not None
    assert (view.fee.n, view.fee.amount, view.fee.adds_to) == (2, 3 * COPY, 1)
    assert [await bank(play, n) for n in (1, 2)] == [([2 * COPY], []), ([3 * COPY], [])]
    await lost_and_restarted(running, ids.payment_workflow(play.filing, 1))
    await play.act(cm.Propose, play.officer(Role.SPECIALIST), outcome="approved")
    await play.review()
    await play.at(Stage.CLOSED)
    assert (await running.client.payment(play.filing, 1)).state == "paid"
    assert await bank(play, 1) == ([2 * COPY], [])
    await sound(running)


async def test_of_what_is_withdrawn_the_procedures_share_is_of_what_the_fee_was_in_the_end(running: World) -> None:
    play = await begun(running)
    await supplied(play, copies=1)
    await play.withdraw()
    assert (await play.at(Stage.CLOSED)).closing is Closing.WITHDRAWN
    await play.approve_refund()
    await eventually(lambda: play.kinds("refund", 1001), lambda kinds: kinds.count("refund_opened") == 2)
    await play.refund(ApproveRefund, play.officer(Role.LEADER), case=2)
    await given_back(play, 1, COPY + COPY // 2)
    await sound(running)


async def test_a_difference_that_is_never_paid_ends_the_filing_and_gives_back_by_rule(running: World) -> None:
    version = await twice(running, payment=3)
    play = await Play.begin(running, extract(version=version, payer_account=NEVER_PAYS))
    await play.accept()
    await play.pay_by_hand()
    await paid(play, 1)
    await play.act(cm.Claim, play.officer(Role.SPECIALIST))
    await supplied(play, copies=5)
    assert (await play.at(Stage.CLOSED)).closing is Closing.FEE_EXPIRED
    await play.approve_refund()
    await given_back(play, 1, COPY)
    await sound(running)
