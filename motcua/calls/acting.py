"""A client bound to one actor and one program, so that its calls need not name them."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any, Literal
from uuid import UUID

from motcua import contract as c
from motcua.errors import MotcuaError, RefusedError, Unavailable, refused_for

from .arguments import Call
from .file_calls import FileCalls
from .line import Line
from .questions import stream_of
from .sending import Sending, command_id


@dataclass(frozen=True)
class PassedOver:
    """The outcome for one task of an absent officer.

    Attributes:
        stream: The stream of the task, such as `filing:<uuid>`.
        code: The dossier code.
        task: The task's name.
        substitute: The officer who acts for the absent one.
        outcome: `passed_over`: the substitute has it now; `already`: another officer has it already; `refused`.
        receipt: The receipt of the `reassign`; None unless the outcome is `passed_over`.
        problems: The reasons of the refusal; empty if there was none.
    """

    stream: str
    code: str
    task: str
    substitute: str
    outcome: Literal["passed_over", "already", "refused"]
    receipt: c.Receipt | None = None
    problems: tuple[c.Problem, ...] = ()


class ActingClient(FileCalls):
    """Files, acts and asks as one actor, through one program; made by `FilingClient.as_`.

    The client has all questions of `FilingClient`, each asked in this actor's name.

    Attributes:
        actor: The actor of every message.
        via: The authenticated program that passes the messages on, and its channel.
    """

    def __init__(self, line: Line, actor: c.Actor, via: c.Via) -> None:
        super().__init__(line)
        self._sending = Sending(line)
        self.actor = actor
        self.via = via

    async def submit(self, /, **fields: Any) -> c.Receipt:
        """Hands in a filing, as `FilingClient.submit` does. `fields`: those of `Submission`, but `actor` and `via`.

        Raises `UnfitError` if the fields do not fit; in that case nothing has been sent.
        """
        return await self._sending.submit(c.Submission(**self._with_ours(fields)))

    async def act(self, /, target: UUID | str, command: type[c.Command], **fields: Any) -> c.Receipt:
        """Gives a command, as `FilingClient.act` does.

        Args:
            target: The filing's id, or the name of another stream, such as `payment:<uuid>:1`.
            command: The class of the command, such as `Accept`.
            fields: The command's fields, and `command_id`: keep this id, so that the same command can be sent again.
                Without an id each call is another command.

        Raises:
            UnfitError: The fields do not fit; nothing has been sent.
        """
        made = Call(command=command).command(**self._with_ours({"command_id": command_id()} | fields))
        return await self._sending.act(target, made)

    async def renew_payment(self, /, filing_id: UUID | str, n: int = 1, **fields: Any) -> c.Receipt:
        """Renew the `n`-th online payment (thanh toán lại). `fields`: `provider` and `command_id`, both optional.

        `FilingClient.payment` lists the possible providers, and after this call returns the new address to pay at.
        """
        return await self.act(c.payment_workflow(filing_id, Call(n=n).n), c.RenewPayment, **fields)

    async def complain(self, /, **fields: Any) -> c.Receipt:
        """Makes a complaint. `fields`: those of a `ComplaintStart`, without `actor` and `via`. Raises `UnfitError`."""
        return await self._sending.complain(c.ComplaintStart(**self._with_ours(fields)))

    async def actions(self, target: UUID | str) -> list[c.Action]:
        """Returns every command of the stream; for each, whether the actor can give it now, and if not, why."""
        return await self._answer(c.AskActions(stream=stream_of(target), actor=self.actor))

    async def pass_over(
        self, absent: str, progress: Callable[[int, int], None] = lambda _, __: None
    ) -> list[PassedOver]:
        """As a team lead, give an absent officer's claimed tasks to the substitute in the same agency (chuyển việc).

        Only this officer's tasks move. The call may be repeated: tasks given to the substitute before stay as they are.

        Args:
            absent: The subject of the officer, who must be absent today according to the directory.
            progress: Called with the numbers of handled tasks and of all tasks.

        Returns:
            The outcome for each task.

        Raises:
            NotFound: According to the directory, this officer is not absent today.
        """
        Call(absent=absent, progress=progress)
        agency = self.actor.agency or ""
        absences = [one for one in await self.absences(agency) if one.officer == absent and one.begun]
        if not absences:
            raise refused_for(c.RefusalCode.NOT_FOUND, c.problem("absent", "not_absent"))
        waiting = [(one, task) for one in absences for task in await self._tasks_of(agency, one)]
        done: list[PassedOver] = []
        for absence, task in waiting:
            done.append(await self._pass_one(absence, task))
            progress(len(done), len(waiting))
        return done

    async def _tasks_of(self, agency: str, absence: c.AbsenceSummary) -> list[c.TaskSummary]:
        """Returns the tasks claimed by the absent officer or by the officer's substitutes, one for each stream."""
        whose = {"agency": agency, "role": absence.role}
        theirs = await self._every_task(c.AskTasks(**whose, officer=absence.officer))
        in_their_place = await self._every_task(c.AskTasks(**whose, acting_for=absence.officer))
        return list({task.stream: task for task in (*theirs, *in_their_place)}.values())

    async def _every_task(self, question: c.AskTasks) -> list[c.TaskSummary]:
        page = await self.tasks(question)
        found = [*page.rows]
        while page.next is not None:
            page = await self.tasks(question.model_copy(update={"after": page.next}))
            found += page.rows
        return found

    async def _pass_one(self, absence: c.AbsenceSummary, task: c.TaskSummary) -> PassedOver:
        """Gives one task to the substitute, unless another officer has claimed the task meanwhile."""
        became = partial(PassedOver, task.stream, task.code, task.name, absence.substitute)
        if task.officer == absence.substitute:
            return became("already")
        try:
            receipt = await self.act(task.stream, c.Reassign, officer=absence.substitute, acting_for=absence.officer)
        except Unavailable:
            raise
        except RefusedError as no:
            if any(problem.rule == "claimed_already" for problem in no.refusal.problems):
                return became("already")
            return became("refused", problems=no.refusal.problems)
        except MotcuaError as error:
            return became("refused", problems=(c.problem("", "not_taken", says="not_passed_over", why=error),))
        return became("passed_over", receipt)

    def _with_ours(self, fields: dict[str, Any]) -> dict[str, Any]:
        return {"actor": self.actor, "via": self.via} | fields
