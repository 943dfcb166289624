"""The tasks of an absent officer pass over to their substitute, one `reassign` each, with a receipt each."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any, Literal, Protocol
from uuid import UUID

from . import contract as c
from .errors import MotcuaError, RefusedError, Unavailable, refused_for
from .questions import Questions

Progress = Callable[[int, int], None]
"""Called with how many are done, of how many."""


@dataclass(frozen=True)
class PassedOver:
    """What became of one task of an absent officer.

    Attributes:
        stream: Whose task it is, such as `filing:<uuid>`.
        code: The dossier code.
        task: Its name.
        substitute: Who acts for the absent officer.
        outcome: Passed over just now, the substitute's already, or refused and left where it is.
        receipt: Of the `reassign` that was recorded just now.
        problems: Why it was refused.
    """

    stream: str
    code: str
    task: str
    substitute: str
    outcome: Literal["passed_over", "already", "refused"]
    receipt: c.Receipt | None = None
    problems: tuple[c.Problem, ...] = ()


class _Acting(Protocol):
    async def act(self, /, target: UUID | str, command: type[c.Command], **fields: Any) -> c.Receipt: ...


async def absences_of(client: Questions, agency: str, absent: str) -> list[c.AbsenceSummary]:
    """In which roles an officer is absent today. Raises `NotFound` if in none."""
    found = [one for one in await client.absences(agency) if one.officer == absent and one.begun]
    if not found:
        raise refused_for(c.RefusalCode.NOT_FOUND, c.problem("absent", "not_absent"))
    return found


async def tasks_of(client: Questions, agency: str, absence: c.AbsenceSummary) -> list[c.TaskSummary]:
    """What the absent officer has claimed, and what somebody has in their place already; of each stream one task."""
    whose = {"agency": agency, "role": absence.role}
    theirs = await _every(client, c.AskTasks(**whose, officer=absence.officer))
    in_their_place = await _every(client, c.AskTasks(**whose, acting_for=absence.officer))
    return list({task.stream: task for task in (*theirs, *in_their_place)}.values())


async def _every(client: Questions, question: c.AskTasks) -> list[c.TaskSummary]:
    page = await client.tasks(question)
    found = [*page.rows]
    while page.next is not None:
        page = await client.tasks(question.model_copy(update={"after": page.next}))
        found += page.rows
    return found


async def pass_one(lead: _Acting, absence: c.AbsenceSummary, task: c.TaskSummary) -> PassedOver:
    """Give one task to the substitute; what somebody else has claimed meanwhile stays with them."""
    became = partial(PassedOver, task.stream, task.code, task.name, absence.substitute)
    if task.officer == absence.substitute:
        return became("already")
    try:
        receipt = await lead.act(task.stream, c.Reassign, officer=absence.substitute, acting_for=absence.officer)
    except Unavailable:
        raise
    except RefusedError as no:
        if any(problem.rule == "claimed_already" for problem in no.refusal.problems):
            return became("already")
        return became("refused", problems=no.refusal.problems)
    except MotcuaError as error:
        return became("refused", problems=(_not_taken(error),))
    return became("passed_over", receipt)


def _not_taken(error: MotcuaError) -> c.Problem:
    """A stream that has ended meanwhile, or that takes no commands just now."""
    return c.problem("", "not_taken", says="not_passed_over", why=error)
