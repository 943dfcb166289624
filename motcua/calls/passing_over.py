"""Gives the tasks of an absent officer to the substitute, with a `reassign` and a receipt for each."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any, Literal, Protocol
from uuid import UUID

from motcua import contract as c
from motcua.errors import MotcuaError, RefusedError, Unavailable, refused_for

from .questions import Questions

Progress = Callable[[int, int], None]
"""Called with the number of tasks done and the number of all."""


@dataclass(frozen=True)
class PassedOver:
    """The outcome for one task of an absent officer.

    Attributes:
        stream: The stream of the task, such as `filing:<uuid>`.
        code: The dossier code.
        task: The task's name.
        substitute: The officer who acts for the absent one.
        outcome: `passed_over`: just now; `already`: taken over before; `refused`: left where it is.
        receipt: The receipt of the `reassign`, if it was recorded just now.
        problems: The reasons of the refusal.
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
    """Returns an officer's absences today, one for each role. Raises `NotFound` if the officer is not absent."""
    found = [one for one in await client.absences(agency) if one.officer == absent and one.begun]
    if not found:
        raise refused_for(c.RefusalCode.NOT_FOUND, c.problem("absent", "not_absent"))
    return found


async def tasks_of(client: Questions, agency: str, absence: c.AbsenceSummary) -> list[c.TaskSummary]:
    """Returns the tasks claimed by the absent officer or by a substitute for them, one task for each stream."""
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
    """Gives one task to the substitute. If somebody else has claimed the task meanwhile, it stays with them."""
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
        return became("refused", problems=(c.problem("", "not_taken", says="not_passed_over", why=error),))
    return became("passed_over", receipt)
