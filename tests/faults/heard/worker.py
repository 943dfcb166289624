"""The platform worker, which waits and decides as a test orders: `python -m tests.faults.heard.worker`."""

import asyncio
import os
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, Final

from pydantic import BaseModel
from temporalio import activity

from activities.ledger.append import APPEND, Ledger
from rules import streams
from rules.stream_kind import StreamKind
from schemas.errors import RefusalCode, RefusalError, problem, refused
from schemas.filing.commands import Command
from schemas.stream.ledger import Appended, Batch
from workers import platform, wiring
from workers.telemetry import configure_engine, configure_logging

FOLDER: Final = "HEARD_ORDERS"
CHANGED: Final = "needs_another"
"""The rule that the changed rules name in a refusal."""
_LATER: Final = timedelta(days=3000)
_OFTEN: Final = 0.05


class Orders(BaseModel):
    """The orders of a test to its workers.

    The appends in `before` wait before they are made, those in `after` afterwards. The commands in `late` are judged as
    if it were later, and those in `forbidden` are refused.
    """

    before: frozenset[str] = frozenset()
    after: frozenset[str] = frozenset()
    late: frozenset[str] = frozenset()
    forbidden: frozenset[str] = frozenset()

    def give(self, folder: Path) -> None:
        """Makes every worker that reads this folder obey these orders from now on."""
        new = folder / "orders.new"
        new.write_text(self.model_dump_json(), encoding="utf-8")
        new.rename(folder / "orders")


def held(stream: str, command_id: str) -> str:
    """Returns the name of a command's append in the orders."""
    return f"{stream} {command_id}"


@dataclass
class _Obeyed:
    """The current orders, read again after each change of their file."""

    file: Path
    _written: int = 0
    _orders: Orders = field(default_factory=Orders)

    @property
    def orders(self) -> Orders:
        written = self.file.stat().st_mtime_ns
        if written != self._written:
            self._orders = Orders.model_validate_json(self.file.read_bytes())
            self._written = written
        return self._orders


class HeldLedger(Ledger):
    """A ledger whose appends wait for as long as the orders name them."""

    obeyed: _Obeyed

    @activity.defn(name=APPEND)
    async def append(self, batch: Batch) -> Appended:
        name = held(batch.stream, batch.command_id)
        while name in self.obeyed.orders.before:
            await asyncio.sleep(_OFTEN)
        answer = await Ledger.append(self, batch)
        while answer.receipts and name in self.obeyed.orders.after:
            await asyncio.sleep(_OFTEN)
        return answer


def change_rules(kind: StreamKind[Any], obeyed: _Obeyed) -> None:
    """Makes the rules of this kind of stream judge commands as the orders in `obeyed` say."""
    decide_ = kind.decide

    def decide(state: Any, command: Command, now: datetime) -> Any:
        orders = obeyed.orders
        if command.command_id in orders.forbidden:
            raise refused(RefusalCode.NOT_ALLOWED, problem("actor.subject", CHANGED))
        if command.command_id in orders.late:
            _expect_in_time(decide_, state, command, now)
        return decide_(state, command, now)

    object.__setattr__(kind, "decide", decide)


def _expect_in_time(decide: Any, state: Any, command: Command, now: datetime) -> None:
    """Raises `RefusalError` if the rules would refuse the command at a later time."""
    try:
        decide(state, command, now + _LATER)
    except RefusalError:
        raise
    except Exception:  # noqa: BLE001 -- no calendar goes so far
        return


async def main() -> None:
    obeyed = _Obeyed(Path(os.environ[FOLDER], "orders"))
    HeldLedger.obeyed = obeyed
    vars(wiring)["Ledger"] = HeldLedger
    for kind in streams.KINDS.values():
        change_rules(kind, obeyed)
    await platform.main()


if __name__ == "__main__":
    configure_logging()
    configure_engine()
    asyncio.run(main())
