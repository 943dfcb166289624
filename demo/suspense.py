"""Plays the lines of a script about money that names no request: one officer says whose it is, another agrees."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from activities.keys.masters import master_keys
from activities.ledger.vault import Vault
from demo.applicant import Filer
from demo.insisting import Insisting
from demo.patience import at_database, until
from demo.player import Beside, Played, officer
from demo.scenario import Act
from motcua import MotcuaError
from operations.suspense import take
from rules.known import known
from schemas.errors import RefusalError
from schemas.people import Role
from schemas.suspense import AnySuspenseCommand, ApproveSuspense, AssignSuspense, Suspense, SuspenseState
from views.money import suspense


class InSuspense:
    """The cashiers and leaders of the stories, with money in suspense at this database."""

    def __init__(self, database: str, master_key: str) -> None:
        self._database = database
        self._vault = Vault(master_keys(master_key))
        self._taken: dict[UUID, UUID] = {}
        """Which money a filing was found."""

    @property
    def words(self) -> Mapping[str, Beside]:
        """What is done by the word of a script's line."""
        return {"assign_money": self.assign, "approve_money": self.approve}

    async def assign(self, act: Act, played: Played, _: Filer, page: Insisting) -> None:
        """`cashier assign_money`: the first of its amount that nobody has assigned goes to the filing's fee."""
        amount = (await page.payment(1)).amount
        reason = "Số tiền và người chuyển khớp với hồ sơ"
        one = await until(lambda: self._free(amount))
        self._taken[played.filing_id] = one.id
        said = {"filing_id": played.filing_id, "payment": 1, "reason": reason}
        await self._take(_command(AssignSuspense, act, played, one, said))

    async def approve(self, act: Act, played: Played, _: Filer, __: Insisting) -> None:
        """`leader approve_money`: what the cashier has asked for."""
        mine = self._taken[played.filing_id]
        (one,) = [each for each in await self._waiting() if each.id == mine]
        await self._take(_command(ApproveSuspense, act, played, one, {"asked": known(one.asked).n}))

    async def _free(self, amount: int) -> Suspense | None:
        """The first of this amount that nobody has assigned."""
        waiting = (one for one in await self._waiting() if one.state is SuspenseState.WAITING)
        return next((one for one in waiting if one.amount == amount and one.id not in self._taken.values()), None)

    async def _waiting(self) -> list[Suspense]:
        return await at_database(self._database, lambda connection: suspense(connection, self._vault.find))

    async def _take(self, command: AnySuspenseCommand) -> None:
        try:
            await at_database(self._database, lambda connection: take(connection, self._vault, command))
        except RefusalError as error:
            raise MotcuaError(str(error.refusal)) from None


def _command(
    model: type[AssignSuspense | ApproveSuspense],
    act: Act,
    played: Played,
    one: Suspense,
    said: dict[str, Any],
) -> AnySuspenseCommand:
    who = officer(played.scenario.agency, Role(act.role), act.n)
    own_id = f"{act.command}-{played.filing_id}"
    return model.model_validate({"command_id": own_id, "actor": who, "callback": one.id} | said)
