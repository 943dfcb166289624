"""Plays the line of a script about money that goes back: a leader approves what the system has asked for."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Final
from uuid import UUID

from deploy.demo.applicant import via
from deploy.demo.insisting import Insisting
from motcua import NotFound
from rules.refund.claims import number_of
from schemas.ids import refund_workflow
from schemas.level import Channel
from schemas.people import Actor
from schemas.refund import ApproveRefund

PAUSE: Final = 0.2


@dataclass(frozen=True)
class RefundActs:
    """The refund of the money that paid the first fee of a filing, by a leader's page."""

    filing_id: UUID
    page: Insisting

    async def play(self, actor: Actor) -> None:
        """The first case, as soon as there is one, until the money has gone back."""
        await _until(lambda: self._possible(actor))
        said = {"command_id": "approve_refund", "actor": actor, "via": via(Channel.COUNTER), "case": 1}
        await self.page.act_on(self._stream, ApproveRefund.model_validate(said))
        await _until(self._given)

    async def _possible(self, actor: Actor) -> bool:
        try:
            actions = await self.page.actions_on(self._stream, actor)
        except NotFound:
            return False
        return any(action.allowed and action.name == "approve_refund" for action in actions)

    async def _given(self) -> bool:
        return await self.page.last("refund_given") is not None

    @property
    def _stream(self) -> str:
        return refund_workflow(self.filing_id, number_of(1, 1))


async def _until(look: Callable[[], Awaitable[bool]]) -> None:
    while True:
        if await look():
            return
        await asyncio.sleep(PAUSE)
