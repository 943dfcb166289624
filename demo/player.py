"""Plays a scenario as the applicant and the officers, through the client kit alone."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import Final, TypeAlias
from uuid import UUID

from demo.applicant import Filer, via
from demo.insisting import Insisting
from demo.moves.complaining import Complaining
from demo.moves.orders import order
from demo.moves.refunds import RefundActs
from demo.moves.results import ResultActs
from demo.scenario import COMPLAINING, LATE, REFUNDING, REGISTERING, SENT, Act, Edition, Scenario
from motcua import BadSubmission, FilingClient, MotcuaError
from schemas.errors import Refusal
from schemas.filing.commands import JudgeSignature
from schemas.filing.state import FilingPart, FilingView, PartStage, Stage
from schemas.level import Channel
from schemas.people import Actor, Role

LONGEST: Final = 400.0
"""Seconds after which a filing that has not ended counts as failed."""

FIRST_LOOK: Final = 0.1
LONGEST_LOOK: Final = 2.0


class _EndedError(Exception):
    """The filing has ended before the end of its script."""


@dataclass
class Played:
    """The result of a played scenario, as seen by the client. `problems`: descriptions of all failures."""

    scenario: Scenario
    filing_id: UUID
    version: str
    code: str | None = None
    seconds: float = 0.0
    refusal: Refusal | None = None
    problems: list[str] = field(default_factory=list)


Beside: TypeAlias = Callable[[Act, Played, Filer, Insisting], Awaitable[None]]
"""A function that plays a script's line with a command that is not for the filing."""


class Player:
    """Plays scenarios, many at once. `beside`: the function for each command outside the filing, such as `pay`."""

    def __init__(self, client: FilingClient, versions: Mapping[Edition, str], beside: Mapping[str, Beside]) -> None:
        self._client = client
        self._versions = versions
        self._beside = beside

    async def play(self, scenario: Scenario, filer: Filer) -> Played:
        """Submits the filing, plays its script, and waits for the filing's end. Failures are part of the result."""
        version = self._versions[scenario.edition]
        played = Played(scenario, filer.filing_id, version)
        begun = time.monotonic()
        try:
            async with asyncio.timeout(LONGEST):
                await self._play(played, filer)
        except BadSubmission as error:
            played.refusal = error.refusal
        except TimeoutError:
            played.problems.append(f"did not end within {LONGEST:.0f} s")
        except (MotcuaError, _EndedError) as error:
            played.problems.append(f"{type(error).__name__.lstrip('_')}: {error}")
        played.seconds = time.monotonic() - begun
        return played

    async def _play(self, played: Played, filer: Filer) -> None:
        scenario = played.scenario
        reception = officer(scenario.receiving, Role.RECEPTION)
        submission = await filer.submission(scenario, played.version, reception)
        played.code = (await self._client.submit(submission)).code
        page = Insisting(self._client, submission)
        for position, act in enumerate(scenario.acts):
            if act.command in self._beside:
                await self._beside[act.command](act, played, filer, page)
                continue
            if act.command in COMPLAINING:
                await Complaining(scenario, filer, page).play(act)
                continue
            if act.command in REGISTERING:
                actor = officer(scenario.agency, act.role, act.n)
                await ResultActs(scenario, filer, page).play(act, actor)
                continue
            if act.command in REFUNDING:
                actor = officer(act.part or scenario.agency, act.role, act.n)
                await RefundActs(filer, page).play(act, actor)
                continue
            view, actor = await self._possible(scenario, act, filer, page)
            part = _part(act, view)
            seen = view.seq if part is None else (await page.referral(part.n)).seq
            command = await order(scenario, position, actor, view, filer)
            await page.act(command.model_copy(update={"seen_seq": seen}), part.n if part else None)
        await self._end(page)

    async def _possible(self, scenario: Scenario, act: Act, filer: Filer, page: Insisting) -> tuple[FilingView, Actor]:
        """Waits until the act is possible; returns the filing's view and the actor. Raises `_EndedError`."""
        pause = FIRST_LOOK
        while True:
            view = await page.view()
            actor = await _there(act, view, page) if act.part else _in_queue(act, view)
            if actor is None and (actor := await self._allowed(scenario, act, view, filer, page)) is not None:
                view = await page.view()  # the allowed actions may be newer than the view
            if actor is not None:
                return view, actor
            await _settle_doubt(act, view, filer, page)
            if view.closed:
                raise _EndedError(f"{view.closing} before {act.role} {act.command}")
            await asyncio.sleep(pause)
            pause = min(pause * 1.5, LONGEST_LOOK)

    async def _allowed(
        self, scenario: Scenario, act: Act, view: FilingView, filer: Filer, page: Insisting
    ) -> Actor | None:
        """Returns the actor whom the script names for an act that no officer's queue offers.

        None if this actor may not do the act now, if the script's line must still wait, or if the act belongs to a
        queue anyway: a claim, an act of a team lead, or an act on a referred part.
        """
        if act.part or act.role is Role.TEAM_LEAD or act.command == "claim" or _is_early(act, view):
            return None
        own = act.role in {Role.APPLICANT, Role.REPRESENTATIVE}
        agency = scenario.receiving if act.role is Role.RECEPTION else scenario.agency
        actor = filer.actor(act.role) if own else officer(agency, act.role, act.n)
        actions = await page.actions(actor)
        return actor if any(action.allowed and action.name == act.command for action in actions) else None

    async def _end(self, page: Insisting) -> None:
        pause = FIRST_LOOK
        while not (await page.view()).closed:
            await asyncio.sleep(pause)
            pause = min(pause * 1.5, LONGEST_LOOK)


def _is_early(act: Act, view: FilingView) -> bool:
    return LATE in act.waits or (SENT in act.waits and view.stage is not Stage.DELIVERY)


async def _settle_doubt(act: Act, view: FilingView, filer: Filer, page: Insisting) -> None:
    """If a signature could not be fully checked because an authority was too slow, accepts it for the desk."""
    judge = _in_queue(Act(Role.RECEPTION, _JUDGE, ()), view)
    if judge is None or view.signature_accepted is not None or act.command == _JUDGE:
        return
    command = JudgeSignature(
        command_id="judge", actor=judge, via=via(Channel.COUNTER), accepted=True, reason=f"{filer.canary} đã xác minh"
    )
    await page.act(command)


_JUDGE: Final = "judge_signature"


def _part(act: Act, view: FilingView) -> FilingPart | None:
    """Returns the referred part of the filing that a script's line is about; None if the line is about the filing."""
    return next((part for part in view.parts if part.code == act.part), None)


async def _there(act: Act, view: FilingView, page: Insisting) -> Actor | None:
    """Returns the deciding agency's officer who may do this act on the referred part; None if nobody may yet."""
    part = _part(act, view)
    if part is None or part.stage is not PartStage.REFERRED or (LATE in act.waits and not part.overdue):
        return None
    claimer = (await page.referral(part.n)).officer if act.role is Role.SPECIALIST else None
    actor = officer(part.agency, act.role, act.n, claimer)
    actions = await page.actions(actor, part.n)
    return actor if any(action.allowed and action.name == act.command for action in actions) else None


def _in_queue(act: Act, view: FilingView) -> Actor | None:
    """Returns the officer whose queue offers this act; None if no queue does."""
    for task in view.tasks:
        at_step = act.command != "claim" or act.arguments in {(), (task.name,)}
        if LATE in act.waits and not task.overdue:
            continue
        if task.role is act.role is not Role.APPLICANT and act.command in task.actions and at_step:
            return officer(task.agency, act.role, act.n, task.officer)
    return None


def officer(agency: str, role: Role, n: int = 1, claimed_by: str | None = None) -> Actor:
    """Returns the officer `claimed_by`; if that is None, the n-th officer in this role in the demo's directory."""
    subject = f"{agency.lower()}-{role.replace('_', '-')}-{n}"
    return Actor(subject=claimed_by or subject, role=role, agency=agency)
