"""Plays a script's lines about a result: a signer declines; the result is signed again, revoked or corrected."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Final

from demo.applicant import Filer, via
from demo.insisting import Insisting
from demo.scenario import Act, Scenario
from motcua import NotFound
from schemas.filing.commands import Command
from schemas.ids import result_workflow
from schemas.level import Channel
from schemas.people import Actor
from schemas.result.commands import CorrectResult, DeclineSignature, RevokeResult, SignAgain

LEGAL_BASIS: Final = "NĐ 123/2015/NĐ-CP, Đ70"
PAUSE: Final = 0.2
_COMMANDS: Final[dict[str, type[Command]]] = {
    "decline_signature": DeclineSignature,
    "sign_again": SignAgain,
    "revoke_result": RevokeResult,
    "correct_result": CorrectResult,
}
_AFTER: Final = {"revoke_result": "result_revoked", "correct_result": "result_replaced"}
"""The commands on a delivered result, each with the kind of the filing's event to wait for."""


@dataclass(frozen=True)
class ResultActs:
    """Plays the first result of a filing, as its signers and its registrars."""

    scenario: Scenario
    filer: Filer
    page: Insisting

    async def play(self, act: Act, actor: Actor) -> None:
        """Plays a line once it is possible. After a revocation or correction, waits for the filing's event about it."""
        await self._until(lambda: self._possible(act, actor))
        said = {"command_id": act.command, "actor": actor, "via": via(Channel.COUNTER)}
        why = {} if act.command == "sign_again" else {"reason": f"{self.filer.canary}: lý do"}
        law = {"legal_basis": LEGAL_BASIS} if act.command in _AFTER else {}
        await self.page.act_on(self._stream, _COMMANDS[act.command].model_validate(said | why | law))
        if (kind := _AFTER.get(act.command)) is not None:
            await self._until(lambda: self._is_recorded(kind))

    async def _possible(self, act: Act, actor: Actor) -> bool:
        """Returns True if the act is possible now.

        A revocation or correction only needs a closed filing: the command starts the result's stream if necessary.
        """
        if act.command in _AFTER:
            return (await self.page.view()).closed
        try:
            actions = await self.page.actions_on(self._stream, actor)
        except NotFound:
            return False
        return any(action.allowed and action.name == act.command for action in actions)

    async def _is_recorded(self, kind: str) -> bool:
        return await self.page.last(kind) is not None

    @property
    def _stream(self) -> str:
        return result_workflow(self.filer.filing_id, 1)

    async def _until(self, look: Callable[[], Awaitable[bool]]) -> None:
        while True:
            if await look():
                return
            await asyncio.sleep(PAUSE)
