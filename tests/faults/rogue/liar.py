"""The intruder that takes workflow tasks under our own build, and lies in local activities; it is a separate process.

It runs our workflows' code. Its other answers are true ones from the record, so it is stronger than a real intruder. It
never writes to the record: if it does not invent the log's answer, it leaves the write to the next worker.
"""

import asyncio
import json
import os
import random
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any, Final
from uuid import UUID, uuid4

from temporalio import activity
from temporalio.common import VersioningBehavior, WorkerDeploymentVersion
from temporalio.exceptions import ApplicationError
from temporalio.worker import WorkerDeploymentConfig

from motcua.connection import connect
from motcua.health import keep_health
from motcua.stopping import on_stop_signals
from schemas.filing.events import Accountable
from schemas.ids import DEPLOYMENT
from schemas.stream.ledger import Appended, Batch, Receipt, StoredEvent
from schemas.stream.restart import TAKE_OVER
from tests.answering import EVIL, STRANGER, instead_of, name_of
from workers.settings import WorkerSettings
from workers.telemetry import configure_engine, configure_logging
from workers.wiring import activities, platform_worker

CHOSEN: Final = "ROGUE_LIES"
APPEND: Final = "ledger.append"
Lie = Callable[[Any, Any], Any]
"""A function that makes a false answer from the request and the true answer."""


def echoed(batch: Batch, _: Any = None) -> Appended:
    """Returns an invented answer of the log, as if the log had taken the batch."""
    events = [_numbered(event) for event in batch.events]
    stored = tuple(
        StoredEvent(seq=batch.next_seq + n, at=batch.at, command_id=batch.command_id, actor=batch.actor, event=event)
        for n, event in enumerate(events)
    )
    code = next((event["code"] for event in events if event["kind"] == "submitted"), None)
    receipts = [
        Receipt(command_id=batch.command_id, digest=batch.digest, seq=one.seq, at=batch.at, code=code)
        for one in stored[-1:]
    ]
    return Appended(
        epoch=batch.epoch or 1,
        command_id=batch.command_id,
        stored=stored,
        receipts=tuple(receipts),
        continue_as_new_suggested=batch.continue_as_new_suggested or None,
        head=UUID(int=random.getrandbits(128)).hex * 2,
    )


def _numbered(event: Mapping[str, Any]) -> dict[str, Any]:
    if event["kind"] != "submitted":
        return dict(event)
    return dict(event) | {
        "code": f"{event['agency']}-{datetime.now(UTC):%Y%m%d}-{random.randrange(9_000_000, 9_999_999)}"
    }


def _changed(**fields: Any) -> Lie:
    """Returns a lie that changes these fields of the true answer."""
    return lambda _, true: None if true is None else true.model_copy(update=fields)


def _another_amount(_: Any, true: Any) -> Any:
    return true and true.model_copy(update={"claim": true.claim.model_copy(update={"amount": 1})})


LIES: Final[Mapping[str, tuple[str, Lie]]] = {
    "append": (APPEND, echoed),
    "open.accountable": ("intake.open", _changed(accountable=Accountable(standing=EVIL, silent=EVIL))),
    "open.signs": ("intake.open", lambda _, true: true.model_copy(update={"signs": not true.signs})),
    "open.partners": ("intake.open", _changed(partners=())),
    "open.queue": ("intake.open", _changed(queue=EVIL)),
    "open.filed_by": ("intake.open", _changed(filed_by=EVIL)),
    "merchant": ("payment.merchant", lambda _, true: true.model_copy(update={"provider": EVIL})),
    "look.amount": ("refund.look", _another_amount),
    "look.apart": ("refund.look", _changed(apart=())),
    "look.none": ("refund.look", lambda *_: None),
    "signer": ("result.signer", lambda _, true: true and true.model_copy(update={"officer": EVIL})),
    "signers.none": ("result.signers", lambda *_: []),
    "order.none": ("result.order", lambda *_: None),
    "grounds.none": ("complaint.grounds", lambda *_: None),
    "remedy": ("complaint.remedy", lambda _, true: true.model_copy(update={"reopened": True, "stands": False})),
    "news.none": ("intake.news", lambda *_: []),
    "closed": ("intake.closed", lambda *_: True),
    "start": ("workflows.start", lambda *_: None),
    "tell": ("workflows.tell", lambda *_: True),
    "wake": ("workflows.wake", lambda *_: None),
    "given.none": ("refund.given", lambda *_: []),
    "examined": ("reception.examine", lambda _, true: true.model_copy(update={"problems": (), "scan": "clean"})),
    "confirm": ("papers.confirm", lambda *_: "fit"),
}
"""The lies by their names, each with the activity whose answer it replaces."""
_WRITES: Final = frozenset({APPEND, TAKE_OVER})
_NO_RECORD: Final = ApplicationError("no record", type="no_record")
_SILENT: Final = frozenset({APPEND, "workflows.start", "workflows.tell", "workflows.wake", "papers.confirm"})
"""The activities that a lie replaces without executing them."""


def lying(function: Callable[..., Any], lies: list[Lie], share: float) -> Callable[..., Any]:
    """Returns the activity; as a local activity it answers with one of these lies, at the rate `share`."""
    name = name_of(function)

    async def lie(given: Any) -> Any:
        if not activity.info().is_local or random.random() >= share:
            if name in _WRITES:
                raise _NO_RECORD
            return await function(given)
        true = None if name in _SILENT else await function(given)
        return random.choice(lies)(given, true)

    return instead_of(function, lie)


def unwritten(name: str) -> Callable[..., Any]:
    """Returns an activity that fails as if without a database; Temporal then retries it until our worker takes it."""

    @activity.defn(name=name)
    async def fails(*_: Any) -> Any:
        raise _NO_RECORD

    return fails


def with_lies(functions: list[Callable[..., Any]], chosen: list[str]) -> list[Callable[..., Any]]:
    """Returns the activities of a worker that answers with the chosen lies.

    If some lies are not about the log, the worker lies about the log only every other time; otherwise no other lie
    would have an effect.
    """
    told: dict[str, list[Lie]] = {}
    for one in chosen:
        name, lie = LIES[one]
        told.setdefault(name, []).append(lie)

    def changed(function: Callable[..., Any]) -> Callable[..., Any]:
        name = name_of(function)
        if name not in told:
            return unwritten(name) if name in _WRITES else function
        return lying(function, told[name], 0.5 if name == APPEND and len(told) > 1 else 1)

    return [changed(one) for one in functions]


async def main() -> None:
    """Takes workflow tasks until a stop signal, or until it is killed."""
    settings, stop = WorkerSettings(), asyncio.Event()
    client = await connect(lazy=False)
    on_stop_signals(stop)
    version = WorkerDeploymentVersion(deployment_name=DEPLOYMENT, build_id=settings.build)
    config = WorkerDeploymentConfig(
        version=version, use_worker_versioning=True, default_versioning_behavior=VersioningBehavior.PINNED
    )
    async with activities(settings) as honest:
        functions = replace(
            honest, working=with_lies(list(honest.working), json.loads(os.environ[CHOSEN])), waiting=(), guard=None
        )
        async with platform_worker(
            client,
            functions,
            settings,
            deployment_config=config,
            no_remote_activities=True,
            identity=f"{STRANGER} {uuid4()}",
        ):
            telling = asyncio.create_task(keep_health(settings.ready_file))
            await stop.wait()
            telling.cancel()


if __name__ == "__main__":
    configure_logging()
    configure_engine()
    asyncio.run(main())
