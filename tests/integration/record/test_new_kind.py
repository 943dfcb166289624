"""A new kind of stream needs only a descriptor and its rules, and then works like the platform's own kinds."""

import importlib
import inspect
import pkgutil
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import partial
from typing import Final

import asyncpg
import pytest

import activities as rooms
from motcua import FilingClosed, NotAllowed, NotAuthorised, RefusedError
from operations.doctor.check import Health
from operations.doctor.record.long_waits import waits
from operations.doctor.record.tables import behind_query
from operations.evidence import bundle
from operations.rebuilding import rebuild
from recovery.restart import Found, Restarter
from rules.require import require
from schemas.base import Text
from schemas.ids import TASK_QUEUE, StreamId
from schemas.people import Actor, Role
from schemas.reading import AskTasks
from tests.acting import AGENCY, VIA, Play, extract, officer, refusal
from tests.any_files import any_file_activities
from tests.appeals import ABOVE, WITH_APPEALS, AnswerAppeal, AppealWorkflow
from tests.conftest import World
from tests.shell import Shell
from tests.waits import around
from verifier import bundle as bundle_verifier
from verifier.ledger import verify
from workers.wiring import WORKFLOWS, activities, platform_worker

LEADER: Final = officer(Role.LEADER, ABOVE)


@asynccontextmanager
async def platform(world: World) -> AsyncIterator[None]:
    async with (
        any_file_activities(world.settings, WITH_APPEALS) as functions,
        platform_worker(world.temporal, functions, world.settings, workflows=(*WORKFLOWS, AppealWorkflow)),
    ):
        yield


async def lodge(world: World, play: Play) -> str:
    """Lodges an appeal about a filing; returns the name of the appeal's stream."""
    stream = str(StreamId("appeal", play.filing, 1))
    start = {"filing_id": str(play.filing), "n": 1, "agency": AGENCY, "about": "canary: nobody answers"}
    await world.temporal.start_workflow("Appeal", start, id=stream, task_queue=TASK_QUEUE)
    with pytest.raises(RefusedError):  # an Update is answered once the stream has begun
        await world.client.act(stream, answered(officer(Role.LEADER)))
    return stream


def answered(actor: Actor, command_id: str = "answer-1") -> AnswerAppeal:
    return AnswerAppeal(command_id=command_id, actor=actor, via=VIA, answer="tomorrow")


async def test_a_new_kind_is_appended_acted_on_read_restarted_rebuilt_and_verified(world: World, shell: Shell) -> None:
    async with platform(world):
        play = await Play.begin(world, extract())
        stream = await lodge(world, play)
        await guarded(world, stream)
        await in_a_queue_of_the_agency_above(world, stream)
        await counted_by_the_doctor(world)
        await world.temporal.get_workflow_handle(stream).terminate("lost")
        await restarted(world, stream)
        await acted_on_by_the_command(world, stream, shell)
        with pytest.raises(FilingClosed):
            await world.client.act(stream, answered(LEADER, command_id="answer-2"))
        assert (await world.client.tasks(AskTasks(agency=ABOVE))).rows == ()
        assert await waits("waits")(around(world, WITH_APPEALS)) == [], "nobody waits any more"

    build = partial(rebuild, world.owner_dsn, world.settings.master, lambda *_: None, WITH_APPEALS)
    assert set((await build()).changed.values()) == {0}
    await world.execute("update standing set open = true where kind = 'appeal'")
    await world.execute("delete from task")
    assert (await build()).changed["standing"] == 1
    assert (await verify(world.superuser_dsn)).verified
    await proved_outside(world, play, stream)


async def guarded(world: World, stream: str) -> None:
    """Checks that the lower agency's leader, a leader missing in the directory, and an invented appeal are refused."""
    client = world.client
    leaders = (LEADER, officer(Role.LEADER))
    assert [(await client.actions(stream, actor))[0].allowed for actor in leaders] == [True, False]
    with pytest.raises(NotAllowed) as error:
        await client.act(stream, answered(officer(Role.LEADER)))
    assert error.value.refusal.problems[0].rule == "not_the_agency_above"
    with pytest.raises(NotAuthorised):  # nobody of this name is in the directory of the agency that must act
        await client.act(stream, answered(Actor(subject="nobody", role=Role.LEADER, agency=ABOVE)))
    made_up = {"filing_id": stream.split(":")[1], "n": 2, "agency": AGENCY, "about": 7}
    begun = await world.temporal.start_workflow("Appeal", made_up, id=stream[:-1] + "2", task_queue=TASK_QUEUE)
    assert (await refusal(begun.result())).code == "bad_start"


async def in_a_queue_of_the_agency_above(world: World, stream: str) -> None:
    """Checks that the appeal's task is in the queue of the agency that must act, not of the filing's agency."""
    (task,) = (await world.client.tasks(AskTasks(agency=ABOVE))).rows
    assert (task.stream, task.agency, task.role, task.actions) == (stream, ABOVE, "leader", ("answer_appeal",))
    assert stream not in {task.stream for task in (await world.client.tasks(AskTasks(agency=AGENCY))).rows}
    seen = await world.client.timeline(stream.split(":")[1])
    assert [entry.kind for entry in seen] == ["submitted", "appealed"]
    assert (seen[1].body, seen[1].personal) == ({}, {"about": "canary: nobody answers"}), "it is shown to the applicant"


async def counted_by_the_doctor(world: World) -> None:
    """Checks how the doctor counts appeals: the place where they wait, the agency that must act, and since when."""
    [finding] = await waits("waits")(around(world, WITH_APPEALS))
    assert finding.health is Health.WARN
    assert finding.what.en.startswith(f"{AGENCY}: 1 appeal wait for {ABOVE}, the first since 20")
    assert finding.fix == Text(vi=f"hỏi {ABOVE}", en=f"ask {ABOVE}")


async def restarted(world: World, stream: str) -> None:
    async with asyncpg.create_pool(world.app_dsn, min_size=0, max_size=2) as pool:
        restarter = Restarter(pool, world.temporal, WITH_APPEALS)
        assert [page async for page in restarter.all_unfinished("appeal") if page] == [[stream]]
        assert await restarter.unfinished("appeal", StreamId.parse(stream).filing) == [stream]
        assert await restarter.restart(stream) is Found.RESTARTED
        assert await restarter.restart(stream) is Found.RUNNING


async def acted_on_by_the_command(world: World, stream: str, shell: Shell) -> None:
    by = ("--actor", f"leader:{LEADER.subject}@{ABOVE}", "--command-id", "answer-1", "--json")
    first = await shell("act", stream, "answer_appeal", *by, "--data", '{"answer": "tomorrow"}')
    assert (first.code, first.json["seq"]) == (0, 2)
    assert (await shell("act", stream, "answer_appeal", *by, "--data", '{"answer": "tomorrow"}')).json == first.json
    other = await shell("act", stream, "answer_appeal", *by, "--data", '{"answer": "never"}')
    assert (other.code, other.json["code"]) == (1, "same_id_other_content")
    assert (await world.client.receipt(stream, "answer-1")).seq == 2


async def proved_outside(world: World, play: Play, stream: str) -> None:
    async with world.connection(world.app_dsn) as connection:
        assert await connection.fetch(behind_query(WITH_APPEALS)) == []
        made = require(await bundle.export(connection, str(play.filing)))
    assert stream in {each["stream"] for each in made["streams"]}
    assert bundle_verifier.verify(bundle_verifier.canonical(made)).verified


# That workers serve every activity that there is: what nobody serves is waited for, for ever.


async def test_a_worker_serves_every_activity(world: World) -> None:
    modules = [importlib.import_module(one.name) for one in pkgutil.walk_packages(rooms.__path__, "activities.")]
    owners = {one for module in modules for _, one in inspect.getmembers(module, inspect.isclass)}
    methods = [method for owner in owners for _, method in inspect.getmembers(owner, inspect.isfunction)]
    defined = {getattr(method, MARK).name for method in methods if hasattr(method, MARK)}
    async with activities(world.settings) as functions:
        served = {getattr(one, MARK).name for one in (*functions.working, *functions.waiting)}
    assert ("refund.accepted" in defined, defined - served) == (True, set())


MARK = "__temporal_activity_definition"
