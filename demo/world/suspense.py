"""Plays a script's lines about money in suspense: one officer assigns it to a filing, another officer approves."""

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
from motcua.payloads.converter import as_sent
from motcua.signing import Authenticated, Speaker
from operations.commands.money.suspense import take
from rules.require import require
from schemas.errors import RefusalError
from schemas.money.suspense import AnySuspenseCommand, ApproveSuspense, AssignSuspense, Suspense, SuspenseState
from schemas.people import Role
from views.registers.money import suspense


class InSuspense:
    """The cashiers and leaders of all scenarios, who handle the money in suspense in this database."""

    def __init__(self, database: str, master_key: str, speaker: Speaker | None) -> None:
        self._database = database
        self._speaker = speaker
        self._vault = Vault(master_keys(master_key))
        self._taken: dict[UUID, UUID] = {}
        """By filing, the id of the money in suspense that is assigned to the filing."""

    @property
    def words(self) -> Mapping[str, Beside]:
        """The method that plays each command of a script, by the name of the command."""
        return {"assign_money": self.assign, "approve_money": self.approve}

    async def assign(self, act: Act, played: Played, _: Filer, page: Insisting) -> None:
        """Plays `cashier assign_money`: assigns the first unassigned money of the fee's amount to the filing's fee."""
        amount = (await page.payment(1)).amount
        reason = "Số tiền và người chuyển khớp với hồ sơ"
        one = await until(lambda: self._free(amount))
        self._taken[played.filing_id] = one.id
        said = {"filing_id": played.filing_id, "payment": 1, "reason": reason}
        await self._take(_command(AssignSuspense, act, played, one, said))

    async def approve(self, act: Act, played: Played, _: Filer, __: Insisting) -> None:
        """Plays `leader approve_money`: approves the cashier's request to assign the money."""
        mine = self._taken[played.filing_id]
        (one,) = [each for each in await self._waiting() if each.id == mine]
        await self._take(_command(ApproveSuspense, act, played, one, {"asked": require(one.pending_step).n}))

    async def _free(self, amount: int) -> Suspense | None:
        """Returns the first money in suspense of this amount that is not assigned; None if there is no such money."""
        waiting = (one for one in await self._waiting() if one.state is SuspenseState.WAITING)
        return next((one for one in waiting if one.amount == amount and one.id not in self._taken.values()), None)

    async def _waiting(self) -> list[Suspense]:
        return await at_database(self._database, lambda connection: suspense(connection, self._vault.find))

    async def _take(self, command: AnySuspenseCommand) -> None:
        by, act, aud = self._speaker, command, None
        if by is not None:
            statement, aud = by.order(command.act, as_sent(command), Authenticated()), by.audience
            act = command.model_copy(update={"statement": statement})
        try:
            await at_database(self._database, lambda connection: take(connection, self._vault, act, aud))
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
