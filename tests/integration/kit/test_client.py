"""The client kit against the real platform: repeats, outages, refusals, the end of a filing, and its own examples."""

import ast
import asyncio
import dataclasses
import doctest
import inspect
from contextlib import redirect_stdout
from io import StringIO
from typing import Any, Final
from uuid import UUID, uuid4

import pytest
from temporalio.client import Client
from temporalio.common import WorkflowIDReusePolicy

import motcua
from motcua import (
    Closing,
    FilingClient,
    FilingClosed,
    FilingNotAvailable,
    FilingView,
    SameIdOtherContent,
    Submission,
    Withdraw,
)
from tests.acting import VIA, Doubtful, of, officer
from tests.conftest import World, empty_namespace
from tests.locked import signing
from tests.sealed import ring, sealed

RECEPTION: Final = officer(motcua.Role.RECEPTION)


@pytest.fixture(params=["as it is", "sealed and signed"])
async def world(world: World, request: pytest.FixtureRequest) -> World:
    """A world that requires neither identity nor encryption; in a second run of each test, one that requires both."""
    if request.param == "as it is":
        return world
    if any(name in request.node.name for name in ("stock_client", "without_asyncio")):
        pytest.skip("it makes a client of its own, which neither seals nor signs")
    return await signing(await sealed(world, ring("one")))


def sample(**overrides: Any) -> Submission:
    """Returns a submission under the demo version of its procedure, whose limits are seconds."""
    return motcua.testing.submission(**{"version": "2026-12-demo"} | overrides)


def withdrawal(submission: Submission, command_id: str = "withdraw-1", reason: str = "filed twice") -> Withdraw:
    return Withdraw(command_id=command_id, actor=submission.actor, via=VIA, reason=reason)


async def closed(client: FilingClient, filing: UUID) -> FilingView:
    async with asyncio.timeout(30):
        return [view async for view in client.follow(filing)][-1]


async def test_the_same_submission_again_is_the_same_receipt(running: World) -> None:
    submission = sample()
    first = await running.client.submit(submission)
    assert await running.client.submit(submission) == first
    assert first.code is not None
    assert await running.client.receipt(of(submission)) == first
    other = sample()
    at_once = await asyncio.gather(*(running.client.submit(other) for _ in range(6)))
    assert len({receipt.code for receipt in at_once}) == 1


async def updates_of(client: FilingClient, filing: UUID) -> int:
    history = await client._line.client.get_workflow_handle(f"filing:{filing}").fetch_history()
    return sum(event.HasField("workflow_execution_update_accepted_event_attributes") for event in history.events)


async def test_a_repeat_in_the_same_client_leaves_no_trace_in_the_history(world: World) -> None:
    submission = sample()
    client, filing = world.client, of(submission)
    command = motcua.Accept(command_id="accept-1", actor=RECEPTION, via=VIA)
    async with world.platform(), world.back_office(Doubtful()):
        filed, accepted = await client.submit(submission), await client.act(filing, command)
        assert await updates_of(client, filing) == 2
        assert (await client.submit(submission), await client.act(filing, command)) == (filed, accepted)
        for own_id in ("submit", "accept-1"):  # as if no answer had come: the record is asked
            client._line.known.keep(f"filing:{filing}", own_id, None)
        assert (await client.submit(submission), await client.act(filing, command)) == (filed, accepted)
        assert await client.act(str(filing), command.model_copy(update={"seen_seq": 1})) == accepted
        assert await client.receipt(filing, "accept-1") == accepted
        other = RECEPTION.model_copy(update={"subject": "h56.30-reception-2"})
        for change in ({"on_behalf_of": "somebody"}, {"actor": other}):
            with pytest.raises(SameIdOtherContent):
                await client.act(filing, command.model_copy(update=change))
        with pytest.raises(SameIdOtherContent) as error:
            await client.submit(submission.model_copy(update={"result_channel": motcua.Channel.COUNTER}))
        assert error.value.refusal.problems[0].field == "submission_id"
        assert await updates_of(client, filing) == 2
        with pytest.raises(SameIdOtherContent) as error:
            await world.client.submit(submission.model_copy(update={"result_channel": motcua.Channel.COUNTER}))
        assert error.value.refusal.problems[0].field == "submission_id"


async def test_who_acts_is_said_once(world: World) -> None:
    whole = sample()
    fields = whole.model_dump(mode="json", exclude={"actor", "via"}, exclude_none=True)
    citizen, desk = world.client.as_(whole.actor, whole.via), world.client.as_(RECEPTION, VIA)
    async with world.platform(), world.back_office(Doubtful()):
        assert (await citizen.submit(**fields)).digest == (await world.client.submit(whole)).digest
        assert next(action for action in await desk.actions(of(whole)) if action.name == "accept").allowed
        receipt = await desk.act(of(whole), motcua.Accept, command_id="accept-1")
        assert (
            await world.client.act(of(whole), motcua.Accept(command_id="accept-1", actor=RECEPTION, via=VIA)) == receipt
        )
        with pytest.raises(motcua.UnfitError, match="reason"):
            await citizen.act(of(whole), Withdraw)


async def test_a_program_without_asyncio(running: World) -> None:
    submission = sample()

    def program() -> list[FilingView]:
        client = motcua.BlockingFilingClient.connect(running.env["TEMPORAL_ADDRESS"], namespace=running.namespace)
        with client:
            receipt = client.submit(submission)
            seen = list(client.follow(of(submission)))
            assert client.receipt(of(submission)) == receipt
            citizen = client.as_(submission.actor, submission.via)
            assert not any(action.allowed for action in citizen.actions(of(submission)))
            with pytest.raises(FilingClosed):
                citizen.act(of(submission), Withdraw, reason="filed twice")
        with pytest.raises(motcua.MotcuaError, match="closed"):
            client.view(of(submission))
        client.close()
        return seen

    seen = await asyncio.to_thread(program)
    assert [view.seq for view in seen] == list(range(1, len(seen) + 1))
    assert seen[-1].closed


async def test_a_call_waits_for_a_worker_until_patience_ends_and_the_repeat_is_safe(world: World) -> None:
    submission, other = sample(), sample()
    waiting = asyncio.create_task(world.client.submit(other))
    with pytest.raises(motcua.Unavailable, match="repeating is safe"):
        await world.client_of(1).submit(submission)
    assert not waiting.done()
    async with world.platform():
        receipt = await world.client.submit(submission)
        assert (await world.client.view(of(submission))).code == receipt.code
        assert (await world.client.view(of(submission))).seq == 1
        assert await world.client.submit(other) == await waiting
    waiting = asyncio.create_task(world.client.act(of(submission), withdrawal(submission)))
    await asyncio.sleep(1)
    assert not waiting.done()
    async with world.platform():
        assert await world.client.act(of(submission), withdrawal(submission)) == await waiting


async def test_nobody_at_the_address_and_a_namespace_that_is_not_there(world: World, unused_tcp_port: int) -> None:
    async with await FilingClient.connect(f"127.0.0.1:{unused_tcp_port}", patience=0.5) as client:
        for call in (client.submit(sample()), closed(client, uuid4())):
            with pytest.raises(motcua.Unavailable):
                await call
    async with await FilingClient.connect(world.env["TEMPORAL_ADDRESS"], namespace="nowhere") as client:
        async with asyncio.timeout(5):
            with pytest.raises(motcua.MotcuaError, match="nowhere"):
                await client.submit(sample())


async def test_after_the_end_what_was_recorded_is_found_and_the_rest_is_refused(world: World) -> None:
    submission = sample()
    async with world.platform():
        await world.client.submit(submission)
        receipt = await world.client.act(of(submission), withdrawal(submission))
        assert (await closed(world.client, of(submission))).closing is Closing.WITHDRAWN
        assert await world.client.act(of(submission), withdrawal(submission)) == receipt
        with pytest.raises(FilingClosed, match="withdrawn"):
            await world.client.act(of(submission), motcua.Claim(command_id="claim-1", actor=RECEPTION, via=VIA))
        with pytest.raises(SameIdOtherContent):
            await world.client.act(of(submission), withdrawal(submission, reason="another"))


async def test_a_filing_whose_workflow_was_lost_asks_for_patience_not_for_despair(world: World) -> None:
    submission = sample()
    async with world.platform():
        first = await world.client.submit(submission)
        await world.temporal.get_workflow_handle(f"filing:{of(submission)}").terminate()
        with pytest.raises(motcua.Unavailable):
            await world.client_of(1).act(of(submission), withdrawal(submission))
        assert await world.client.submit(submission) == first  # which starts it again, from the record
        assert (await world.client.act(of(submission), withdrawal(submission))).seq == first.seq + 1


async def test_a_filing_that_the_engine_has_forgotten_is_in_the_record_all_the_same(world: World) -> None:
    submission = sample()
    async with world.platform():
        first = await world.client.submit(submission)
        await world.client.act(of(submission), withdrawal(submission))
        await closed(world.client, of(submission))
    amnesia = dataclasses.replace(world, temporal=await empty_namespace(world))
    async with amnesia.platform():
        assert (await amnesia.client.view(of(submission))).closing is Closing.WITHDRAWN
        assert await amnesia.client.submit(submission) == first
        assert (await closed(amnesia.client, of(submission))).closing is Closing.WITHDRAWN


async def test_a_filing_that_is_not_there(running: World) -> None:
    client, filing = running.client, uuid4()
    for call in (
        client.view(filing),
        client.act(filing, withdrawal(sample())),
        client.receipt(filing),
        client.result(filing),
        client.payment(filing),
        client.parcel(filing, 2),
        client.view("not-a-uuid"),
    ):
        with pytest.raises(FilingNotAvailable):
            await call
    with pytest.raises(FilingNotAvailable):
        await closed(client, filing)


async def test_following_survives_an_outage_of_the_worker(world: World) -> None:
    submission = sample()
    client = world.client_of(0.5)
    first, seen = asyncio.Event(), list[FilingView]()

    async def follow() -> None:
        async for view in client.follow(of(submission)):
            seen.append(view)
            first.set()

    async with world.platform():
        await world.client.submit(submission)
        following = asyncio.create_task(follow())
        await asyncio.wait_for(first.wait(), 10)
    await asyncio.sleep(2)
    assert not following.done()
    async with world.platform(), world.back_office():
        await asyncio.wait_for(following, 30)
    assert seen[0].stage is motcua.Stage.INTAKE
    assert seen[-1].closed
    assert [view.seq for view in seen] == sorted({view.seq for view in seen})


async def test_a_stock_client_is_taught_our_json_and_files_by_plain_data(running: World) -> None:
    stock = await Client.connect(running.env["TEMPORAL_ADDRESS"], namespace=running.namespace)
    submission = sample()
    receipt = await FilingClient(stock).submit(submission)
    plain = submission.model_dump(mode="json", exclude_none=True) | {"submission_id": str(uuid4())}
    filing = motcua.filing_id(plain["client_id"], plain["submission_id"])
    await stock.start_workflow(
        "Filing",
        {"submission": plain},
        id=f"filing:{filing}",
        task_queue="motcua",
        id_reuse_policy=WorkflowIDReusePolicy.ALLOW_DUPLICATE_FAILED_ONLY,
    )
    assert await FilingClient(stock).submit(Submission.model_validate(plain)) != receipt


EXAMPLES = {
    found.name: found.examples
    for module in (motcua, motcua.client, motcua.backoffice)
    for found in doctest.DocTestFinder(exclude_empty=True).find(module)
    if found.examples
}


@pytest.mark.parametrize("name", EXAMPLES)
async def test_an_example_of_the_documentation_works(name: str, world: World) -> None:
    submission = sample()
    names: dict[str, Any] = {"client": world.client, "submission": submission, "filing_id": of(submission)}
    async with world.platform(), world.back_office(Doubtful()):  # else the filing may be decided before a next line
        for example in EXAMPLES[name]:
            assert await outcome(example.source, names) == example.want


async def outcome(source: str, names: dict[str, Any]) -> str:
    """Runs `source` in an interactive Python that awaits; returns its output."""
    said = StringIO()
    names["__show__"] = lambda value: None if value is None else said.write(f"{value!r}\n")
    tree = ast.parse(source)
    last = tree.body[-1]
    if isinstance(last, ast.Expr):
        call = ast.Call(func=ast.Name(id="__show__", ctx=ast.Load()), args=[last.value], keywords=[])
        tree.body[-1] = ast.copy_location(ast.Expr(value=call), last)
    code = compile(ast.fix_missing_locations(tree), "<example>", "exec", flags=ast.PyCF_ALLOW_TOP_LEVEL_AWAIT)
    with redirect_stdout(said):
        evaluated = eval(code, names)  # noqa: S307 -- our own documentation
        if inspect.isawaitable(evaluated):
            await evaluated
    return said.getvalue()
