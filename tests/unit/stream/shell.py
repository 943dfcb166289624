"""The durable shell on a log in memory, without Temporal: its requests to the log, and the log's answers."""

import asyncio
import logging
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import Any, Final
from uuid import UUID

import pytest
from temporalio import workflow
from temporalio.common import RawValue
from temporalio.converter import PayloadConverter

from activities.ledger.append import LEDGER, Ledger
from motcua.payloads.converter import data_converter
from rules.streams import PAYMENT
from schemas.errors import Refusal
from schemas.ids import TASK_TIMEOUT, StreamId
from schemas.payment.state import Through
from schemas.people import SYSTEM, Actor, Role, Via
from schemas.stream.ledger import Appended, Batch, Receipt, StoredEvent
from schemas.stream.restart import TAKE_OVER
from tests.appeals import ABOVE, APPEAL, AnswerAppeal, Appeal, Lodge
from tests.instruments import Instruments
from workflows.payment.workflow import PaymentLife
from workflows.stream.recording import Stream

NOW: Final = datetime(2026, 11, 25, 3, 0, tzinfo=UTC)
FILING: Final = UUID(int=7)
NAME: Final = f"appeal:{FILING}:1"
LEADER: Final = Actor(subject="leader-1", role=Role.LEADER, agency=ABOVE)
VIA: Final = Via(principal="portal")

_USED: Final = (
    *("now", "info", "extern_functions", "uuid4", "wait_condition", "all_handlers_finished"),
    *("execute_local_activity", "execute_local_activity_method", "start_activity", "payload_converter", "sleep"),
    "patched",
)


def lodge(about: str = "chậm trễ") -> Lodge:
    return Lodge(command_id="lodge", about=about)


def answer(command_id: str = "answer-1", **said: Any) -> AnswerAppeal:
    fields = {"command_id": command_id, "actor": LEADER, "via": VIA, "answer": "đã trả kết quả"} | said
    return AnswerAppeal.model_validate(fields)


class Engine:
    """A stand-in for the part of Temporal's `workflow` that the shell uses, with a log like the ledger's.

    `before_answer` runs between a request to the log and its answer; `told` is added to every answer of the log.
    `refuses`: returns the refusal of a batch, which is then not recorded; None if the batch is recorded.
    `marked`: whether the history has a marker, as for code that runs for the first time.
    `answers`: the answers of other activities by name, a future if one is pending; `asked`: their inputs.
    """

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.batches: list[Batch] = []
        self.log: list[StoredEvent] = []
        self.agency: str | None = None
        self.receipts: list[Receipt] = []
        self.told: dict[str, Any] = {}
        self.before_answer: Callable[[Batch], Any] = lambda _: None
        self.refuses: Callable[[Batch], Refusal | None] = lambda _: None
        self.time = NOW
        self.handlers_finished = True
        self.answers: dict[str, Any] = {}
        self.asked: list[tuple[str, Any]] = []
        self.waits: list[dict[str, Any]] = []
        self.slept: list[timedelta] = []
        self.meter = Instruments()
        self.marked = True
        self.run = SimpleNamespace(
            workflow_id=NAME,
            run_id="this run",
            continued_run_id=None,
            attempt=1,
            cron_schedule=None,
            task_timeout=TASK_TIMEOUT,
            is_continue_as_new_suggested=lambda: False,
            is_target_worker_deployment_version_changed=lambda: False,
        )
        self.extern: dict[str, Callable[..., Any]] = {}
        for name in _USED:
            monkeypatch.setattr(workflow, name, getattr(self, name))
        monkeypatch.setattr(workflow.unsafe, "is_replaying", lambda: False)
        monkeypatch.setattr(workflow, "logger", logging.getLogger("workflow"))
        monkeypatch.setattr(workflow, "metric_meter", lambda: self.meter)

    @property
    def kinds(self) -> list[str]:
        return [stored.event["kind"] for stored in self.log]

    def now(self) -> datetime:
        return self.time

    def info(self) -> Any:
        return self.run

    def extern_functions(self) -> dict[str, Callable[..., Any]]:
        return self.extern

    def patched(self, _: str) -> bool:
        return self.marked

    def uuid4(self) -> UUID:
        return UUID(int=9)

    def all_handlers_finished(self) -> bool:
        return self.handlers_finished

    async def wait_condition(self, done: Callable[[], bool], **limits: Any) -> None:
        """Waits for the condition; raises `TimeoutError` if it does not hold after 100 turns of the loop."""
        self.waits.append(limits)
        for _turn in range(100):
            if done():
                return
            await asyncio.sleep(0)
        raise TimeoutError

    async def execute_local_activity_method(self, method: Any, batch: Any, **options: Any) -> Any:
        assert options == LEDGER  # it never gives up
        if not isinstance(batch, Batch):
            self.asked.append((method.__name__, batch))
            return self.answers[method.__name__]
        assert method is Ledger.append
        self.batches.append(batch)
        await asyncio.sleep(0)
        self.before_answer(batch)
        return self.append(batch).model_copy(update={"command_id": batch.command_id} | self.told)

    async def execute_local_activity(self, name: str, *, result_type: type, **options: Any) -> Any:
        """Returns the takeover's epoch from `answers`, or raises the error that is stored there."""
        assert (name, result_type, options) == (TAKE_OVER, int, LEDGER)
        self.asked.append((name, None))
        answer = self.answers[name]
        if isinstance(answer, Exception):
            raise answer
        return answer

    def start_activity(self, activity: str, request: Any, *, result_type: type, **_: Any) -> Any:
        """Returns an activity's answer as bytes; `answers` has it under the second part of the activity's name."""
        assert result_type is RawValue
        name = activity.rpartition(".")[2]
        self.asked.append((name, request))
        answer = self.answers[name]
        if isinstance(answer, asyncio.Future):
            return asyncio.ensure_future(_raw(answer))
        work = asyncio.get_running_loop().create_future()
        if isinstance(answer, Exception):
            work.set_exception(answer)
        else:
            work.set_result(_as_bytes(answer))
        return work

    def payload_converter(self) -> PayloadConverter:
        return data_converter.payload_converter

    async def sleep(self, time: timedelta, **_: Any) -> None:
        self.slept.append(time)

    def append(self, batch: Batch) -> Appended:
        """Appends a batch as `activities.ledger.append` does, without a database."""
        if len(self.log) >= batch.next_seq:
            since = [receipt for receipt in self.receipts if receipt.seq >= batch.next_seq]
            first = self.agency if batch.next_seq == 1 else None
            return Appended(epoch=4, agency=first, stored=tuple(self.log[batch.next_seq - 1 :]), receipts=tuple(since))
        if known := [receipt for receipt in self.receipts if receipt.command_id == batch.command_id]:
            return Appended(epoch=4, receipts=tuple(known))
        if not batch.events or (why := self.refuses(batch)) is not None:
            return Appended(epoch=4, refused=why if batch.events else None)
        said = {"at": batch.at, "command_id": batch.command_id, "actor": batch.actor}
        new = [StoredEvent(seq=batch.next_seq + n, event=event, **said) for n, event in enumerate(batch.events)]
        receipt = Receipt(command_id=batch.command_id, digest=batch.digest, seq=new[-1].seq, at=batch.at)
        self.agency = self.agency or batch.agency
        self.log += new
        self.receipts.append(receipt)
        return Appended(epoch=4, stored=tuple(new), receipts=(receipt,))

    def somebody_else(self, event: dict[str, Any], command_id: str = "else") -> None:
        """Appends an event as another run would."""
        said = {"at": NOW, "command_id": command_id, "actor": SYSTEM}
        self.log.append(StoredEvent(seq=len(self.log) + 1, event=event, **said))
        self.receipts.append(Receipt(command_id=command_id, digest="d", seq=len(self.log), at=NOW))


class InTurn(dict[str, Any]):
    """Answers by name; if a name has a list, its answers are given one after the other."""

    def __getitem__(self, name: str) -> Any:
        found = super().__getitem__(name)
        return found.pop(0) if isinstance(found, list) else found


def _as_bytes(answer: Any) -> RawValue:
    return RawValue(data_converter.payload_converter.to_payload(answer))


async def _raw(answer: asyncio.Future[Any]) -> RawValue:
    return _as_bytes(await asyncio.shield(answer))


async def quiet() -> None:
    """Lets all other tasks run on, until each of them waits."""
    for _ in range(200):
        await asyncio.sleep(0)


def stream(**known: Any) -> Stream[Appeal]:
    return Stream(APPEAL, StreamId("appeal", FILING, 1), Appeal(agency="H01.30", n=1), **known)


START: Final = {
    "filing_id": str(FILING),
    "n": 1,
    "agency": "H01.30",
    "amount": 16000,
    "description": "H01.30-1",
    "limit": "5 working days",
    "since": NOW.isoformat(),
    "calendar": "vn@2026.1",
    "due": (NOW + timedelta(days=7)).isoformat(),
}


async def begun(engine: Engine, **said: Any) -> PaymentLife:
    engine.answers["merchant"] = Through(provider="bank")
    engine.run.workflow_id = f"payment:{FILING}:1"
    life = PaymentLife(PAYMENT, START | said)
    await life._begin()
    return life
