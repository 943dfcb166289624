"""The filing and the payment of the skeleton (`benchmarks/skeleton/workflows.py`) as DBOS has them.

A command is a message to the workflow, its receipt an event of the workflow: where a command is refused, nothing is in
the log that could tell. A signal is a message too. What Temporal does as an activity is a step, run in this process,
the back office's as well. An append is an insert that may be repeated, in a step: `DBOS.transaction` would record it
twice.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any, Final

import asyncpg
from dbos import DBOS, SetWorkflowID

from benchmarks.skeleton.steps import INSERT, Plain

FEE: Final = "fee"
"""The topic of what a payment tells its filing."""

_LONG: Final = timedelta(days=1).total_seconds()
_WATCH: Final = timedelta(days=3).total_seconds()
_OFFICERS: Final = 4
"""Commands after the payment: claimed, proposed, claimed, decided."""


class Database:
    """Where steps append; set before the first filing."""

    pool: asyncpg.Pool[asyncpg.Record]


class _Log:
    """One stream: an append for each step."""

    def __init__(self, stream: str) -> None:
        self._stream = stream
        self._seq = 0

    async def record(self, step: str) -> Plain:
        self._seq += 1
        return await append(self._stream, self._seq, step)


@DBOS.step()
async def append(stream: str, seq: int, step: str) -> Plain:
    """The one insert."""
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
    """The money that is expected; later none comes any more."""
    return {"capture_id": request["key"], "amount": 16000} if request["expected"] else {}


@DBOS.step()
async def make(request: Plain) -> Plain:
    """What the back office makes."""
    return {"key": request["request_id"], "sha256": "0" * 64, "size": 1, "media_type": "text/plain"}


@DBOS.step()
async def confirm(file: Plain) -> bool:
    return bool(file)


@DBOS.workflow()
async def filing(start: Plain) -> Plain:
    """Registered, accepted, paid, proposed, decided, issued."""
    stream = filing_id(start["filing"])
    log = _Log(stream)
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
    """Ordered, paid, told to the filing, and watched."""
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
    """The workflow id, and the stream, of a filing."""
    return f"peer:{number}"


def payment_id(number: str) -> str:
    """The workflow id, and the stream, of its payment."""
    return f"peer-payment:{number}"
