"""Faults of the bank, each switched on for a number of calls of one interface (wire): `PUT /faults/{wire}`."""

import asyncio
import sqlite3
from collections.abc import Awaitable, Callable
from typing import Annotated, Final, Literal, TypeAlias

from pydantic import Field
from starlette.requests import Request
from starlette.responses import Response

from sandbox.store import Message

REFUNDS: Final = "refunds"
"""The name for the refund calls of all interfaces."""

WIRES: Final = ("orders", "vnpay", "platform", "vietqr", REFUNDS)

RequestFault: TypeAlias = Literal["apply_then_hang", "hang_then_apply", "busy", "broken", "garbage"]
CallbackFault: TypeAlias = Literal[
    "copies", "out_of_order", "late", "early", "wrong_amount", "wrong_signature", "wrong_merchant", "garbled"
]
Queried: TypeAlias = Literal["pending"]

Refunded: TypeAlias = Literal["refuse_refund", "next_day"]

REQUEST_FAULTS: Final[tuple[RequestFault, ...]] = ("apply_then_hang", "hang_then_apply", "busy", "broken", "garbage")
CALLBACK_FAULTS: Final[tuple[CallbackFault, ...]] = (
    *("copies", "out_of_order", "late", "wrong_amount", "wrong_signature", "wrong_merchant", "garbled"),
)
SCHEMA: Final = """
CREATE TABLE IF NOT EXISTS fault (
    wire TEXT NOT NULL, fault TEXT NOT NULL, times INTEGER NOT NULL, value INTEGER NOT NULL, PRIMARY KEY (wire, fault));
"""

Handler: TypeAlias = Callable[[Request], Awaitable[Response]]


class NewFault(Message):
    """Body of `PUT /faults/{wire}`.

    `value`, by fault: the seconds of a hang or a delay, the number of copies, or the đồng to add; else unused.
    """

    fault: RequestFault | CallbackFault | Queried | Refunded
    times: Annotated[int, Field(ge=1, le=1_000_000)] = 1
    value: Annotated[int, Field(ge=-1_000_000, le=1_000_000)] = 0


class Faults:
    """The active faults, stored in the bank's file. Call the methods inside a transaction."""

    def __init__(self, db: sqlite3.Connection) -> None:
        self._db = db

    def put(self, wire: str, new: NewFault) -> None:
        self._db.execute("INSERT OR REPLACE INTO fault VALUES (?, ?, ?, ?)", (wire, new.fault, new.times, new.value))

    def clear(self, wire: str) -> None:
        self._db.execute("DELETE FROM fault WHERE wire = ?", (wire,))

    def take(self, wire: str, fault: RequestFault | CallbackFault | Queried | Refunded) -> int | None:
        """Returns the fault's value, and counts down the calls for which the fault is on; None if it is off."""
        found = self._db.execute("SELECT value FROM fault WHERE wire = ? AND fault = ?", (wire, fault)).fetchone()
        self._db.execute("UPDATE fault SET times = times - 1 WHERE wire = ? AND fault = ?", (wire, fault))
        self._db.execute("DELETE FROM fault WHERE times = 0")
        return int(found["value"]) if found else None


async def faulty(fault: tuple[RequestFault, int] | None, request: Request, handle: Handler) -> Response:
    """Returns the answer to a request, changed by the fault. `fault`: its name and value; None if there is none."""
    name, value = fault or (None, 0)
    await request.body()  # the client may have disconnected when the request is handled
    if name == "busy":
        return Response(status_code=429)
    if name == "broken":
        return Response(status_code=500)
    if name == "hang_then_apply":
        await asyncio.sleep(value)
    response = await handle(request)
    if name == "apply_then_hang":
        await asyncio.sleep(value)
    return Response("<html>", media_type="text/html") if name == "garbage" else response
