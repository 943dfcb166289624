"""A kind of stream that the platform does not have: a complaint about a filing, which another agency must answer."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, Final, Literal
from uuid import UUID

from temporalio import workflow

with workflow.unsafe.imports_passed_through():
    from rules.streams import KINDS, Kinds, StreamKind
    from schemas.base import AgencyCode, Model, Personal, ShortText
    from schemas.errors import Problem, RefusalCode, problem, refused
    from schemas.filing.commands import Command, SystemCommand
    from schemas.people import Actor, Role
    from schemas.stream.ledger import Recorded
    from schemas.stream.rows import Rows, Standing, TaskRow
    from workflows.stream.shell import Life, of_kind

ABOVE: Final = "H01.12"  # answers complaints about the others


class Complained(Model):
    kind: Literal["complained"] = "complained"
    about: Annotated[str, Personal]


class ComplaintAnswered(Model):
    kind: Literal["complaint_answered"] = "complaint_answered"
    answer: str


class ComplaintStart(Model):
    filing_id: UUID
    n: int
    agency: AgencyCode
    about: str


class Complain(SystemCommand):
    kind: Literal["complain"] = "complain"
    about: str


class AnswerComplaint(Command):
    kind: Literal["answer_complaint"] = "answer_complaint"
    answer: ShortText


class Complaint(Model):
    snapshot_version: int = 1
    agency: AgencyCode
    n: int
    seq: int = 0
    answer: str | None = None


def decide(complaint: Complaint, command: Command, now: datetime) -> tuple[Model, ...]:
    if isinstance(command, Complain):
        return (Complained(about=command.about),)
    if (why := guard(complaint, command.kind, command.actor, now)) is not None:
        raise refused(RefusalCode.NOT_ALLOWED, why)
    return (ComplaintAnswered(answer=command.answer),) if isinstance(command, AnswerComplaint) else ()


def guard(complaint: Complaint, _: str, actor: Actor, __: datetime) -> Problem | None:
    if complaint.answer is not None:
        return problem("", "answered_already", "đã trả lời", "the complaint has been answered")
    if (actor.role, actor.agency) != (Role.LEADER, ABOVE):
        return problem("actor", "not_the_agency_above", "cơ quan cấp trên trả lời", "the agency above answers")
    return None


def evolve(complaint: Complaint, recorded: Recorded) -> Complaint:
    said = recorded.event.model_dump(include={"answer"})
    return complaint.model_copy(update=said | {"seq": recorded.seq})


def standing(complaint: Complaint) -> Standing:
    return Standing(n=complaint.n, open=complaint.answer is None)


def rows(complaint: Complaint) -> Rows:
    task = TaskRow(name="complaint", agency=ABOVE, role="leader", actions=("answer_complaint",), overdue=False)
    return Rows(tasks=(task,) if complaint.answer is None else ())


COMPLAINT: Final = StreamKind(
    name="complaint",
    workflow="Complaint",
    state=Complaint,
    events=Complained | ComplaintAnswered,
    first="complained",
    initial=lambda origin: Complaint(agency=origin.agency, n=origin.stream.n),
    decide=decide,
    evolve=evolve,
    standing=standing,
    rows=rows,
    start=ComplaintStart,
    opening=lambda start: Complain(command_id="complain", about=start.about),
    commands=(AnswerComplaint,),
    guard=guard,
    writers=frozenset({Role.SYSTEM, Role.LEADER}),
)
WITH_COMPLAINTS: Final = Kinds((*KINDS.values(), COMPLAINT))


@workflow.defn(name=COMPLAINT.workflow)
@of_kind(COMPLAINT)
class ComplaintWorkflow:
    life: Life[Complaint]

    @workflow.run
    async def run(self, *raw: Any) -> None:  # noqa: ARG002 -- parsed before, as the life begins
        await self.life.live()
