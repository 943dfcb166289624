"""Plays the lines of a script about refunds, short payments and charge-backs."""

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
"""The events that end an approved refund: it is made, or it is left to people."""


@dataclass(frozen=True)
class RefundActs:
    """Plays the refund of a capture, or of a payment at a counter, as its officers."""

    filer: Filer
    page: Insisting

    async def play(self, act: Act, actor: Actor) -> None:
        """Plays a line once it is possible. After an approval, waits until the refund is made, or is left to staff."""
        n, said = _read(act)
        stream = refund_workflow(self.filer.filing_id, n)
        if act.command != "request_refund":  # this one starts the stream
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
                number = {"bank_reference": f"FT{self.filer.filing_id.hex}"} if said == ("transfer",) else {}
                return {"case": 1, "means": said[0], "evidence": signed.file} | number
            case "accept_short_payment":
                return why
            case _:
                return {}


def _read(act: Act) -> tuple[int, tuple[str, ...]]:
    """Returns the number of the refund that a script's line is about, and the remaining arguments of the line.

    If the first argument is not the number of a refund, the line is about the refund of the first payment's first
    capture.
    """
    first, *others = act.arguments or ("",)
    named = first.isdecimal() and int(first) >= CAPTURES
    return (int(first), tuple(others)) if named else (number_of(1, 1), act.arguments)
