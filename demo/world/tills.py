"""Plays the lines of a script about a till: a cashier opens it, counts it with a shortage, and closes it."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from typing import Any, Final, TypeVar
from uuid import UUID

from demo.applicant import Filer, via
from demo.insisting import Insisting
from demo.patience import Connection, at_database
from demo.player import Beside, Played, officer
from demo.scenario import Act
from operations.commands.money import tills
from schemas.errors import RefusalError
from schemas.filing.commands import Command
from schemas.level import Channel
from schemas.money.till import CloseTill, CountTill, OpenTill, Till, TillShown
from schemas.people import Role
from views.registers import money as views

C = TypeVar("C", bound=Command)
T = TypeVar("T")

DESK: Final = "1"
PAUSE: Final = 1.0
WRONG_CHANGE: Final = "Thối nhầm tiền cho người nộp"
LEFT_OPEN: Final = "Còn mở từ lần chạy trước"


class Tills:
    """The cashiers of all scenarios, with their tills in this database. No cashier serves two scenarios at once."""

    def __init__(self, database: str) -> None:
        self._database = database
        self._begun: set[str] = set()
        self._beginning = asyncio.Lock()

    @property
    def words(self) -> Mapping[str, Beside]:
        """The method that plays each command of a script, by the name of the command."""
        return {"open_till": self.open, "close_till": self.close}

    async def open(self, act: Act, played: Played, _: Filer, __: Insisting) -> None:
        """Plays `cashier open_till FLOAT`: opens a till with `FLOAT` đồng, once the cashier has no other till."""
        agency = played.scenario.agency
        await self._begin(agency)
        said = {"desk": DESK, "change_fund": int(act.arguments[0])}
        command = _command(OpenTill, agency, f"open-{played.filing_id}", said)
        while True:
            try:
                await self._run(lambda connection: tills.open_till(connection, command))
            except RefusalError:
                await asyncio.sleep(PAUSE)
            else:
                return

    async def close(self, act: Act, played: Played, _: Filer, __: Insisting) -> None:
        """Plays `cashier close_till MISSING`: counts `MISSING` đồng less than expected, and closes the till."""
        (mine,) = await self._run(lambda connection: views.tills(connection, played.scenario.agency))
        await self._closed(mine, played.filing_id, int(act.arguments[0]), WRONG_CHANGE)

    async def _begin(self, agency: str) -> None:
        """Closes the tills that an interrupted run has left open at the agency; only once for each agency."""
        async with self._beginning:
            if agency not in self._begun:
                for left in await self._run(lambda connection: views.tills(connection, agency)):
                    await self._closed(left, left.number, 0, LEFT_OPEN)
                self._begun.add(agency)

    async def _closed(self, till: Till, by: UUID | str, missing: int, why: str) -> TillShown:
        count = _command(CountTill, till.agency, f"count-{by}", {"till": till.number, "total": till.expected - missing})
        close = _command(CloseTill, till.agency, f"close-{by}", {"till": till.number, "reason": why})
        await self._run(lambda connection: tills.count_till(connection, count))
        return await self._run(lambda connection: tills.close_till(connection, close))

    async def _run(self, work: Callable[[Connection], Awaitable[T]]) -> T:
        return await at_database(self._database, work)


def _command(model: type[C], agency: str, own_id: str, said: dict[str, Any]) -> C:
    who = {"actor": officer(agency, Role.CASHIER), "via": via(Channel.COUNTER)}
    return model.model_validate({"command_id": own_id} | who | said)
