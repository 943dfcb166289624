"""Filings pass to another agency at every stage while workers die: no event is lost, both agencies' money adds up."""

import asyncio
import random
import signal
from collections import Counter
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, Final

import yaml
from temporalio.worker import Replayer

from activities.partners.http import partner_client
from motcua.payloads.converter import data_converter
from publishing.authoring import procedures
from rules.filing.commands.passing_on import STAGES
from schemas.complaint.commands import AnswerComplaint, SendAnswer, TakeUp
from schemas.filing import commands as cm
from schemas.filing.state import Stage
from schemas.ids import StreamId, complaint_workflow, fee_key
from schemas.people import Applicant, Role
from tests.acting import FILE, LEAD, Doubtful, Play, decide_part, eventually
from tests.conftest import DIRECTORY, World
from tests.faults.processes import worker_process
from tests.passing import FILINGS, STEPS, TO, WHY, Move, money, played, published, theirs
from tests.restarting import lost_and_restarted
from tests.sound import sound
from workers.wiring import WORKFLOWS

KILLS: Final = 6
HEIR: Final = Applicant(subject="cuc", name="Nguyễn Thị Cúc", id_number="001199000003")
FEE: Final = 16_000
PAID_LATER: Final = ("new", "owing")
"""The filings whose fee is paid after they were passed on."""


def at_one_bank() -> bytes:
    """Returns the directory of agencies, changed so that both agencies take money at the sandbox bank."""
    directory = yaml.safe_load(DIRECTORY)
    for agency in directory["agencies"]:
        if agency["agency"] == TO:
            agency.pop("merchants")
    return yaml.safe_dump(directory, allow_unicode=True).encode()


async def passed_on(play: Play, folder: Path) -> None:
    """Passes the filing on, with a kill of the worker after the commit; one payer then pays the old request."""
    async with worker_process(play.world.process_env, folder / f"before-{play.submission.submission_id}") as worker:
        role = Role.RECEPTION if (await play.view()).accepted_at is None else Role.LEADER
        worker.arm("ledger.committed")
        passing = asyncio.create_task(play.act(cm.PassOn, play.officer(role), to=TO, **WHY))
        assert await worker.died() == -signal.SIGKILL
    if play.submission.submission_id == "owing":
        await play.pay_by_hand(1)
    async with worker_process(play.world.process_env, folder / f"after-{play.submission.submission_id}"):
        await passing
        await eventually(lambda: there(play), bool)


async def there(play: Play) -> bool:
    view = await play.view()
    return (view.agency, view.passed_from) == (TO, LEAD)


async def pay(play: Play) -> None:
    """Pays the new agency's fee; that agency has requested it anew if the earlier one had requested it online."""
    if play.submission.submission_id == "owing":
        await play.pay_by_hand(2)
    await play.until(lambda view: view.stage is not Stage.FEE)


async def review(play: Play) -> None:
    for part in (await play.view()).parts:
        if part.outcome is None:
            await decide_part(play, part)
    await play.until(lambda view: all(part.outcome for part in view.parts))
    await play.review()


async def recall(play: Play) -> None:
    await play.act(cm.CancelParcel, play.officer(Role.HANDOVER))
    await play.at(Stage.PICKUP)


async def read(play: Play) -> None:
    heirs = {"subject": HEIR.subject} if play.submission.submission_id == "ceased" else {}
    await play.act(cm.AcknowledgeResult, play.submission.actor.model_copy(update=heirs))


def does(command: type[cm.Command], role: Role | None = None, **said: Any) -> Move:
    """Returns a move: the applicant, or an officer of the agency that now has the filing, gives this command."""

    async def act(play: Play) -> None:
        await play.act(command, play.submission.actor if role is None else play.officer(role), **said)

    return act


async def wait(play: Play) -> None:
    await play.until(lambda view: view.stage is not Stage.ISSUE)


GOES_ON: Final[dict[Stage, Move]] = {
    Stage.INTAKE: does(cm.Accept, Role.RECEPTION),
    Stage.FEE: pay,
    Stage.SUPPLEMENT: does(cm.Supplement, form={"registered_on": "1990-05-17"}),
    Stage.SUSPENDED: does(cm.Resume, Role.LEADER),
    Stage.OBLIGATION: does(cm.FulfilObligation, Role.CASHIER, reference="7/BL"),
    Stage.CONFIRMATION: does(cm.ConfirmDraft),
    Stage.SUCCESSION: does(cm.Succeed, Role.RECEPTION, applicant=HEIR, evidence=FILE),
    Stage.REVIEW: review,
    Stage.ISSUE: wait,
    Stage.DELIVERY: recall,
    Stage.PICKUP: Play.hand_over,
    Stage.READING: read,
}


async def end(play: Play) -> None:
    while not (view := await play.view()).closed:
        await GOES_ON[view.stage](play)


async def answer(play: Play) -> None:
    """Answers the complaint, as the head of the agency whose act is disputed."""
    complaint, leader = complaint_workflow(play.filing, 1), play.officer(Role.LEADER, 2)
    await play.give(complaint, cm.Claim, leader)
    await play.give(complaint, TakeUp, leader)
    why = {"reason": "đúng luật", "legal_basis": "Luật 02/2011"}
    await play.give(complaint, AnswerComplaint, leader, outcome="rejected", **why)
    await play.give(complaint, SendAnswer, play.officer(Role.CLERK), how="trực tuyến")


async def give_back(play: Play, n: int) -> None:
    """Gives back money that is not owed, as the agency that took it."""
    await play.approve_refund(n)
    await eventually(lambda: play.kinds("payment", 1), lambda kinds: "payment_refunded" in kinds)


@asynccontextmanager
async def mortal_workers(world: World, folder: Path) -> AsyncIterator[list[float]]:
    """Runs workers one after another and kills each but the last; yields the lifetimes of the killed ones, in seconds.

    The lifetimes are drawn from a fixed seed.
    """
    moments, over, lives = random.Random(35), asyncio.Event(), list[float]()

    async def live() -> None:
        for n in range(KILLS):
            async with worker_process(world.process_env, folder / f"mortal-{n}") as worker:
                lives.append(moments.uniform(0.5, 3))
                await asyncio.sleep(lives[-1])
                worker.kill()
        async with worker_process(world.process_env, folder / "last"):
            await over.wait()

    living = asyncio.create_task(live())
    try:
        yield lives
    finally:
        over.set()
        await living


async def at_the_bank(world: World) -> dict[str, int]:
    """Returns the sum that the bank has taken and not given back, in đồng, by the agency that requested it."""
    rows = await world.fetch("select stream, agency from payment")
    whose = {fee_key(one.filing, one.n): row["agency"] for row in rows for one in [StreamId.parse(row["stream"])]}
    sums = Counter[str]()
    async with partner_client(world.env["MOTCUA_BANK_URL"]) as bank:
        for order in (await bank.get("/ledger")).raise_for_status().json()["orders"]:
            if order["key"] in whose:
                taken, back = (sum(one["amount"] for one in order[name]) for name in ("captures", "refunds"))
                sums[whose[order["key"]]] += taken - back
    return dict(sums)


async def replayed(world: World) -> int:
    """Replays every run; returns their number."""
    replayer, runs = Replayer(workflows=WORKFLOWS, namespace=world.namespace, data_converter=data_converter), 0
    async for found in world.temporal.list_workflows():
        history = await world.temporal.get_workflow_handle(found.id, run_id=found.run_id).fetch_history()
        await replayer.replay_workflow(history)
        runs += 1
    return runs


async def restarted(world: World, plays: Mapping[str, Play]) -> None:
    """Loses every open stream's run, and restarts it from the log; afterwards each filing looks as before."""
    seen = await views(plays)
    rows = await world.fetch("select stream from standing where open order by kind = 'filing' desc, stream")
    await lost_and_restarted(world, *(row["stream"] for row in rows))
    assert await views(plays) == seen


async def views(plays: Mapping[str, Play]) -> dict[str, dict[str, Any]]:
    return {name: (await play.view()).model_dump(exclude={"as_of"}) for name, play in plays.items()}


async def test_passed_on_at_every_stage_while_workers_die_nothing_is_lost_and_every_dong_is_there(
    world: World, tmp_path: Path
) -> None:
    assert {stage for stage, *_ in FILINGS.values()} == {*STAGES}
    await procedures.seed_directory(world.owner_dsn, at_one_bank(), world.publisher)
    versions = {act: await published(world, act) for act in (None, *STEPS)}
    async with world.back_office(Doubtful()):
        async with worker_process(world.process_env, tmp_path / "first"):
            plays = await asyncio.gather(*(played(world, name, versions) for name in FILINGS))
        first = dict(zip(FILINGS, plays, strict=True))
        for play in plays:
            await passed_on(play, tmp_path)
        async with worker_process(world.process_env, tmp_path / "restarted"):
            await restarted(world, first)
        async with mortal_workers(world, tmp_path) as lives:
            await asyncio.gather(
                *(end(theirs(play)) for play in plays),
                answer(first["complained"]),
                give_back(first["overpaid"], 1002),
                give_back(first["owing"], 1001),
            )
            assert len(lives) > KILLS // 2, "they had died before all was done"
    kept = {LEAD: FEE * (len(FILINGS) - len(PAID_LATER)), TO: FEE * len(PAID_LATER)}
    assert await money(world) == await at_the_bank(world) == kept
    await sound(world)
    assert await replayed(world) >= len(FILINGS)
