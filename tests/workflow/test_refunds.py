"""Refunds, for which two people are needed; late money; a fee that the postman collects; on a real bank."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from functools import partial
from itertools import product
from typing import Any, Final

import pytest

from activities.partners.money.provider import Notice
from motcua import NotAllowed, NotAuthorised, NotFound
from rules.time.working_time import VIETNAM
from schemas.filing import commands as cm
from schemas.filing.commands import Command
from schemas.filing.events import Outcome
from schemas.filing.state import Closing, FeeState, Stage, Status
from schemas.ids import filing_workflow, payment_workflow
from schemas.level import Channel
from schemas.people import OFFICERS, Actor, Role
from schemas.refund.commands import ApproveRefund, DeclineRefund, RequestRefund
from tests.acting import AGENCY, EXTRACT, PAYS_TWICE, Play, broken, eventually, extract, posted, publish_changed
from tests.conftest import World
from tests.restarting import lose
from tests.sound import sound
from tests.workflow.complaints import UPHELD, answered, complained, reopened
from tests.workflow.money import Till, at_work, events, requested_fee, settled
from tests.workflow.money import till as till
from tests.workflow.refunds import AMOUNT, CASHIER, FIRST, SECOND, WHY, given, refunded, tasks

COUNTER: Final = 1000
HALF: Final = AMOUNT // 2


async def test_a_payment_that_nobody_watches_is_started_again_by_what_goes_back(running: World) -> None:
    play = await Play.accepted(running, extract(payer_account=PAYS_TWICE))
    await eventually(lambda: play.kinds("refund", 1002), lambda kinds: "refund_opened" in kinds)
    await lose(running, payment_workflow(play.filing, 1))
    await play.approve_refund(1002)
    view = await refunded(play, AMOUNT)
    assert (view.captured, view.state) == (2 * AMOUNT, "paid")
    assert await play.kinds("refund", 1002) == [
        *("refund_begun", "refund_opened", "refund_approved", "refund_asked", "refund_given")
    ]
    assert await given(play) == [AMOUNT]
    await sound(running)


async def test_the_postman_collects_the_fee_and_the_parcel_bears_it_out(running: World) -> None:
    due = {"due": "result", "channels": ["online", "counter", "post"]}
    version = await publish_changed(running, EXTRACT, lambda fields: fields["fee"].update(due))
    by_post: dict[str, Any] = {"fee_channel": "post", "payer_account": None}
    play = await Play.begin(running, posted(version=version, **by_post))
    view = await play.deliver()
    assert (view.closing, view.status) == (Closing.DELIVERED, Status.RETURNED)
    assert view.fee is not None
    assert (view.fee.state, view.fee.channel, view.fee.amount) == (FeeState.PAID, Channel.POST, AMOUNT)
    assert (await play.kinds())[-4:] == ["fee_requested", "parcel_requested", "fee_paid", "handed_over"]
    parcel = await running.client.parcel(play.filing, 1)
    assert parcel.collected == parcel.cod == AMOUNT
    await sound(running)


async def test_there_is_nothing_to_give_back_of_what_nobody_paid_at_the_counter(running: World) -> None:
    play = await Play.begin(running, extract())
    with pytest.raises((NotFound, NotAllowed, NotAuthorised)):
        await play.refund(RequestRefund, CASHIER, COUNTER, **WHY)
    assert await play.kinds("refund", COUNTER) == []


async def half_of_what_is_refused(world: World) -> str:
    said = {"case": "refused", "percent": 50, "source": "unconfirmed"}

    def change(fields: dict[str, Any]) -> None:
        fields["fee"]["refunds"] = [one for one in fields["fee"]["refunds"] if one["case"] != "refused"] + [said]

    return await publish_changed(world, EXTRACT, change)


async def of_refund(play: Play, *last: str) -> None:
    await eventually(lambda: play.kinds("refund", 1001), lambda kinds: kinds[-len(last) :] == list(last))


async def complained_of(play: Play, n: int) -> None:
    """Reverses the refusal by a complaint; afterwards the filing waits for its decision again."""
    await answered(play, await complained(play, "decided", n), UPHELD)
    await reopened(play, n)


async def refused_again(play: Play) -> None:
    await play.act(cm.Claim, FIRST)
    await play.act(cm.Decide, FIRST, outcome="refused", reason="sai tên", legal_basis="NĐ 123/2015")
    await play.at(Stage.CLOSED)


async def test_a_refund_by_rule_is_called_off_as_its_filing_begins_again(
    running: World,
) -> None:
    play = await Play.accepted(running, extract(version=await half_of_what_is_refused(running)))
    await eventually(play.kinds, lambda kinds: "fee_paid" in kinds)
    await play.review(Outcome.REFUSED, "sai tên")
    await play.at(Stage.CLOSED)
    await of_refund(play, "refund_begun", "refund_opened")
    await complained_of(play, 1)
    await of_refund(play, "refund_opened", "refund_called_off")
    assert [rule for _, rule in await broken(play.refund(ApproveRefund, SECOND, case=1))] == ["no_open_refund"]
    assert await tasks(running, Role.LEADER) == []
    assert await given(play) == []
    await refused_again(play)
    await of_refund(play, "refund_called_off", "refund_opened")
    await play.refund(ApproveRefund, SECOND, case=2)
    view = await refunded(play, HALF)
    assert (view.state, view.captured) == ("paid", AMOUNT)
    assert await given(play) == [HALF]
    await sound(running)


async def test_one_alone_takes_a_refusal_of_intake_back_after_the_run_has_ended_and_its_refund_is_called_off(
    running: World,
) -> None:
    def change(fields: dict[str, Any]) -> None:
        fields["fee"]["due"] = "submission"
        fields["fee"]["refunds"] = [{"case": "refused_at_intake", "percent": 100, "source": "unconfirmed"}]

    play = await Play.begin(running, extract(version=await publish_changed(running, EXTRACT, change)))
    await play.at(Stage.INTAKE)
    reception = play.officer(Role.RECEPTION)
    await play.act(cm.RefuseIntake, reception, reason="nhầm hồ sơ", legal_basis="NĐ 118/2025")
    await of_refund(play, "refund_begun", "refund_opened")
    await running.temporal.get_workflow_handle(filing_workflow(play.filing)).result()
    back: dict[str, Any] = {"command_id": "back", "reason": "từ chối nhầm"}
    receipt = await play.act(cm.RevokeRefusal, reception, **back)
    await of_refund(play, "refund_opened", "refund_called_off")
    assert await play.act(cm.RevokeRefusal, reception, **back) == receipt
    assert await broken(play.act(cm.RevokeRefusal, reception, reason="-"), NotAllowed) == [("", "not_refused")]
    await play.accept()
    view = await play.at(Stage.REVIEW)
    assert view.fee is not None
    assert (view.fee.state, view.fee.amount, await given(play)) == (FeeState.PAID, AMOUNT, [])
    assert [rule for _, rule in await broken(play.refund(ApproveRefund, SECOND, case=1))] == ["no_open_refund"]
    await sound(running)


@pytest.mark.parametrize("wire", ["vietqr"])
async def test_money_that_comes_while_a_refund_is_begun_is_not_left_until_the_watch_is_over(till: Till) -> None:
    async with at_work(till):
        play, reference, _ = await requested_fee(till)
        await play.withdraw()
        await events(play, "payment_cancelled")
        said: dict[str, Any] = {"provider": till.wire, "reference": reference, "amount": AMOUNT, "outcome": "paid"}
        notices = [Notice(transaction=f"C{n}", said=(), at=datetime.now(UTC), **said) for n in range(6)]
        await asyncio.gather(*(till.tell(reference, notice) for notice in notices))
        for ordinal in range(1, 7):
            await eventually(partial(play.kinds, "refund", 1000 + ordinal), lambda kinds: "refund_opened" in kinds)


@pytest.mark.parametrize("wire", ["vnpay", "vietqr"])
async def test_money_for_a_payment_that_has_ended_starts_it_again_and_goes_back(till: Till) -> None:
    """The payment's workflow is terminated in place of its end after three days; nothing watches for money any more."""
    async with at_work(till):
        play, reference, page = await requested_fee(till, payment=2)
        await play.at(Stage.CLOSED)
        await play.world.temporal.get_workflow_handle(payment_workflow(play.filing, 1)).terminate("it has ended")
        await till.pay(page)
        told = await settled(till, play, reference, 1)
        expired = ["payment_requested", "payment_ordered", "payment_expired"]
        assert told == [*expired, "payment_captured", "payment_refunded"]


# Nobody gives money back alone, in whatever roles the directory has them, and whoever stands in whose place.

ONE, TWO, THREE = "h56.30-one", "h56.30-two", "h56.30-three"
ASKING: Final = (Role.CASHIER, Role.SPECIALIST, Role.LEADER)


@pytest.fixture
async def staffed(running: World) -> World:
    """A world with three officers, each of whom has every role."""
    async with running.connection(running.owner_dsn) as connection:
        for subject, role in product((ONE, TWO, THREE), OFFICERS):
            add = "insert into officer (agency, subject, role, name) values ($1, $2, $3, 'Phạm Minh Đức')"
            await connection.execute(add, AGENCY, subject, role)
    return running


@asynccontextmanager
async def away(world: World, absent: str, role: Role, substitute: str) -> AsyncIterator[None]:
    today = datetime.now(VIETNAM).date()
    say = "insert into absence values ($1, $2, $3, $4, $5, $6)"
    await world.execute(say, AGENCY, absent, role, today, today + timedelta(days=1), substitute)
    yield
    await world.execute("delete from absence where agency = $1", AGENCY)


async def does(play: Play, command: type[Command], subject: str, role: Role, **said: Any) -> str | None:
    """Gives the command as this person; returns the rule that refuses it, None if it is accepted."""
    actor = Actor(subject=subject, role=role, agency=None if role not in OFFICERS else AGENCY)
    try:
        await play.refund(command, actor, **said)
    except (NotAllowed, NotAuthorised) as refused:
        (why,) = refused.refusal.problems
        return why.rule
    return None


async def test_one_alone_gives_nothing_back(staffed: World) -> None:
    play = await Play.accepted(staffed, extract())
    await eventually(play.kinds, lambda kinds: "fee_paid" in kinds)
    why: dict[str, Any] = {"amount": 1, "reason": "nộp nhầm", "legal_basis": "TT 45/2006"}
    for case, role in enumerate(ASKING, 1):
        assert await does(play, RequestRefund, ONE, role, **why) is None
        for command, more in ((ApproveRefund, {}), (DeclineRefund, {"reason": "x"})):
            found = Counter([await does(play, command, ONE, other, case=case, **more) for other in Role])
            those = 1 + (role is Role.LEADER)  # a leader, and a team lead for what a leader requested
            assert found.pop("needs_another") == those, "in each role that may answer, too"
            assert None not in found
    for role, (absent, substitute) in product(OFFICERS, ((ONE, TWO), (TWO, ONE))):
        async with away(staffed, absent, role, substitute):
            assert await does(play, ApproveRefund, TWO, Role.LEADER, case=1) == "needs_another", (role, absent)
            assert await does(play, ApproveRefund, ONE, Role.LEADER, case=1, acting_for=TWO) == "needs_another"
            assert await does(play, ApproveRefund, TWO, Role.LEADER, case=1, acting_for=ONE) == "needs_another"
            assert await does(play, ApproveRefund, THREE, Role.LEADER, case=1, acting_for=ONE) is not None
    assert (await play.order())["refunds"] == []
    assert await does(play, ApproveRefund, TWO, Role.LEADER, case=1) is None
