"""One who acts: actor and program said once, instead of with every command."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from . import contract as c
from .passing_over import PassedOver, Progress, absences_of, pass_one, tasks_of
from .questions import Questions, stream_of
from .sending import Sending, command_id
from .voice import Line


class ActingClient(Questions):
    """What `FilingClient.as_` gives: files, acts and asks as one actor, through one program.

    It asks whatever `FilingClient` does, for this actor.

    Attributes:
        actor: Who acts.
        via: The authenticated program that passes it on, and its channel.
    """

    def __init__(self, line: Line, actor: c.Actor, via: c.Via) -> None:
        super().__init__(line)
        self._sending = Sending(line)
        self.actor = actor
        self.via = via

    async def submit(self, /, **fields: Any) -> c.Receipt:
        """Hand in a filing, as `FilingClient.submit` does. `fields` are those of a `Submission`, without the two.

        Raises `UnfitError` if they do not fit; nothing has been sent then.
        """
        return await self._sending.submit(c.Submission(**self._with_ours(fields)))

    async def act(self, /, target: UUID | str, command: type[c.Command], **fields: Any) -> c.Receipt:
        """Give a command, as `FilingClient.act` does.

        Args:
            target: The filing's id, or the name of another stream, such as `payment:<uuid>:1`.
            command: Its class, such as `Accept`.
            fields: Its own fields, and `command_id`: one that you keep, so that the same command can be sent again.
                Without it each call is another command.

        Raises:
            UnfitError: The fields do not fit; nothing has been sent.
        """
        return await self._sending.act(target, command(**self._with_ours({"command_id": command_id()} | fields)))

    async def renew_payment(self, /, filing_id: UUID | str, n: int = 1, **fields: Any) -> c.Receipt:
        """Have a fee asked for anew, so that it can be paid (thanh toán lại): `provider`, `command_id`, or neither.

        `FilingClient.payment` says who may be chosen as `provider`, and then where to pay.
        """
        return await self.act(c.payment_workflow(filing_id, n), c.RenewPayment, **fields)

    async def complain(self, /, **fields: Any) -> c.Receipt:
        """Complain, as `FilingClient.complain` does. `fields` are those of a `ComplaintStart`, without the two.

        Raises `UnfitError` if they do not fit; nothing has been sent then.
        """
        return await self._sending.complain(c.ComplaintStart(**self._with_ours(fields)))

    async def actions(self, target: UUID | str) -> list[c.Action]:
        """Every command, and whether the actor can give it now, with the reason where not."""
        return await self._asked(c.AskActions(stream=stream_of(target), actor=self.actor), list[c.Action])

    async def pass_over(self, absent: str, progress: Progress = lambda _, __: None) -> list[PassedOver]:
        """As a team lead, give what an absent officer of one's agency has claimed to their substitute (chuyển việc).

        It takes from nobody else, and may be repeated: what has passed over once stays as it is.

        Args:
            absent: The officer's subject, absent today by the directory.
            progress: Called with how many are done, of how many.

        Returns:
            What became of each task.

        Raises:
            NotFound: The directory does not have this officer absent today.
        """
        agency = self.actor.agency or ""
        absences = await absences_of(self, agency, absent)
        waiting = [(one, task) for one in absences for task in await tasks_of(self, agency, one)]
        done: list[PassedOver] = []
        for absence, task in waiting:
            done.append(await pass_one(self, absence, task))
            progress(len(done), len(waiting))
        return done

    def _with_ours(self, fields: dict[str, Any]) -> dict[str, Any]:
        return {"actor": self.actor, "via": self.via} | fields
