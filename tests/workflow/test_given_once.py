"""Refunds over VNPay whose calls go wrong: each once in the bank's ledger, or by hand if the bank does not have it."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from datetime import timedelta
from pathlib import Path
from typing import Any, Final

import pytest

from activities import payment as paying
from activities.partners import http as outside
from operations.doctor import refunds as doctor
from operations.doctor.finding import Health
from operations.doctor.surroundings import Surroundings
from operations.home import Home
from schemas import refund as rf
from schemas.ids import payment_workflow
from schemas.people import Role
from tests.acting import Play, eventually
from tests.conftest import World
from tests.workflow.test_money import Till, at_work, heard_of, paid_for
from tests.workflow.test_refunds import rules_broken

PART: Final = 5_000
ANSWERED: Final = 1.0
"""Seconds in which an answer has to come."""

HANGS: Final = 2
WHY: Final[dict[str, Any]] = {"reason": "nộp nhầm", "legal_basis": "TT 45/2006"}


@pytest.fixture
async def till(world: World, tmp_path: Path) -> AsyncIterator[Till]:
    async with heard_of(world, tmp_path, "vnpay") as made:
        yield made


async def gone_back(till: Till, play: Play, case: int, faults: Mapping[str, int]) -> str:
    """What became of a refund while this goes wrong, so many times."""
    await play.refund(rf.RequestRefund, play.officer(Role.CASHIER), amount=PART, **WHY)
    for fault, times in faults.items():
        said = {"fault": fault, "times": times, "value": HANGS if "hang" in fault else 0}
        till.bank.client.put("/faults/vnpay", json=said).raise_for_status()
    await play.refund(rf.ApproveRefund, play.officer(Role.LEADER), case=case)
    ended = {"refund_given", "refund_left_to_hand"}

    async def ends() -> list[str]:
        return [kind for kind in await play.kinds("refund", 1001) if kind in ended]

    found = await eventually(ends, lambda kinds: len(kinds) == case)
    till.bank.client.delete("/faults/vnpay").raise_for_status()
    return found[-1]


async def test_calls_that_go_wrong_give_back_once_or_leave_it_to_people(
    till: Till, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(outside, "TIMEOUT_S", ANSWERED)
    monkeypatch.setattr(paying, "SETTLED", timedelta(seconds=5))
    async with at_work(till):
        play, reference, _ = await paid_for(till)
        # Nobody else is to ask the bank something: it would meet the faults.
        await till.world.temporal.get_workflow_handle(payment_workflow(play.filing, 1)).terminate("for the test")
        became = [
            await gone_back(till, play, case, faults)
            for case, faults in enumerate(
                (
                    {"apply_then_hang": 1, "refuse_refund": 100},
                    {"broken": 1, "refuse_refund": 100},
                    {"hang_then_apply": 1, "refuse_refund": 100},
                ),
                1,
            )
        ]
        assert became == ["refund_given", "refund_left_to_hand", "refund_given"]
        assert [one["amount"] for one in till.ledger(reference)["refunds"]] == [PART, PART]


async def test_what_passes_is_asked_for_until_it_is_given(till: Till) -> None:
    async with at_work(till):
        play, reference, _ = await paid_for(till)
        for case, fault in enumerate(("busy", "broken", "garbage"), 1):
            assert await gone_back(till, play, case, {fault: 2}) == "refund_given"
        assert [one["amount"] for one in till.ledger(reference)["refunds"]] == [PART] * 3


async def test_what_is_not_answered_for_a_day_is_named(till: Till, monkeypatch: pytest.MonkeyPatch) -> None:
    around = Surroundings({"MOTCUA_DATABASE_URL": till.world.app_dsn}, {}, Home.__new__(Home))
    async with at_work(till):
        play, _, _ = await paid_for(till)
        await play.refund(rf.RequestRefund, play.officer(Role.CASHIER), amount=PART, **WHY)
        till.bank.client.put("/faults/vnpay", json={"fault": "broken", "times": 1_000_000}).raise_for_status()
        await play.refund(rf.ApproveRefund, play.officer(Role.LEADER), case=1)
        assert [one.health for one in await doctor.refunds(around)] == [Health.OK]
        monkeypatch.setattr(doctor, "_LONG", timedelta())
        [finding] = await doctor.refunds(around)
        assert "1 refunds were approved more than a day ago, and vnpay has not said" in finding.what.en
        till.bank.client.delete("/faults/vnpay").raise_for_status()
        await eventually(lambda: play.kinds("refund", 1001), lambda kinds: "refund_given" in kinds)
        assert [one.health for one in await doctor.refunds(around)] == [Health.OK]


async def test_what_the_payers_bank_takes_back_is_heard_while_there_is_no_answer(till: Till) -> None:
    async with at_work(till):
        play, _, page = await paid_for(till)
        await play.refund(rf.RequestRefund, play.officer(Role.CASHIER), amount=PART, **WHY)
        till.bank.client.put("/faults/vnpay", json={"fault": "broken", "times": 1_000_000}).raise_for_status()
        await play.refund(rf.ApproveRefund, play.officer(Role.LEADER), case=1)
        await play.refund(rf.RequestRefund, play.officer(Role.CASHIER), **WHY)
        till.bank.client.post(page.path.removesuffix("/pay") + "/chargeback").raise_for_status()
        await eventually(lambda: play.kinds("refund", 1001), lambda kinds: "refund_charged_back" in kinds)
        assert await rules_broken(play.refund(rf.ApproveRefund, play.officer(Role.LEADER), case=2)) == [
            "no_open_refund"
        ]
        ended = {"refund_given", "refund_left_to_hand"}
        assert not ended & set(await play.kinds("refund", 1001))
        till.bank.client.delete("/faults/vnpay").raise_for_status()
        await eventually(lambda: play.kinds("refund", 1001), lambda kinds: bool(ended & set(kinds)))
