"""The workflow of a complaint: waits for the answer, ensures its filing restarts, waits until the answer is sent."""

from collections.abc import Callable
from contextlib import suppress
from functools import partial
from typing import Any

from temporalio import workflow

with workflow.unsafe.imports_passed_through():
    from pydantic import ValidationError

    from activities.complaint import Complaints, Disputed, Side
    from activities.workflows import TEMPORAL, StartRequest, Workflows
    from rules.complaint import fold
    from rules.complaint.kind import view
    from rules.stream_kind import Origin, StreamKind
    from rules.streams import COMPLAINT, FILING
    from schemas.complaint import state as st
    from schemas.complaint.commands import Complain, RingComplaint, SettleUpheld
    from schemas.errors import NOT_FOUND, Refusal, RefusalCode, shape_refusal
    from schemas.filing.commands import Command
    from schemas.identity.statement import COMPLAIN, Message, Spoken, message_digest
    from schemas.ids import filing_workflow
    from schemas.people import OFFICERS
    from schemas.stream.edge import strictly
    from schemas.stream.restart import Restart, RestartStart
    from schemas.text import composed
    from workflows.alarm import Alarm, ring_id
    from workflows.stream.basis import UnfoundedError, pause_after, read, until_founded
    from workflows.stream.examining import examine
    from workflows.stream.recording import moment_of, refuse, single_argument
    from workflows.stream.reporting import tell
    from workflows.stream.shell import Considered, Life, Opening, takes_commands
    from workflows.stream.starting import stream_named
    from workflows.stream.waiting import pause


class ComplaintLife(Life[st.Complaint]):
    """The life of a complaint, independent of the filing's life."""

    def __init__(self, kind: StreamKind[st.Complaint], raw: Any) -> None:
        self._misfit: Refusal | None = None
        self._content = ""
        self._alarm = Alarm()
        self._told_of_stay = (0, False)
        super().__init__(kind, raw)

    def parse_start(self, raw: Any) -> st.ComplaintStart:
        """Parses the complaint. If it fails the strict check, it is refused later, unless the log has it already."""
        start: st.ComplaintStart = super().parse_start(raw)
        with suppress(ValueError):
            self._content = message_digest(raw)
        try:
            strictly(st.ComplaintStart, raw)
        except ValidationError as error:
            self._misfit = shape_refusal(RefusalCode.BAD_START, error).refusal
        return start

    async def opening(self) -> Opening:
        """Returns the complaint as the stream's first command, with the log's facts about the disputed act."""
        start = composed(self.start)
        message = Message(act=COMPLAIN, actor=start.actor, stream=str(stream_named(self.kind)), content=self._content)
        spoken = Spoken(statement=start.statement, message=message)
        claim = st.claim_of(start)
        asked = Disputed(filing_id=start.filing_id, n=start.n, about=start.about, spoken=spoken, claim=claim)
        reading = await read(Complaints.grounds, asked)
        found = reading.answer
        if found is None or isinstance(found, Refusal):
            await refuse(stream_named(self.kind), found or NOT_FOUND, reading)
        said = {"actor": start.actor, "via": start.via, "statement": start.statement}
        command = Complain(command_id=st.OPENING, start=start, grounds=found, **said)
        examined = await examine(start.filing_id, start)
        refusal = self._misfit or examined.refusal
        origin, content = Origin(stream_named(self.kind), found.agency), st.content_of_start(self.start)
        return Opening(origin, command, content, refusal, examined.basis + reading.basis)

    async def considered(self, command: Command) -> Considered:
        """Returns the command; with a refusal if its actor no longer acts for the filing's applicant.

        The complaint's state names the applicant's side at the start; an authorisation may have ended since.
        """
        one = await super().considered(command)
        if command.actor.role in OFFICERS:
            return one
        side = Side(filing_id=self._complaint.filing_id, actor=command.actor, at=moment_of(command.statement))
        reading = await read(Complaints.side, side)
        why = reading.answer
        refusal = None if why is None else Refusal(code=RefusalCode.NOT_ALLOWED, problems=(why,))
        return Considered(one.command, one.refusal or refusal, one.basis + reading.basis)

    async def proceed(self) -> None:
        """Waits for the answer, ensures that an upheld complaint's filing restarts, waits until the answer is sent."""
        await self._while(lambda: self._complaint.state in fold.WAITS)
        await self._tell_of_stay()
        await self._see_it_reopened()
        await self._while(lambda: fold.unsent(self._complaint))

    async def _while(self, waits: Callable[[], bool]) -> None:
        """Waits as long as `waits` is true, while the clock runs."""
        while waits():
            await self._tell_of_stay()
            await workflow.wait_condition(lambda: self.stream.idle)
            timer = fold.next_timer(self._complaint)
            if not await self._changed_before(timer, waits) and timer is not None:
                ring = RingComplaint(command_id=ring_id(timer, self._complaint.seq), moment=timer.moment)
                await until_founded(partial(self.stream.attempt, ring, not_before=timer.due))
        self._alarm.set(None)

    async def _changed_before(self, timer: st.ComplaintTimer | None, waits: Callable[[], bool]) -> bool:
        """Waits until the wait is over or the timer changes. Returns False if the timer fired first."""

        def changed() -> bool:
            return not waits() or fold.next_timer(self._complaint) != timer or self._stay != self._told_of_stay

        return await self._alarm.changed_first(self.stream, timer, changed)

    @property
    def _stay(self) -> tuple[int, bool]:
        """The number of the last stay of the act (0 if there was none), and whether this stay is in force."""
        return (self._complaint.stays, self._complaint.stayed)

    async def _tell_of_stay(self) -> None:
        """Signals the act's stays, and their ends, to the filing. A filing without a workflow reads them on restart."""
        while (stay := self._stay) != self._told_of_stay:
            complaint, self._told_of_stay = self._complaint, stay
            name, said = ("act_stayed", {"since", "limit"}) if complaint.stayed else ("stay_ended", set[str]())
            fact = complaint.model_dump(mode="json", include={"n", *said}) | {"stay": complaint.stays}
            await tell(filing_workflow(complaint.filing_id), name, fact)

    async def _see_it_reopened(self) -> None:
        """Signals the filing until its log shows that it was reopened, or that the disputed act has no effect now."""
        tries = 0
        while fold.undoes(complaint := self._complaint):
            asked = Disputed(filing_id=complaint.filing_id, n=complaint.n, about=complaint.about)
            reading = await read(Complaints.remedy, asked)
            found = reading.answer
            if found.reopened or not found.stands:
                settled = SettleUpheld(command_id="complaint:settle", reopened=found.reopened)
                with suppress(UnfoundedError):
                    await self.stream.record(settled, basis=reading.basis)
                    return
            await (self._start_filing() if found.closed else self._tell_filing())
            await self.stream.catch_up()
            tries += 1
            await pause(self.stream, pause_after(tries), "the filing has yet to start again")

    async def _start_filing(self) -> None:
        """Starts the workflow of an ended filing. The workflow first reads the outcomes of the filing's complaints."""
        request = StartRequest(
            workflow=FILING.workflow,
            id=filing_workflow(self._complaint.filing_id),
            said=RestartStart(restart=Restart()).model_dump(mode="json", exclude_none=True),
            summary=f"{self._complaint.agency} · {self.stream.id}",
        )
        await workflow.execute_local_activity_method(Workflows.start, request, **TEMPORAL)

    async def _tell_filing(self) -> None:
        """Signals the filing, if its workflow runs. A filing whose workflow is lost reads the outcome on restart."""
        complaint = self._complaint
        fact = st.ComplaintFact(
            n=complaint.n, about=complaint.about, step=complaint.start_at, officer=str(complaint.answerer)
        )
        said = fact.model_dump(mode="json", exclude_none=True)
        await tell(filing_workflow(complaint.filing_id), "complaint_upheld", said)

    @property
    def _complaint(self) -> st.Complaint:
        return self.stream.state


@workflow.defn(name="Complaint")
@takes_commands(COMPLAINT)
class ComplaintWorkflow:
    """One complaint: recorded, taken up, answered, sent. A complaint upheld, also in part, restarts its filing."""

    @workflow.init
    def __init__(self, *raw: Any) -> None:
        self.life = ComplaintLife(COMPLAINT, single_argument(raw))

    @workflow.run
    async def run(self, *raw: Any) -> st.ComplaintView:  # noqa: ARG002 -- parsed before, as the life begins
        """Runs to the end; returns the outcome."""
        await self.life.live()
        return view(self.life.stream.state)
