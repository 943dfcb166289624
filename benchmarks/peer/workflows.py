"""The skeleton's filing and payment (`benchmarks/skeleton/workflows.py`) on DBOS.

A command and a signal are messages to the workflow. A command's receipt is an event of the workflow, because a refused
command leaves nothing in the log. Each Temporal activity, also of the back office, is a step that this process runs.
An append is an idempotent insert in a step: `DBOS.transaction` would record it twice.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any, Final

import asyncpg
from dbos import DBOS, SetWorkflowID

from benchmarks.skeleton.steps import INSERT, Plain

FEE: Final = "fee"
"""The topic of the messages that a payment sends to its filing."""
_LONG: Final = timedelta(days=1).total_seconds()
_WATCH: Final = timedelta(days=3).total_seconds()
_OFFICERS: Final = 4
"""The number of officers' commands after the payment: claim, propose, claim, decide."""


class Database:
    """The database for the appends. `pool` must be set before the first filing."""

    pool: asyncpg.Pool[asyncpg.Record]


class _Log:
    """One stream of events, to which each step makes one append."""

    def __init__(self, stream: str) -> None:
        self._stream = stream
        self._seq = 0

    async def record(self, step: str) -> Plain:
        self._seq += 1
        return await append(self._stream, self._seq, step)


@DBOS.step()
async def append(stream: str, seq: int, step: str) -> Plain:
    at = datetime.now(UTC).isoformat()
    await Database.pool.execute(INSERT, stream, seq, step, at)
    return {"seq": seq, "step": step, "at": at}


@DBOS.step()
async def open_procedure(start: Plain) -> Plain:
    return {"procedure": start["procedure"]}


@DBOS.step()
async def order(request: Plain) -> Plain:
    return {"order_id": request["key"], "pay_url": "in-process:pay", "cancelled": False}


@DBOS.step()
async def money(request: Plain) -> Plain:
    """Returns the capture if the request expects one; otherwise an empty object."""
    return {"capture_id": request["key"], "amount": 16000} if request["expected"] else {}


@DBOS.step()
async def make(request: Plain) -> Plain:
    return {"key": request["request_id"], "sha256": "0" * 64, "size": 1, "media_type": "text/plain"}


@DBOS.step()
async def confirm(file: Plain) -> bool:
    return bool(file)


@DBOS.workflow()
async def filing(start: Plain) -> Plain:
    log = _Log(filing_id(start["filing"]))
    await open_procedure(start)
    await DBOS.set_event_async("submit", await log.record("submit"))
    await _command(log)
    with SetWorkflowID(payment_id(start["filing"])):
        await DBOS.start_workflow_async(payment, {"filing": start["filing"], "n": 1, "amount": 16000})
    await DBOS.recv_async(FEE, timeout_seconds=_LONG)
    await log.record("fee_settled")
    for _ in range(_OFFICERS):
        await _command(log)
    await confirm(await make({"request_id": f"issue:{start['filing']}", "filing": start["filing"]}))
    await log.record("issue")
    return {"closing": "delivered", "filing": start["filing"]}


@DBOS.workflow()
async def payment(start: Plain) -> Plain:
    log = _Log(payment_id(start["filing"]))
    key = f"fee:{start['filing']}"
    await log.record("request")
    await order({"key": key, "amount": start["amount"]})
    await log.record("order")
    await money({"key": key, "expected": True})
    await log.record("capture")
    fact = {"n": start["n"], "settlement": "paid", "amount": start["amount"]}
    await DBOS.send_async(filing_id(start["filing"]), fact, FEE)
    await money({"key": key, "expected": False})
    await DBOS.sleep_async(_WATCH)
    return {"state": "paid"}


async def _command(log: _Log) -> None:
    command: Any = await DBOS.recv_async(timeout_seconds=_LONG)
    await DBOS.set_event_async(command["command_id"], await log.record(command["step"]))


def filing_id(number: str) -> str:
    return f"peer:{number}"


def payment_id(number: str) -> str:
    return f"peer-payment:{number}"
