"""Plays the lines of a script about money that goes back, that is too little, or that was charged back."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

from demo.applicant import Filer, via
from demo.insisting import Insisting
from demo.patience import until
from demo.scenario import REFUNDING, Act
from motcua import NotFound
from rules.refund.claims import number_of
from schemas.ids import refund_workflow
from schemas.level import Channel
from schemas.people import Actor
from schemas.refund.state import CAPTURES

LEGAL_BASIS: Final = "Luật 97/2015/QH13, Đ11"
_AFTER: Final = ("refund_given", "refund_left_to_hand")
"""What comes of a refund that was approved."""


@dataclass(frozen=True)
class RefundActs:
    """The refund of a capture, or of what was paid at a counter, by the pages of those who deal with it."""

    filer: Filer
    page: Insisting

    async def play(self, act: Act, actor: Actor) -> None:
        """The line, as soon as it is possible; what a leader approves until it has gone back or is left to hand."""
        n, said = _read(act)
        stream = refund_workflow(self.filer.filing_id, n)
        if act.command != "request_refund":  # by which it begins
            await until(lambda: self._possible(stream, actor, act.command))
        own = {"command_id": act.command, "actor": actor, "via": via(Channel.COUNTER)}
        command = REFUNDING[act.command].model_validate(own | await self._words(act.command, said))
        await self.page.act_on(stream, command)
        if act.command == "approve_refund":
            await until(lambda: self._done(stream))

    async def _possible(self, stream: str, actor: Actor, command: str) -> bool:
        try:
            actions = await self.page.actions_on(stream, actor)
        except NotFound:
            return False
        return any(action.allowed and action.name == command for action in actions)

    async def _done(self, stream: str) -> bool:
        return await self.page.last_of(stream, _AFTER) is not None

    async def _words(self, command: str, said: tuple[str, ...]) -> dict[str, Any]:
        why = {"reason": f"{self.filer.canary}: lý do", "legal_basis": LEGAL_BASIS}
        match command:
            case "approve_refund":
                return {"case": 1}
            case "request_refund":
                return why | ({"amount": int(said[0])} if said else {})
            case "answer_charge_back":
                return why | {"outcome": said[0]}
            case "give_back_by_hand":
                [signed] = await self.filer.papers(["refund_slip"])
                number = {"bank_reference": "FT26332000001"} if said == ("transfer",) else {}
                return {"case": 1, "means": said[0], "evidence": signed.file} | number
            case "accept_short_payment":
                return why
            case _:
                return {}


def _read(act: Act) -> tuple[int, tuple[str, ...]]:
    """The number of the refund, that of the first capture unless one is named, and what else the line says."""
    first, *others = act.arguments or ("",)
    named = first.isdecimal() and int(first) >= CAPTURES
    return (int(first), tuple(others)) if named else (number_of(1, 1), act.arguments)
