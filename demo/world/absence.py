"""Plays a script's lines about an absence: an officer is absent, and the substitute gets the claimed tasks."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from contextlib import suppress
from datetime import datetime, timedelta
from typing import Final

from demo.applicant import Filer, via
from demo.insisting import Insisting
from demo.patience import patiently
from demo.player import Beside, Played, officer
from demo.scenario import Act, Scenario
from motcua import FilingClient, MotcuaError
from publishing.authoring.absences import Absence, AbsenceRefusedError, record_absence
from rules.time.working_time import VIETNAM
from schemas.filing.commands import Reassign
from schemas.ids import filing_workflow
from schemas.level import Channel
from schemas.people import Actor, Role

PAUSE: Final = 1.0
_JUDGED: Final[tuple[list[str], ...]] = ([], ["four_eyes"])
"""The final results of passing a task on, as the broken rules: none, or that the substitute proposed the decision."""


class Absences:
    """The absent officers of all scenarios, on the same days. `owner`: the address with the database owner's rights."""

    def __init__(self, client: FilingClient, owner: str) -> None:
        self._client = client
        self._owner = owner

    @property
    def words(self) -> Mapping[str, Beside]:
        """The method that plays each command of a script, by the name of the command."""
        return {"absence": self.record, "pass_over": self.pass_over}

    async def record(self, act: Act, played: Played, _: Filer, __: Insisting) -> None:
        """Plays `operator absence ABSENT SUBSTITUTE`: for today and tomorrow, unless it is recorded already."""
        absent, substitute = _subjects(act, played.scenario)
        role = act.arguments[0].rpartition("-")[0]
        today = datetime.now(VIETNAM).date()
        said = Absence(played.scenario.agency, absent, role, today, today + timedelta(days=1), substitute)

        async def write() -> None:
            with suppress(AbsenceRefusedError):
                await record_absence(self._owner, said)

        await patiently(write)

    async def pass_over(self, act: Act, played: Played, _: Filer, page: Insisting) -> None:
        """Plays `team_lead pass_over ABSENT [OTHER]`. If the substitute must be refused, `OTHER` gets the task.

        Raises `MotcuaError` if the substitute gets the task with `OTHER`, or does not get it without `OTHER`.
        """
        absent, *other = _subjects(act, played.scenario)
        lead = officer(played.scenario.agency, Role.TEAM_LEAD)
        rules = await self._rules(absent, lead, played)
        if bool(rules) != bool(other):
            raise MotcuaError(f"the task of {absent}: {rules or 'passed over'}")
        if other:
            await page.act(
                Reassign(command_id="given-to-another", actor=lead, via=via(Channel.COUNTER), officer=other[0])
            )

    async def _rules(self, absent: str, lead: Actor, played: Played) -> list[str]:
        """Retries until this filing's task is the substitute's, or a rule forbids that. Returns the broken rules."""
        acting, stream = self._client.as_(lead, via(Channel.COUNTER)), filing_workflow(played.filing_id)
        while True:
            for one in await acting.pass_over(absent):
                rules = [problem.rule for problem in one.problems]
                if one.stream == stream and rules in _JUDGED:
                    return rules
            await asyncio.sleep(PAUSE)


def _subjects(act: Act, scenario: Scenario) -> list[str]:
    return [f"{scenario.agency.lower()}-{name}" for name in act.arguments]
