"""Plays a script's lines about a complaint: the complainant makes it, officers handle it."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Final, TypeVar

from demo.applicant import Filer, via
from demo.insisting import Insisting
from demo.scenario import Act, Scenario
from motcua.errors import NotAllowed
from rules.complaint.fold import RIGHT
from rules.filing.reopening import UNDONE
from rules.time.working_time import local_day
from schemas.complaint.commands import COMPLAINT_COMMANDS
from schemas.complaint.state import ComplaintStart, ComplaintView
from schemas.filing.commands import Command
from schemas.filing.state import Stage
from schemas.ids import complaint_workflow
from schemas.level import Channel
from schemas.people import Actor, Role

T = TypeVar("T")

LEGAL_BASIS: Final = "Luật Khiếu nại 02/2011/QH13, Đ31"
PAUSE: Final = 0.2
_COMMANDS: Final[Mapping[str, type[Command]]] = {
    str(model.model_fields["kind"].default): model for model in COMPLAINT_COMMANDS
}


@dataclass(frozen=True)
class Complaining:
    """Plays lines about a filing's complaints, as the complainant and as the officers."""

    scenario: Scenario
    filer: Filer
    page: Insisting

    async def play(self, act: Act) -> None:
        """Plays a line as soon as it is possible. If an answer reopens the filing, waits until it is open."""
        if act.command == "complain":
            await self._complain(act.role, await self._until(lambda: self._notice(act.arguments[0])))
        elif act.command == "complain_again":
            first = (await self.page.complaints())[-1]
            await self._complain(act.role, first.about, first.n)
        else:
            await self._act(act)

    async def _complain(self, role: Role, about: int, against: int | None = None) -> None:
        complaint = ComplaintStart(
            filing_id=self.filer.filing_id,
            n=len(await self.page.complaints()) + 1,
            about=about,
            against=against,
            words=f"{self.filer.canary}: đề nghị xem xét lại",
            actor=self.filer.actor(role),
            via=via(Channel.ONLINE),
        )
        await self.page.complain(complaint)

    async def _notice(self, kind: str) -> int | None:
        """Returns the seq of the filing's last event of this kind; None until the applicant has got the decision."""
        told = kind not in UNDONE or (await self.page.view()).complain_until is not None
        return await self.page.last(kind) if told else None

    async def _act(self, act: Act) -> None:
        one = (await self.page.complaints())[-1]
        stream, actor = complaint_workflow(self.filer.filing_id, one.n), self._actor(act, one)
        if act.role is Role.LEADER and one.answerer is None:
            await self._give(stream, "claim", actor)
        try:
            await self._give(stream, act.command, actor, **self._content(act))
        except NotAllowed as error:
            if error.refusal.problems[0].rule != "invited_too_late":
                raise
            await self._give(stream, act.command, actor, **self._content(act, later=60))
        if act.command == "answer_complaint":
            await self._until(self._over)
        await self._until(self._stands_as_told)

    def _actor(self, act: Act, one: ComplaintView) -> Actor:
        """Returns the complainant, or the officer of the agency that answers the complaint."""
        if act.role in {Role.APPLICANT, Role.REPRESENTATIVE}:
            return self.filer.actor(act.role)
        return Actor(subject=f"{one.agency.lower()}-{act.role}-{act.n}", role=act.role, agency=one.agency)

    def _content(self, act: Act, later: float = 3) -> dict[str, Any]:
        """Returns the command's own fields. `later`: the seconds from now until a dialogue."""
        word, own = act.arguments[0] if act.arguments else None, f"{self.filer.canary}: đã xem xét lại"
        now = datetime.now(UTC)
        contents: dict[str, dict[str, Any]] = {
            "not_take_up": {"ground": word, "reason": own},
            "verify_complaint": {"findings": own},
            "invite_to_dialogue": {"at": now + timedelta(seconds=later), "place": "Trụ sở", "topics": own},
            "record_dialogue": {"attended": True, "minutes": own},
            "stay_act": {"reason": own},
            "lift_stay": {"reason": own},
            "answer_complaint": {"outcome": word, "reason": own, "legal_basis": LEGAL_BASIS},
            "send_answer": {"how": "trực tuyến"},
            "report_suit": {"court": "Tòa án nhân dân khu vực 1", "day": local_day(now)},
        }
        return contents.get(act.command, {})

    async def _give(self, stream: str, kind: str, actor: Actor, **said: Any) -> None:
        """Gives a command as soon as it is allowed."""

        async def allowed() -> bool | None:
            actions = await self.page.actions_on(stream, actor)
            return True if any(one.allowed and one.name == kind for one in actions) else None

        await self._until(allowed)
        channel = Channel.ONLINE if actor.agency is None else Channel.COUNTER
        command = _COMMANDS[kind].model_validate({"command_id": kind, "actor": actor, "via": via(channel)} | said)
        await self.page.act_on(stream, command)

    async def _over(self) -> ComplaintView | None:
        """Returns the complaint; None while its outcome requires the filing to be reopened and that is pending."""
        one = (await self.page.complaints())[-1]
        to_come = one.state in RIGHT and one.act in UNDONE and one.reopened is None
        return None if to_come else one

    async def _stands_as_told(self) -> bool | None:
        """Returns True once the filing is closed, or is stayed as the complaint states; None until then."""
        view, one = await self.page.view(), (await self.page.complaints())[-1]
        return True if view.closed or (view.stage is Stage.STAYED) is one.stayed else None

    async def _until(self, look: Callable[[], Awaitable[T | None]]) -> T:
        while True:
            if (found := await look()) is not None:
                return found
            await asyncio.sleep(PAUSE)
