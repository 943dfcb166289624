"""Traces: a filing is one trace from its submission to its result, and no span names a person."""

import json
import tempfile
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any, Final

import pytest
import yaml
from opentelemetry.proto.trace.v1.trace_pb2 import Span
from temporalio.api.common.v1 import Payload
from temporalio.client import Interceptor, OutboundInterceptor, StartWorkflowUpdateWithStartInput, WorkflowHistory
from temporalio.worker import Replayer

from motcua import Dossier, FilingClient, NotAllowed
from motcua.connection import connect
from motcua.payloads.codec import KEY_ID
from motcua.payloads.key_ring import CODEC_KEYS
from motcua.tracing.interceptor import Tracing
from motcua.tracing.setting import TRACES, spans_here
from motcua.tracing.spans import HEADER
from rules.require import require
from schemas.filing import commands as cm
from schemas.filing.state import Stage
from schemas.people import Role
from tests.acting import Doubtful, Play, birth, eventually
from tests.collector import Collector, collecting, steps
from tests.conftest import Signed, World
from tests.histories import CANARY, told_on
from tests.integration.deploy.demos import start, written
from tests.restarting import restart
from tests.sealed import written as ring
from workers.memory import ForgettingRunner
from workers.wiring import WORKFLOWS

STEPS: Final = {
    ("RunWorkflow:Filing", ""),
    ("UpdateWithStartWorkflow:submit", "RunWorkflow:Filing"),
    ("HandleUpdate:submit", "UpdateWithStartWorkflow:submit"),
    ("RunActivity:ledger.append", "RunWorkflow:Filing"),
    ("RunActivity:reception.examine", "RunWorkflow:Filing"),
    ("UpdateWorkflow:hand_over", "RunWorkflow:Filing"),
    ("RefuseUpdate:hand_over", "UpdateWorkflow:hand_over"),
    ("UpdateWorkflow:accept", "RunWorkflow:Filing"),
    ("HandleUpdate:accept", "UpdateWorkflow:accept"),
    ("RunActivity:ledger.append", "HandleUpdate:accept"),
    ("RunActivity:backoffice.check", "RunWorkflow:Filing"),
    ("RunActivity:ledger.append", "HandleUpdate:decide"),
    ("RunActivity:backoffice.issue", "RunWorkflow:Filing"),
    ("CompleteWorkflow:Filing", "RunWorkflow:Filing"),
}
"""Steps of a filing, each with the step that it is part of."""
EVERYWHERE: Final = {
    ("motcua", "UpdateWithStartWorkflow:submit"),
    ("motcua-worker", "RunWorkflow:Filing"),
    ("motcua-worker", "RunWorkflow:Payment"),
    ("motcua-worker", "RunActivity:ledger.append"),
    ("motcua-relay", "MakePaper:receipt"),
    ("motcua-gateway", "SignalWithStartWorkflow:Payment"),
    ("motcua-back-office", "RunActivity:backoffice.issue"),
    ("motcua-worker", "CompleteWorkflow:Filing"),
}


@pytest.fixture
def collector(monkeypatch: pytest.MonkeyPatch) -> Iterator[Collector]:
    """A collector that receives the spans of this process."""
    with collecting() as collector:
        monkeypatch.setenv(TRACES, collector.url)
        monkeypatch.setenv("OTEL_BSP_SCHEDULE_DELAY", "50")
        yield collector
        require(spans_here()).close()


async def traced(world: World) -> World:
    return replace(world, temporal=await connect(world.env["TEMPORAL_ADDRESS"], namespace=world.namespace, lazy=False))


async def ended(collector: Collector, *plays: Play) -> None:
    """Waits until each trace has its end, and every span's parent, since clients and workers send in any order."""

    async def traces() -> list[list[Span]]:
        return [[each.span for each in collector.trace(play.filing)] for play in plays]

    def is_whole(spans: list[Span]) -> bool:
        ids = {b"", *(span.span_id for span in spans)}
        return any(span.name == "CompleteWorkflow:Filing" for span in spans) and ids.issuperset(
            span.parent_span_id for span in spans
        )

    await eventually(traces, lambda traces: all(map(is_whole, traces)))


class Failing(Signed):
    """A back office that fails at each check, with a text that names a person."""

    has_failed = False

    async def check(self, dossier: Dossier) -> bool:
        self.has_failed = True
        raise ValueError(f"canary of {dossier}")


def harmless(collector: Collector) -> None:
    """Asserts that spans contain only ids, names and types of errors, and no personal data."""
    for one in collector.spans:
        assert set(one.attributes) <= {"motcua.filing", "error.type"}, one
        texts = [one.span.events, one.span.trace_state, one.span.status.message]
        texts += [told for link in one.span.links for told in (link.trace_state, link.attributes)]
        assert not any(texts), one
    assert not any(CANARY.encode() in body.lower() for body in collector.bodies)


async def replayed(world: World, play: Play, *, traces: bool) -> None:
    found = await world.temporal.get_workflow_handle(f"filing:{play.filing}").fetch_history()
    replayer = Replayer(
        workflows=WORKFLOWS,
        namespace=world.namespace,
        data_converter=world.temporal.data_converter,
        workflow_runner=ForgettingRunner(),
        interceptors=[Tracing(require(spans_here()))] if traces else [],
    )
    await replayer.replay_workflow(WorkflowHistory(f"filing:{play.filing}", found.events))


async def test_a_filing_is_one_trace_and_no_person_is_in_it(
    world: World, collector: Collector, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(CODEC_KEYS, ring("one"))
    world = await traced(world)
    async with world.platform(), world.back_office(office := Failing()):
        play = await Play.begin(world, birth(**told_on() | {"result_channel": "online"}))
        said = {"recipient": "Canary Name", "code": "000000", "signed_on_paper": True}
        with pytest.raises(NotAllowed):
            await play.act(cm.HandOver, play.officer(Role.HANDOVER), **said)
        await play.deliver()
    assert office.has_failed
    await ended(collector, play)
    trace = collector.trace(play.filing)
    assert trace == collector.spans  # nothing of questions
    assert steps(trace) >= STEPS
    errors = {(one.span.name, one.attributes["error.type"]) for one in trace if "error.type" in one.attributes}
    assert errors == {("RefuseUpdate:hand_over", "not_allowed"), ("RunActivity:backoffice.check", "_HookError")}
    harmless(collector)

    sent = len(collector.spans)
    history = await world.temporal.get_workflow_handle(f"filing:{play.filing}").fetch_history()
    asked = [event.activity_task_scheduled_event_attributes.header.fields for event in history.events]
    headers = [fields[HEADER] for fields in asked if fields]
    assert headers
    assert all(set(json.loads(header.data)) == {"traceparent"} for header in headers)
    assert any(KEY_ID.encode() in event.SerializeToString() for event in history.events)
    await replayed(world, play, traces=False)
    await replayed(world, play, traces=True)
    assert len(collector.spans) == sent


async def test_a_filing_that_is_started_again_from_its_log_stays_in_its_trace(
    world: World, collector: Collector
) -> None:
    world = await traced(world)
    async with world.platform(), world.back_office(Doubtful()):
        play = await Play.accepted(world, birth())
        await restart(world, f"filing:{play.filing}", force=True)
        await play.review()
        await play.at(Stage.CLOSED)
    await ended(collector, play)
    [once, again] = [("RunWorkflow:Filing", parent) for parent in ("", "StartWorkflow:Filing")]
    later = ("RunActivity:ledger.append", "HandleUpdate:decide")
    assert steps(collector.trace(play.filing)) >= {once, again, later}


class Sends(Interceptor):
    """An interceptor that adds a stranger's trace header to each submission."""

    def __init__(self, header: Payload) -> None:
        self._header = header

    def intercept_client(self, next: OutboundInterceptor) -> OutboundInterceptor:  # noqa: A002 -- its name
        header = self._header

        class Calls(OutboundInterceptor):
            async def start_update_with_start_workflow(self, call: StartWorkflowUpdateWithStartInput) -> Any:
                for each in (call.start_workflow_input, call.update_workflow_input):
                    each.headers = {HEADER: header}
                return await super().start_update_with_start_workflow(call)

        return Calls(next)


def plain(data: bytes) -> Payload:
    return Payload(metadata={"encoding": b"json/plain"}, data=data)


ANOTHER: Final = "00-0123456789abcdef0123456789abcdef-0123456789abcdef-00"
STRANGE: Final = {
    "huge": plain(b'{"traceparent": "' + b"0" * 500_000 + b'"}'),
    "nested": plain(b"[" * 4000),
    "no JSON": plain(b"\xff\x00"),
    "no text": plain(b'{"traceparent": 5}'),
    "unfit": plain(b'{"traceparent": "00-canary-canary-01"}'),
    "sealed": Payload(metadata={"encoding": b"binary/encrypted", "encryption-key-id": b"theirs"}, data=b"\x01" * 90),
    "elsewhere": Payload(metadata={"encoding": b"json/external-storage-reference"}, data=b"{}"),
    "with baggage": plain(
        json.dumps({"traceparent": ANOTHER, "tracestate": "a=canary", "baggage": "a=canary"}).encode()
    ),
}


async def test_a_strangers_header_breaks_no_task_and_none_of_it_is_sent(world: World, collector: Collector) -> None:
    world = await traced(world)
    plays = list[Play]()
    async with world.platform():  # and no back office, which could decide before the withdrawal
        for header in STRANGE.values():
            config = (await connect(world.env["TEMPORAL_ADDRESS"], namespace=world.namespace)).config()
            config["interceptors"] = [Sends(header)]
            client = FilingClient(type(world.temporal)(**config), patience=20)
            submission = birth(**told_on() | {"result_channel": "online"})
            await client.submit(submission)
            plays.append(Play(world, submission))
            await plays[-1].withdraw()
    await ended(collector, *plays)
    assert len(plays) == len(STRANGE)
    for play in plays:
        assert ("HandleUpdate:withdraw", "UpdateWorkflow:withdraw") in steps(collector.trace(play.filing))
    linked = {link.trace_id.hex() for one in collector.spans for link in one.span.links}
    assert linked == {ANOTHER.split("-")[1]}
    harmless(collector)


async def test_each_process_with_a_part_in_a_filing_is_in_its_trace() -> None:
    with collecting() as collector, tempfile.TemporaryDirectory(prefix="motcua-") as name:
        folder = Path(name).resolve()
        (folder / "scenarios.yaml").write_text(yaml.safe_dump({"scenarios": written("level-4-online")}))
        sent = {TRACES: collector.url, "OTEL_BSP_SCHEDULE_DELAY": "600000"}  # so each process sends at its end
        played = start("demo", "--scenarios", str(folder / "scenarios.yaml"), folder=folder, **sent)
        said, _ = played.communicate(timeout=100)
        assert played.returncode == 0, said
    [filing] = {one.attributes["motcua.filing"] for one in collector.spans}
    trace = collector.trace(filing)
    assert trace == collector.spans
    assert ("MakePaper:receipt", "RunWorkflow:Filing") in steps(trace)
    assert {(one.service, one.span.name) for one in trace} >= EVERYWHERE
    harmless(collector)
