"""Plays a script's lines about a complaint: the complainant makes it, and a leader who may decide it answers."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Final, TypeVar

from demo.applicant import Filer, via
from demo.insisting import Insisting
from demo.scenario import Act, Scenario
from schemas.complaint.commands import AnswerComplaint
from schemas.complaint.state import ComplaintOutcome, ComplaintStart, ComplaintState, ComplaintView
from schemas.filing.commands import Claim
from schemas.ids import complaint_workflow
from schemas.level import Channel
from schemas.people import Actor, Role

T = TypeVar("T")

LEGAL_BASIS: Final = "Luật 02/2011/QH13, Đ31"
PAUSE: Final = 0.2


@dataclass(frozen=True)
class Complaining:
    """Plays one complaint, as the complainant and as the leader."""

    scenario: Scenario
    filer: Filer
    page: Insisting

    async def play(self, act: Act) -> None:
        """Plays a line as soon as it is possible. If it upholds the complaint, waits until the filing is reopened."""
        (word,) = act.arguments
        await (self._complain(act.role, word) if act.command == "complain" else self._answer(ComplaintOutcome(word)))

    async def _complain(self, role: Role, kind: str) -> None:
        about = await self._until(lambda: self._notice(kind))
        complaint = ComplaintStart(
            filing_id=self.filer.filing_id,
            n=1,
            about=about,
            words=f"{self.filer.canary}: đề nghị xem xét lại",
            actor=self.filer.actor(role),
            via=via(Channel.ONLINE),
        )
        await self.page.complain(complaint)

    async def _notice(self, kind: str) -> int | None:
        """Returns the seq of the filing's last event of this kind; None until the time limit for complaints runs."""
        told = (await self.page.view()).complain_until is not None
        return await self.page.last(kind) if told else None

    async def _answer(self, outcome: ComplaintOutcome) -> None:
        leader = await self._until(self._free)
        said = {"actor": leader, "via": via(Channel.COUNTER)}
        await self.page.act_on(self._stream, Claim(command_id="claim", **said))
        answer = AnswerComplaint(
            command_id="answer",
            outcome=outcome,
            reason=f"{self.filer.canary}: đã xem xét lại",
            legal_basis=LEGAL_BASIS,
            **said,
        )
        await self.page.act_on(self._stream, answer)
        await self._until(self._over)

    @property
    def _stream(self) -> str:
        return complaint_workflow(self.filer.filing_id, 1)

    async def _free(self) -> Actor | None:
        """Returns the first leader of the agency who may claim the complaint; None if no leader may yet."""
        for n in (1, 2):
            subject = f"{self.scenario.agency.lower()}-leader-{n}"
            leader = Actor(subject=subject, role=Role.LEADER, agency=self.scenario.agency)
            actions = await self.page.actions_on(self._stream, leader)
            if any(action.allowed and action.name == "claim" for action in actions):
                return leader
        return None

    async def _over(self) -> ComplaintView | None:
        """Returns the complaint once it is rejected, or once it is upheld and the filing is reopened; None before."""
        (found,) = await self.page.complaints()
        return found if found.state is ComplaintState.REJECTED or found.reopened is not None else None

    async def _until(self, look: Callable[[], Awaitable[T | None]]) -> T:
        while True:
            if (found := await look()) is not None:
                return found
            await asyncio.sleep(PAUSE)
