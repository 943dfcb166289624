"""The workflow of a result: requests its making and signatures; runs again to revoke, correct or reissue it."""

from datetime import timedelta
from functools import partial
from typing import Any, Final

from temporalio import workflow

with workflow.unsafe.imports_passed_through():
    from activities.intake import OpenRequest, OpenResult, Registry
    from activities.results.entry import OrderRequest, Results, SignerRequest
    from activities.results.signing import SIGNING, FileOrder, OfficialSigning, Prepared, Signing
    from rules.require import require
    from rules.result import fold
    from rules.result.kind import record
    from rules.stream_kind import Origin, StreamKind
    from rules.streams import RESULT
    from schemas.backoffice import IssueAnswer
    from schemas.errors import NOT_FOUND
    from schemas.filing.commands import Command
    from schemas.result import commands as cm
    from schemas.result.state import OPENING, Result, ResultFact, ResultRecord, ResultStart, Signatory
    from workflows import agency
    from workflows.agency import Reply, unfit
    from workflows.stream.asking import instruction, question
    from workflows.stream.basis import NOTHING, Reading, read, until_founded
    from workflows.stream.recording import refuse, single_argument
    from workflows.stream.reporting import report
    from workflows.stream.shell import Considered, Life, Opening, takes_commands
    from workflows.stream.starting import stream_named
    from workflows.stream.waiting import drain_handlers, pause, wait_for

_LONGEST_PAUSE: Final = 300
"""The maximum seconds between two requests after an unusable file: each pause is twice the previous one."""


class ResultLife(Life[Result]):
    """The life of a result: until it is in force, and again each time that it is revoked, corrected or reissued."""

    def __init__(self, kind: StreamKind[Result], raw: Any) -> None:
        self._of_no_use = 0
        super().__init__(kind, raw)

    async def opening(self) -> Opening:
        """Returns the first command: with the order and the current signers, or with a result already issued."""
        start: ResultStart = self.start
        asked = OrderRequest(filing_id=start.filing_id, n=start.n)
        ordered, stream = await read(Results.order, asked), stream_named(self.kind)
        found = ordered.answer
        if found is None:
            await refuse(stream, NOT_FOUND, ordered)
        opened = await read(Registry.open, OpenRequest(stream=str(stream), agency=found.agency))
        self.taken_over(opened.answer)
        signers = Reading([], NOTHING) if found.adopted else await read(Results.signers, found.agency)
        said = {"n": start.n, "order": found.order, "signers": tuple(signers.answer), "adopted": found.adopted}
        command = cm.EnterResult(command_id=OPENING, **said)
        return Opening(Origin(stream, found.agency), command, basis=ordered.basis + opened.basis + signers.basis)

    def taken_over(self, found: OpenResult) -> None:
        """Remembers the queue of the agency's back office."""
        self.remember(queue=found.queue or "")

    async def considered(self, command: Command) -> Considered:
        """Returns the command. A command that begins another signing gets the current signers."""
        one = await super().considered(command)
        if not isinstance(command, cm.SignAgain | cm.CorrectResult):
            return one
        signers = await read(Results.signers, self._result.agency)
        by = cm.SignAgainBy if isinstance(command, cm.SignAgain) else cm.CorrectResultBy
        signed = by.model_validate(one.command.model_dump() | {"signers": tuple(signers.answer)})
        return Considered(signed, one.refusal, one.basis + signers.basis)

    async def proceed(self) -> None:
        """Has the result made and signed, also a correction requested meanwhile, then notifies the filing."""
        while True:
            await self._work()
            await self._tell()
            await drain_handlers(self.stream)  # this run may have been started for the command that is being handled
            if not fold.is_open(self._result):
                return

    async def _work(self) -> None:
        """Has the file made and signed until nothing is left to do. Waits while people have to act."""
        while fold.is_open(self._result):
            if fold.declined(self._result):
                await wait_for(self.stream, lambda: not fold.declined(self._result))
            elif self._result.awaited is None:
                await self._make()
            else:
                await self._sign(self._result.awaited)

    async def _make(self) -> None:
        """Has the result's file made, with its number, or takes the file that came with the command.

        Then has the file prepared as a PDF with signing positions; a text becomes a PDF page. A result without signers
        whose file could not be issued gets the signers that the directory names now.
        """
        if not self._result.signers and self._result.machine_failing is not None:
            await until_founded(self._name_signers)
        brought = self._result.last.brought
        if brought is not None:
            reply = Reply(IssueAnswer(result=brought), None)
        else:
            making = agency.make(self.stream, self.memory.queue)
            await wait_for(self.stream, making.done)
            if (given := making.result()) is None:  # the platform should print it, but the log does not order that
                return
            reply = given
        made = reply.answer
        if (fault := await unfit(self.stream, made)) is not None:
            workflow.logger.warning("result.not_in_store", extra={"filing_id": str(self._result.filing_id)})
            await self._ask_later(fault)
            return
        order = FileOrder(order=instruction(self.stream), answer=made, answered=reply.signed_answer)
        await self.ask(question(OfficialSigning.prepare, order, partial(self._prepared, made), SIGNING))

    async def _name_signers(self) -> None:
        named = await read(Results.signers, self._result.agency)
        if named.answer:
            command_id = f"result:signers:{self._result.last.registered}"
            command = cm.NameSigners(command_id=command_id, signers=tuple(named.answer))
            await self.stream.attempt(command, basis=named.basis)

    async def _prepared(self, made: IssueAnswer, prepared: Prepared) -> None:
        if prepared.file is not None:
            await self._record_made(made.model_copy(update={"result": prepared.file}))
            return
        workflow.logger.warning("result.not_signable", extra={"filing_id": str(self._result.filing_id)})
        await self._ask_later(prepared.unfit or "not_signable")

    async def _record_made(self, made: IssueAnswer) -> None:
        entry, seq = self._result.last, self._result.seq

        async def recorded() -> None:
            asks = await self._signer(self._result.signers[:1])
            command = cm.RecordMade(command_id=f"result:made:{entry.registered}", **dict(made), asks=asks.answer)
            await self.stream.attempt(command, basis=asks.basis)

        await until_founded(recorded)
        self._of_no_use = 0 if self._result.seq != seq else self._of_no_use

    async def _ask_later(self, rule: str) -> None:
        """Reports that the file is unusable. Then waits before the next request, twice as long each time."""
        await agency.report_unissuable(self.stream, rule)
        await self.stream.catch_up()
        await pause(self.stream, timedelta(seconds=min(2**self._of_no_use, _LONGEST_PAUSE)), "the file is of no use")
        self._of_no_use += 1

    async def _sign(self, signer: Signatory) -> None:
        """Waits until this officer has signed or declined: at the remote signer, or by a command with a reason."""
        signing = question(OfficialSigning.sign, instruction(self.stream), partial(self._signed, signer), SIGNING)
        await self.ask(signing, news=lambda: self._result.awaited != signer)

    async def _signed(self, signer: Signatory, signing: Signing) -> None:
        """Records the signature; or that the officer declined, that another officer signs, or that signing failed."""
        about = f"{self._result.last.registered}:{signer.place}"
        if signing.file is not None:
            await self._record_signed(signer, signing, f"result:signed:{about}")
        elif signing.declined:
            await self.stream.attempt(cm.RecordDeclined(command_id=f"result:declined:{about}", place=signer.place))
        elif signing.another:
            await until_founded(partial(self._ask_other, signer, f"result:asked:{about}:{self._result.seq}"))
        elif signing.in_vain is not None:
            await agency.report_unissuable(self.stream, signing.in_vain)

    async def _record_signed(self, signer: Signatory, signing: Signing, command_id: str) -> None:
        after = self._result.signers[self._result.signed + 1 :]

        async def recorded() -> None:
            asks = await self._signer(after[:1])
            done = {"place": signer.place, "result": signing.file, "proof": signing.proof, "asks": asks.answer}
            command = cm.RecordSigned.model_validate({"command_id": command_id} | done)
            await self.stream.attempt(command, basis=asks.basis)

        await until_founded(recorded)

    async def _ask_other(self, signer: Signatory, command_id: str) -> None:
        other = await self._signer((signer,))
        if other.answer is not None:
            await self.stream.attempt(cm.AskOther(command_id=command_id, signer=other.answer), basis=other.basis)

    async def _tell(self) -> None:
        """Notifies the filing of the result's first version in force, if there is one. Idempotent."""
        first = fold.issued_first(self._result)
        if first is None or first.issued is None:
            return
        fact = ResultFact(
            n=self._result.n,
            registered=require(first.registered),
            result=first.issued,
            expires_on=first.expires_on,
            copies=first.copies,
        )
        await report(self.stream, "result_settled", fact)

    async def _signer(self, due: tuple[Signatory, ...]) -> Reading[Signatory | None]:
        """Returns the directory's current signer for the signing position of `due[0]`; None if there is none."""
        if not due:
            return Reading(None, NOTHING)
        return await read(Results.signer, SignerRequest(agency=self._result.agency, place=due[0].place))

    @property
    def _result(self) -> Result:
        return self.stream.state


@workflow.defn(name="Result")
@takes_commands(RESULT)
class ResultWorkflow:
    """One result of a filing, under its numbers in the register."""

    @workflow.init
    def __init__(self, *raw: Any) -> None:
        self.life = ResultLife(RESULT, single_argument(raw))

    @workflow.run
    async def run(self, *raw: Any) -> ResultRecord:  # noqa: ARG002 -- parsed before, as the life begins
        """Runs to the end; returns the result's entry in the register."""
        await self.life.live()
        return record(self.life.stream.state)
