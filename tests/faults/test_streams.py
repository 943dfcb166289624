"""A worker dies in the middle of each kind of stream: each outside act happens once, and no event is lost."""

import asyncio
import json
import signal
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest

from motcua import AnswerComplaint, Claim, Command, ComplaintStart, RefuseIntake, TakeUp
from schemas import ids
from schemas.filing import commands as cm
from schemas.filing.events import Outcome
from schemas.filing.state import FilingView, Stage
from schemas.ids import complaint_workflow
from schemas.people import Role
from schemas.referral.commands import AnswerPart
from tests.acting import (
    ADDRESS,
    AGENCY,
    NEVER_PAYS,
    VIA,
    Play,
    birth,
    decide_part,
    eventually,
    extract,
    officer,
    refer,
    registering,
)
from tests.callbacks import providers
from tests.conftest import World
from tests.faults.processes import WorkerProcess, motcua, worker_process
from tests.faults.vnpay import approve, given, paid, vnpay
from tests.restarting import lose, restart
from tests.sandboxes import Server
from tests.workflow.delivery import at_the_post
from tests.workflow.results import SIGNED, register, signers
from verifier.ledger import verify


@pytest.fixture
def bank(tmp_path: Path) -> Iterator[Server]:
    with vnpay(tmp_path) as server:
        yield server


async def test_an_order_that_was_made_before_the_worker_died_is_found_made(world: World, tmp_path: Path) -> None:
    async with worker_process(world.process_env, tmp_path / "first") as worker, world.back_office():
        play = await Play.begin(world, extract(payer_account=NEVER_PAYS))
        worker.arm("payment.ordered")
        await play.accept()
        assert await worker.died() == -signal.SIGKILL
    made = await play.order()
    async with worker_process(world.process_env, tmp_path / "second"), world.back_office():
        await play.pay_by_hand()
        await eventually(play.kinds, lambda kinds: "fee_paid" in kinds)
    assert (await play.order())["order_id"] == made["order_id"]
    assert await play.kinds("payment", 1) == ["payment_requested", "payment_ordered", "payment_captured"]


@pytest.mark.parametrize(
    ("failpoint", "before"), [("payment.refund_due", 0), ("payment.refund_claimed", 0), ("payment.refunded", 1)]
)
async def test_over_vnpay_it_is_given_back_once_wherever_the_worker_dies(
    world: World, tmp_path: Path, bank: Server, failpoint: str, before: int
) -> None:
    """The worker dies before it claims the call to VNPay, after the claim, or after the call; then a day passes."""
    await world.execute("update agency set merchants = array['vnpay']")
    env = world.process_env | {"MOTCUA_PROVIDERS": providers(bank)}
    async with worker_process(env, tmp_path / "first") as worker, world.back_office():
        play = await Play.accepted(world, extract(payer_account=None))
        await paid(play)
        await approve(play, lambda: worker.arm(failpoint))
        assert await worker.died() == -signal.SIGKILL
    assert await given(bank) == [6_000] * before
    assert (await play.kinds("refund", 1001))[-1] == "refund_asked"
    bank.client.put("/faults/vnpay", json={"fault": "next_day", "times": 100}).raise_for_status()
    await world.execute("update refund_call set at = at - interval '1 day'")
    async with worker_process(env, tmp_path / "second"), world.back_office():
        await eventually(lambda: play.kinds("payment", 1), lambda kinds: "payment_refunded" in kinds, 90)
    assert await given(bank) == [6_000]
    asked = [kind for kind in await play.kinds("refund", 1001) if kind == "refund_asked"]
    assert len(asked) == (2 if failpoint == "payment.refund_claimed" else 1)


def posted(postcode: str) -> dict[str, Any]:
    return {"result_channel": "post", "address": ADDRESS | {"postcode": postcode}}


async def test_killed_once_the_post_has_it_and_before_that_is_recorded(world: World, tmp_path: Path) -> None:
    async with world.back_office():
        async with worker_process(world.process_env, tmp_path) as worker:
            worker.arm("parcel.sent")
            play = await Play.begin(world, birth(**posted("99904")))
            assert await worker.died() == -signal.SIGKILL
        assert await play.kinds("parcel", 1) == ["consignment_requested"]
        async with worker_process(world.process_env, tmp_path):
            await eventually(lambda: play.kinds("parcel", 1), lambda kinds: "consignment_sent" in kinds)
    assert list(await at_the_post(world, play)) == ["1"]
    assert (await verify(world.superuser_dsn)).verified


async def test_killed_once_the_post_has_cancelled_and_before_that_is_recorded(world: World, tmp_path: Path) -> None:
    async with world.back_office():
        async with worker_process(world.process_env, tmp_path) as worker:
            play = await Play.begin(world, birth(**posted("99912")))
            await eventually(lambda: play.kinds("parcel", 1), lambda kinds: "consignment_sent" in kinds)
            worker.arm("parcel.cancelled")
            await play.act(cm.CancelParcel, play.officer(Role.HANDOVER))
            assert await worker.died() == -signal.SIGKILL
        async with worker_process(world.process_env, tmp_path):
            await play.at(Stage.PICKUP)
    assert await at_the_post(world, play) == {"1": ["accepted", "cancelled"]}
    assert (await play.kinds("parcel", 1))[-2:] == ["consignment_recalled", "consignment_ended"]
    assert (await verify(world.superuser_dsn)).verified


def answered(view: FilingView) -> bool:
    return all(part.outcome for part in view.parts)


async def nothing_lost_nothing_doubled(world: World, play: Play) -> None:
    """Checks that each part was requested, answered and reported once, and that the log verifies."""
    kinds = await play.kinds()
    assert [kinds.count(kind) for kind in ("referred", "part_answered", "parts_decided")] == [3, 3, 1]
    for n in (1, 2, 3):
        asked = await play.kinds("referral", n)
        assert [asked.count(kind) for kind in ("referral_requested", "referral_answered")] == [1, 1]
    assert (await verify(world.superuser_dsn)).verified


async def test_killed_after_a_part_was_referred_and_before_its_agency_was_asked(world: World, tmp_path: Path) -> None:
    async with worker_process(world.process_env, tmp_path) as worker:
        play = await registering(world)
        worker.arm("ledger.committed")
        forward = cm.Forward(command_id="forward", actor=play.officer(Role.LEADER), via=VIA)
        waiting = asyncio.create_task(world.client.act(play.filing, forward))
        assert await worker.died() == -signal.SIGKILL
    assert ((await play.kinds())[-2:], await play.kinds("referral", 1)) == (["referred", "referred"], [])
    async with worker_process(world.process_env, tmp_path):
        await waiting
        for part in (await play.view()).parts:
            await decide_part(play, part)
        await play.until(answered)
        await nothing_lost_nothing_doubled(world, play)


async def test_killed_after_an_agency_answered_and_before_its_filing_heard(world: World, tmp_path: Path) -> None:
    async with worker_process(world.process_env, tmp_path) as worker:
        play = await refer(world)
        _, *others = (await play.view()).parts
        for part in others:
            await decide_part(play, part)
        await play.until(lambda view: all(part.outcome for part in view.parts[1:]))
        stream = ids.referral_workflow(play.filing, 1)
        await eventually(lambda: play.kinds("referral", 1), bool)
        specialist = {"actor": play.officer(Role.SPECIALIST).model_copy(update=AT_THE_POLICE), "via": VIA}
        await world.client.act(stream, cm.Claim.model_validate(specialist | {"command_id": "claim"}))
        worker.arm("ledger.committed")
        decided = AnswerPart.model_validate(specialist | {"command_id": "answer", "outcome": Outcome.APPROVED})
        waiting = asyncio.create_task(world.client.act(stream, decided))
        assert await worker.died() == -signal.SIGKILL
    assert (await play.kinds("referral", 1))[-1] == "referral_answered"
    assert (await play.kinds()).count("part_answered") == len(others)
    async with worker_process(world.process_env, tmp_path):
        await waiting
        await play.until(answered)
        await nothing_lost_nothing_doubled(world, play)


AT_THE_POLICE = {"subject": "h01.31-specialist-1", "agency": "H01.31"}


async def test_a_filing_that_was_lost_with_its_parts_hears_what_they_had_recorded(world: World, tmp_path: Path) -> None:
    """The filing gets no signal, since the workflows of its parts are lost too, and only the filing's is restarted."""
    async with worker_process(world.process_env, tmp_path):
        play = await refer(world)
        filing = ids.filing_workflow(play.filing)
        for part in (await play.view()).parts:
            stream = ids.referral_workflow(play.filing, part.n)
            await eventually(lambda n=part.n: play.kinds("referral", n), bool)  # type: ignore[misc]
            if part.n == 1:
                await lose(world, filing)
            await decide_part(play, part)
            await lose(world, stream)
        await restart(world, filing)
        await play.until(answered)
        await nothing_lost_nothing_doubled(world, play)


async def test_a_part_that_was_lost_when_its_filing_ended_is_taken_back(world: World, tmp_path: Path) -> None:
    async with worker_process(world.process_env, tmp_path):
        play = await refer(world)
        await eventually(lambda: play.kinds("referral", 1), bool)
        await lose(world, ids.referral_workflow(play.filing, 1))
        await play.withdraw()
        found = await motcua(world.process_env, "filing", "restart", "--all-missing")
        assert found.code == 0, found.err
        await eventually(lambda: play.kinds("referral", 1), lambda kinds: kinds[-1:] == ["referral_cancelled"])


@pytest.mark.parametrize("place", ["result.signed", "ledger.committed"])
async def test_a_worker_that_dies_while_a_result_is_signed_takes_no_second_number(
    world: World, tmp_path: Path, place: str
) -> None:
    await world.execute("update agency set signing = $2 where agency = $1", AGENCY, json.dumps(signers()))
    async with world.back_office():
        async with worker_process(world.process_env, tmp_path) as worker:
            play = await Play.accepted(world, extract())
            await play.review()
            await eventually(lambda: play.kinds("result", 1), bool)
            worker.arm(place)
            assert await worker.died() == -signal.SIGKILL
        (tmp_path / "failpoints" / place).unlink(missing_ok=True)
        async with worker_process(world.process_env, tmp_path):
            await play.at(Stage.CLOSED)
    assert await play.kinds("result", 1) == ["result_entered", "result_made", *SIGNED * 3, "result_released"]
    assert await register(play) == [("K0000001", "in_force")]
    assert (await play.kinds()).count("result_issued") == 1
    assert (await verify(world.superuser_dsn)).problems == []


REFUSING = {"reason": "sai mẫu", "legal_basis": "NĐ 61/2018, Đ17"}
UPHELD = {"outcome": "upheld", "reason": "đúng mẫu", "legal_basis": "Luật 02/2011, Đ31"}
COMMITS = 3
"""The number of commits: the answer, the filing's new beginning, and the end of the complaint."""


async def refused_and_taken_up(world: World) -> Play:
    """Returns a filing that was refused at intake, with a complaint that a leader has begun to handle."""
    play = await Play.begin(world, birth())
    await play.act(RefuseIntake, play.officer(Role.RECEPTION), **REFUSING)
    start = {"filing_id": play.filing, "n": 1, "about": 2, "words": "xem lại", "via": VIA}
    await world.client.complain(ComplaintStart(**start, actor=play.submission.actor))
    await act(play, Claim, command_id="claim")
    await act(play, TakeUp, command_id="take-up")
    return play


async def act(play: Play, command: type[Command], **said: Any) -> None:
    leader = officer(Role.LEADER, n=2)
    patient = play.world.client_of(120)  # it outlives every worker that dies
    await patient.act(complaint_workflow(play.filing, 1), command(actor=leader, via=VIA, **said))


async def dies_when_it_next_commits(worker: WorkerProcess) -> None:
    """Kills the worker at its next commit; if none comes in 5 s, it has nothing more to commit."""
    worker.arm("ledger.committed")
    with suppress(TimeoutError):
        assert await asyncio.wait_for(worker.died(), 5) == -signal.SIGKILL


async def test_a_worker_that_dies_after_every_commit_reopens_the_filing_once(world: World, tmp_path: Path) -> None:
    async with worker_process(world.process_env, tmp_path) as worker:
        play = await refused_and_taken_up(world)
        worker.arm("ledger.committed")
        answering = asyncio.create_task(act(play, AnswerComplaint, command_id="answer", **UPHELD))
        assert await worker.died() == -signal.SIGKILL
    assert await play.kinds() == ["submitted", "intake_refused"]
    for _ in range(COMMITS):
        async with worker_process(world.process_env, tmp_path) as worker:
            await dies_when_it_next_commits(worker)
    (tmp_path / "failpoints" / "ledger.committed").unlink(missing_ok=True)
    async with worker_process(world.process_env, tmp_path):
        await answering
        await eventually(lambda: play.kinds("complaint", 1), lambda kinds: "complaint_settled" in kinds)
        await play.accept()
    assert (await play.kinds())[:4] == ["submitted", "intake_refused", "reopened", "accepted"]
    assert (await play.kinds("complaint", 1))[-2:] == ["complaint_answered", "complaint_settled"]
    assert (await verify(world.superuser_dsn)).verified
