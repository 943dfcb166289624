"""The payer's bank takes money back, on a real server and the sandbox bank's wires: recorded once, and answered."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime
from typing import Any, Final

import httpx
import pytest

from activities.partners.money.provider import Notice
from motcua import NotAllowed
from schemas.filing.state import Stage
from schemas.ids import filing_workflow, payment_workflow, refund_workflow
from schemas.payment.state import PaymentView
from schemas.people import Role
from schemas.reading import AskTasks
from schemas.refund.commands import AnswerChargeBack, ApproveRefund, RequestRefund
from tests.acting import AGENCY, Play, eventually, officer
from tests.conftest import World
from tests.restarting import lose, restart
from tests.sound import sound
from tests.waits import named
from tests.workflow.money import AMOUNT, Till, asked, at_work, events, given, paid_for
from tests.workflow.money import till as till

FIRST: Final = officer(Role.LEADER)
SECOND: Final = officer(Role.LEADER, n=2)
CASHIER: Final = officer(Role.CASHIER)
WHY: Final[dict[str, Any]] = {"reason": "không đòi được", "legal_basis": "TT 45/2006"}


async def charged_back(till: Till, play: Play, page: httpx.URL) -> PaymentView:
    till.bank.client.post(page.path.removesuffix("/pay") + "/chargeback").raise_for_status()
    await events(play, "payment_charged_back")
    return await till.world.client.payment(play.filing)


async def tasks(world: World) -> list[tuple[str, tuple[str, ...]]]:
    page = await world.client.tasks(AskTasks(agency=AGENCY, role=Role.LEADER))
    return [(task.name, task.actions) for task in page.rows if task.stream.startswith("refund:")]


async def gone_twice(till: Till) -> list[tuple[Any, ...]]:
    """What `motcua doctor` says."""
    return [(agency, wait.of, wait.dong) for agency, wait in await named(till.world, "doctor.refunds.twice")]


async def never_came(till: Till) -> list[tuple[Any, ...]]:
    """The same of what was charged back ahead."""
    return [(agency, wait.dong) for agency, wait in await named(till.world, "doctor.refunds.ahead")]


async def kept(till: Till) -> list[str]:
    """What the bank said meanwhile."""
    return [notice.outcome for _, notice in till.kept]


@pytest.mark.parametrize("wire", ["vnpay", "vietqr"])
async def test_what_is_charged_back_before_it_is_known_is_recorded_once_the_money_is(till: Till) -> None:
    """The bank's callbacks overtake each other, and the payment's workflow is lost between them."""
    async with at_work(till):
        play, reference, page = await asked(till)
        hold = {"queries": True, "callbacks": False}
        till.bank.client.put(page.path.removesuffix("/pay") + "/hold", json=hold).raise_for_status()
        till.deaf = True
        await till.pay(page)
        await eventually(lambda: kept(till), lambda found: "paid" in found)
        till.bank.client.post(page.path.removesuffix("/pay") + "/chargeback").raise_for_status()
        await eventually(lambda: kept(till), lambda found: "reversed" in found)
        (_, paid), *_ = (one for one in till.kept if one[1].outcome == "paid")
        (_, back), *_ = (one for one in till.kept if one[1].outcome == "reversed")
        await till.tell(reference, back)
        await events(play, "payment_charge_back_ahead")
        assert await never_came(till) == [(AGENCY, AMOUNT)]
        await lose(till.world, payment_workflow(play.filing, 1))
        for notice in (paid, back):
            await till.tell(reference, notice)
        found = await events(play, "payment_charged_back")
        assert found[2:] == ["payment_charge_back_ahead", "payment_captured", "payment_charged_back"]
        await eventually(play.kinds, lambda kinds: "fee_paid" in kinds)
        expected = [("charge_back", ("answer_charge_back",))]
        await eventually(lambda: tasks(till.world), lambda names: names == expected)
        view = await till.world.client.payment(play.filing)
        assert (view.captured, view.charged_back) == (AMOUNT, AMOUNT)
        assert await never_came(till) == []
        await sound(till.world)


@pytest.mark.parametrize("wire", ["vnpay"])
async def test_parts_under_one_number_that_are_told_at_once_are_each_recorded(till: Till) -> None:
    """What names the second is that the first was told: it waits until that stands in the log."""
    async with at_work(till):
        play, reference, _ = await paid_for(till)
        stream = till.streams[reference]
        async with till.world.connection() as connection:
            number = await connection.fetchval(
                "select convert_from(body, 'UTF8')::jsonb ->> 'capture_id' from event "
                "where stream = $1 and kind = 'payment_captured'",
                stream,
            )
        said: dict[str, Any] = {
            "provider": "vnpay",
            "reference": reference,
            "transaction": number,
            "said": ("00", "04"),
        }
        parts = [
            Notice(amount=amount, outcome="reversed", at=datetime.now(UTC), **said) for amount in (1_000, 2_000, 3_000)
        ]
        await asyncio.gather(*(till.tell(reference, part) for part in parts))
        found = await eventually(
            lambda: play.kinds("payment", 1), lambda kinds: kinds.count("payment_charged_back") == len(parts)
        )
        assert found.count("payment_charge_back_ahead") == 0
        assert (await till.world.client.payment(play.filing)).charged_back == 6_000


async def second_page(till: Till, play: Play) -> httpx.URL:
    """Where the fee is paid that is asked for again."""
    await eventually(lambda: play.kinds("payment", 2), lambda kinds: "payment_ordered" in kinds)
    stream = payment_workflow(play.filing, 2)
    async with till.world.connection() as connection:
        reference = await connection.fetchval("select reference from payment where stream = $1", stream)
    till.streams[reference] = stream
    return await till.page(await till.world.client.payment(play.filing, 2))


@pytest.mark.parametrize("wire", ["vnpay"])
async def test_what_is_asked_for_again_is_a_fee_of_its_own_that_the_filing_waits_for(till: Till) -> None:
    """Both workflows are lost after the leader's answer, and go on from the log."""
    async with at_work(till):
        play, _, page = await asked(till)
        await till.pay(page)
        await play.at(Stage.REVIEW)
        await charged_back(till, play, page)
        await eventually(lambda: tasks(till.world), bool)
        before = len(await play.kinds())
        await play.refund(AnswerChargeBack, FIRST, outcome="asked_again", **WHY)
        view = await play.at(Stage.FEE)
        assert view.fee is not None
        assert (view.fee.n, view.fee.amount, view.fee.adds_to) == (2, AMOUNT, None)
        again = await second_page(till, play)
        await restart(till.world, filing_workflow(play.filing), refund_workflow(play.filing, 1001), force=True)
        await till.pay(again)
        await play.at(Stage.REVIEW)
        assert (await play.kinds())[before:] == ["fee_charged_back", "fee_requested", "fee_paid"]
        assert [(await till.world.client.payment(play.filing, n)).state for n in (1, 2)] == ["paid", "paid"]
        assert await tasks(till.world) == []
        await sound(till.world)


@pytest.mark.parametrize("wire", ["vnpay"])
async def test_a_filing_that_has_ended_asks_for_nothing_again_and_the_leader_says_something_else(till: Till) -> None:
    async with at_work(till):
        play, _, page = await paid_for(till)
        view = await charged_back(till, play, page)
        assert (view.state, view.captured, view.refunded, view.charged_back) == ("paid", AMOUNT, 0, AMOUNT)
        expected = [("charge_back", ("answer_charge_back",))]
        await eventually(lambda: tasks(till.world), lambda found: found == expected)
        await play.withdraw()
        await play.at(Stage.CLOSED)
        with pytest.raises(NotAllowed) as refused:
            await play.refund(AnswerChargeBack, FIRST, outcome="asked_again", **WHY)
        assert [one.rule for one in refused.value.refusal.problems] == ["filing_closed"]
        await play.refund(AnswerChargeBack, FIRST, outcome="claimed", **WHY)
        told = ["refund_begun", "refund_charged_back", "refund_undecided", "charge_back_answered"]
        assert await play.kinds("refund", 1001) == told
        assert "charge_back" not in dict(await tasks(till.world))
        assert await gone_twice(till) == []
        await sound(till.world)


@pytest.mark.parametrize("wire", ["vnpay"])
async def test_what_was_given_back_and_is_charged_back_too_is_a_debt_that_the_doctor_names(till: Till) -> None:
    async with at_work(till):
        play, _, page = await paid_for(till)
        await play.refund(RequestRefund, CASHIER, **WHY)
        await play.refund(ApproveRefund, FIRST, case=1)
        await events(play, "payment_refunded")
        await charged_back(till, play, page)
        await eventually(lambda: play.kinds("refund", 1001), lambda kinds: kinds[-1] == "refund_charged_back")
        assert await gone_twice(till) == [(AGENCY, till.wire, AMOUNT)]


@pytest.mark.parametrize("wire", ["vnpay"])
async def test_what_is_approved_is_called_off_unless_the_provider_may_have_heard_of_it(till: Till) -> None:
    """It is asked for the first part and gives no answer; the second waits behind that when all is charged back."""
    async with at_work(till):
        play, reference, page = await paid_for(till)
        till.bank.client.put("/faults/vnpay", json={"fault": "busy", "times": 1_000_000}).raise_for_status()
        for case, amount in enumerate((6_000, AMOUNT - 6_000), 1):
            await play.refund(RequestRefund, CASHIER, amount=amount, **WHY)
            await play.refund(ApproveRefund, FIRST, case=case)
        await charged_back(till, play, page)
        await eventually(lambda: play.kinds("refund", 1001), lambda kinds: kinds[-1] == "refund_charged_back")
        till.bank.client.delete("/faults/vnpay").raise_for_status()
        await eventually(lambda: play.kinds("refund", 1001), lambda kinds: kinds[-1] == "refund_given")
        assert [one["amount"] for one in await given(till, reference)] == [6_000]
        assert (await events(play, "payment_refunded")).count("payment_refunded") == 1
        assert await gone_twice(till) == [(AGENCY, till.wire, 6_000)]
        assert await tasks(till.world) == [("charge_back", ("answer_charge_back",))]
        await sound(till.world)


@pytest.mark.parametrize("wire", ["platform"])
async def test_what_waits_for_a_leader_is_void_once_it_was_charged_back(till: Till) -> None:
    async with at_work(till):
        play, _, page = await asked(till)
        await till.pay(page, "0003")
        await eventually(lambda: play.kinds("refund", 1002), lambda kinds: "refund_opened" in kinds)
        await charged_back(till, play, page)
        await eventually(lambda: play.kinds("refund", 1002), lambda kinds: kinds[-1] == "refund_charged_back")
        assert await tasks(till.world) == []
        await sound(till.world)
