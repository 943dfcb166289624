"""An intruder answers the platform's activities: no invented fact is recorded, and all filings end as expected."""

import asyncio
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass, replace
from datetime import timedelta
from hashlib import sha256
from typing import Any, Final
from uuid import UUID

import pytest
from obstore.store import from_url
from temporalio import activity
from temporalio.exceptions import ApplicationError
from temporalio.worker import Replayer, UnsandboxedWorkflowRunner

from activities.partners.instructions import Instruction
from activities.reception import ExamineRequest
from motcua import Document, testing
from motcua.signing import Speaker
from schemas import backoffice as bo
from schemas.base import Code
from schemas.files import ScanState, file_key
from schemas.filing.events import Outcome
from schemas.filing.state import Stage
from schemas.filing.submission import Examined
from schemas.ids import DEFAULT_BACK_OFFICE_QUEUE, filing_workflow, referral_workflow, result_workflow
from schemas.people import Role
from schemas.refund.commands import ApproveRefund, RequestRefund
from tests.acting import ADDRESS, EXTRACT, LEAD, Play, birth, bodies, eventually, extract, publish_short, refer
from tests.answering import EVIL, INVENTIONS, Answering, Signs, Way, answering, giving_way, name_of
from tests.any_files import AnyFiles, received_by
from tests.conftest import Signed, World
from tests.locked import OFFICE, back_office, signing, with_office
from tests.sealed import ring, sealed
from tests.sound import sound
from tests.workflow.refunds import AMOUNT, WHY, refunded
from tests.workflow.results import RELEASED, decided, set_up, signers
from workers.wiring import WORKFLOWS, activities, platform_worker
from workflows import agency
from workflows.stream import asking, basis

ASKED: Final = INVENTIONS.keys() - {"papers.confirm", "payment.money", "payment.close", "payment.late_money"}
"""The activities that the stories below request through the queue."""


class NotAtOnce(AnyFiles):
    """An examiner that accepts every file as an ordinary activity, and fails as a local one."""

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
"""The shortened times, in seconds, after which the platform requests again."""


@dataclass(frozen=True)
class Beset:
    world: World
    stranger: Answering


@pytest.fixture(params=["open", "identity and codec"])
async def beset(world: World, request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Beset]:
    """A platform that soon gives up unanswered requests; the intruder's client uses the platform's codec."""
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


async def paid_and_refunded(world: World, version: str) -> Play:
    play = await Play.accepted(world, extract(version=version))
    await eventually(play.kinds, lambda kinds: "fee_paid" in kinds)
    await play.refund(RequestRefund, play.officer(Role.CASHIER), amount=AMOUNT, **WHY)
    await play.refund(ApproveRefund, play.officer(Role.LEADER), case=1)
    await refunded(play, AMOUNT)
    return play


async def sent(world: World) -> Play:
    play = await Play.begin(world, birth(result_channel="post", address=ADDRESS))
    await play.at(Stage.CLOSED)
    return play


async def replayed(world: World) -> None:
    """Checks that every history replays, as it must on another worker or after an eviction."""
    replayer = Replayer(
        workflows=WORKFLOWS,
        namespace=world.namespace,
        data_converter=world.temporal.data_converter,
        workflow_runner=UnsandboxedWorkflowRunner(),
    )
    async for run in world.temporal.list_workflows("WorkflowType != 'View'"):
        history = await world.temporal.get_workflow_handle(run.id, run_id=run.run_id).fetch_history()
        assert (await replayer.replay_workflow(history, raise_on_replay_failure=False)).replay_failure is None, run.id


def tried(stranger: Answering, *names: str) -> None:
    missing = [(name, way) for name in names for way in stranger.ways if not stranger.answered[name, way]]
    assert missing == []


@pytest.mark.timeout(900)  # seven ways for each activity, some of which last until the question is given up
async def test_no_answer_of_a_stranger_is_recorded(beset: Beset) -> None:
    world = beset.world
    version = await publish_short(world, EXTRACT, payment=600)  # else fees expire before the stranger is through
    async with asyncio.TaskGroup() as together:
        refunding = together.create_task(paid_and_refunded(world, version))
        posted = await sent(world)
        await set_up(world, signers())
        signs = await decided(world, version=version)
        await signs.at(Stage.CLOSED)
    tried(beset.stranger, *ASKED)
    assert EVIL not in await bodies(world)
    assert await signs.kinds("result", 1) == RELEASED
    assert (await posted.kinds("parcel", 1))[-1] == "consignment_ended"
    assert (await refunding.result().order())["status"] == "paid"
    await replayed(world)
    await sound(world)


DOUBTED: Final = "Nguyễn Thị Đáng Ngờ"
"""The child whose dossier the back office finds incomplete."""
DECIDES: Final = "h01.31-leader-1"


def doubts(agency: str, form: Mapping[str, Any]) -> bool:
    """Returns whether the back office finds this dossier incomplete; the intruder answers the opposite."""
    return agency == LEAD or form.get("child_name") == DOUBTED


class Honest(Signed):
    """A back office that answers each request only after the intruder has answered it in each way."""

    def __init__(self) -> None:
        self.stranger: Answering

    async def check(self, dossier: bo.Dossier) -> bool:
        self._after(filing_workflow(dossier.filing_id), bo.CHECK)
        return not doubts(dossier.agency, dossier.form)

    async def issue(self, request: bo.IssueRequest) -> bytes | Document:
        filing = request.dossier.filing_id
        self._after(result_workflow(filing, 1) if request.number else filing_workflow(filing), bo.ISSUE)
        return await super().issue(request)

    async def answer(self, request: bo.AnswerRequest) -> bo.PartDecision | None:
        _, n = request.request_id.split(":")
        self._after(referral_workflow(request.dossier.filing_id, int(n)), bo.ANSWER)
        return bo.PartDecision(outcome=Outcome.APPROVED, officer=DECIDES) if request.part == "residence" else None

    def _after(self, whose: str, name: str) -> None:
        if not self.stranger.is_through(whose, name):
            raise ApplicationError("not yet", type="not_yet", next_retry_delay=timedelta(milliseconds=50))


def signed_by(office: Speaker, *, stream: str | None = None, **asked: Any) -> Signs:
    """Returns a signer with this program's key; its statement may name another stream or other request fields."""

    def signs(whose: str, act: str, request: dict[str, Any], answer: Any) -> Any:
        model: Any = {bo.CHECK: bo.CheckAnswer, bo.ISSUE: bo.IssueAnswer, bo.ANSWER: bo.AnswerAnswer}[act]
        return office.answer(stream or whose, act, request | asked, model.model_validate(answer))

    return signs


@pytest.fixture
async def misanswered(world: World, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Beset]:
    """A platform with an intruder beside its back office.

    The intruder's answers are unsigned, signed by another program, or old answers of the back office.
    """
    for module, name, seconds in (*SOON, (agency, "_LATER", 0.2), (agency, "_SELDOM", 1), (agency, "_BEAT", 3)):
        monkeypatch.setattr(module, name, timedelta(seconds=seconds))
    monkeypatch.setattr(eventually, "__defaults__", (300.0,))
    world = await signing(await sealed(world, ring("one")))
    another = await with_office(world, back_office(OFFICE, agency="H01.12", name="another"), seed=OFFICE)
    assert world.office is not None
    assert another.office is not None
    store = from_url(world.objects)

    def forged(request: dict[str, Any]) -> dict[str, Any]:
        """Returns a file that is in the store and belongs to the filing, but is not from its back office."""
        key = file_key(request["dossier"]["filing_id"], sha256(EVIL.encode()).hexdigest())
        store.put(key, EVIL.encode())
        named = {"key": key, "sha256": key.rpartition("/")[2], "size": len(EVIL), "media_type": "text/plain"}
        return {"result": named | {"name": EVIL}}

    stranger = Answering(
        world.temporal,
        {
            bo.CHECK: lambda request: {"complete": doubts(request["dossier"]["agency"], request["dossier"]["form"])},
            bo.ISSUE: forged,
            bo.ANSWER: {"decision": {"outcome": "approved", "officer": EVIL}},
        },
        DEFAULT_BACK_OFFICE_QUEUE,
        {
            Way.SIGNED: signed_by(another.office),
            Way.REPLAYED: signed_by(world.office, stream=filing_workflow(UUID(int=1))),
            Way.MISLED: signed_by(world.office, dossier={"code": EVIL}),
        },
    )
    honest = Honest()
    honest.stranger = stranger
    settings = world.settings.model_copy(update={"sandbox": False})  # else the times above are not its own
    async with activities(settings) as functions:
        platform = platform_worker(world.temporal, received_by(AnyFiles(), functions), settings)
        async with platform, world.back_office(honest), answering(stranger):
            yield Beset(world, stranger)


@pytest.mark.timeout(900)
async def test_no_answer_in_an_agencys_place_is_recorded(misanswered: Beset) -> None:
    world, stranger = misanswered.world, misanswered.stranger
    complete = await Play.begin(world, birth())
    doubted = await Play.begin(world, birth(form=testing.submission().form | {"child_name": DOUBTED}))
    parts = await refer(world)
    await complete.at(Stage.CLOSED)
    view = await parts.until(lambda seen: seen.parts[0].outcome is not None)
    assert [view.parts[0].officer, view.parts[1].outcome] == [DECIDES, None]
    await set_up(world, signers())
    await (await decided(world)).at(Stage.CLOSED)
    tried(stranger, bo.CHECK, bo.ISSUE, bo.ANSWER)
    assert (await doubted.view()).stage is Stage.INTAKE
    assert EVIL not in await bodies(world)
    await sound(world)
