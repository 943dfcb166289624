"""A kind of stream for tests alone: an appeal about a filing, which another agency must answer."""

from datetime import datetime
from typing import Annotated, Any, Final, Literal
from uuid import UUID

from temporalio import workflow

with workflow.unsafe.imports_passed_through():
    from rules.rule import SYSTEM, Rule, Rules, always, folding
    from rules.stream_kind import Kinds, StreamKind, Wait, Waits
    from rules.streams import KINDS
    from schemas.base import AgencyCode, Model, Personal, ShortText, Text
    from schemas.errors import Problem
    from schemas.filing.commands import Command, SystemCommand
    from schemas.people import Actor, Role
    from schemas.stream.rows import Rows, Standing, TaskRow
    from workflows.stream.recording import single_argument
    from workflows.stream.shell import Life, takes_commands

ABOVE: Final = "H01.12"  # answers appeals about the others


class Appealed(Model):
    kind: Literal["appealed"] = "appealed"
    about: Annotated[str, Personal]


class AppealAnswered(Model):
    kind: Literal["appeal_answered"] = "appeal_answered"
    answer: str


class AppealStart(Model):
    filing_id: UUID
    n: int
    agency: AgencyCode
    about: str


class Lodge(SystemCommand):
    kind: Literal["lodge"] = "lodge"
    about: str


class AnswerAppeal(Command):
    kind: Literal["answer_appeal"] = "answer_appeal"
    answer: ShortText


class Appeal(Model):
    snapshot_version: int = 1
    agency: AgencyCode
    n: int
    seq: int = 0
    since: datetime | None = None
    answer: str | None = None
    erased_at: datetime | None = None


def _open(appeal: Appeal, actor: Actor, _: datetime) -> Problem | None:
    if appeal.answer is not None:
        return Problem(field="", rule="answered_already", message=Text(vi="đã trả lời", en="it is answered"))
    if actor.agency != ABOVE:
        return Problem(field="actor", rule="not_the_agency_above", message=Text(vi="cấp trên trả lời", en="no"))
    return None


RULES: Final[Rules[Appeal]] = Rules(
    {
        "lodge": Rule(SYSTEM, always, lambda _, command, __: (Appealed(about=command.about),)),
        "answer_appeal": Rule((Role.LEADER,), _open, lambda _, command, __: (AppealAnswered(answer=command.answer),)),
    },
    not_now=Problem(field="", rule="wrong_state", message=Text(vi="không", en="no")),
)


def standing(appeal: Appeal) -> Standing:
    return Standing(n=appeal.n, open=appeal.answer is None)


def rows(appeal: Appeal) -> Rows:
    task = TaskRow(name="appeal", agency=ABOVE, role="leader", actions=("answer_appeal",), overdue=False)
    return Rows(tasks=(task,) if appeal.answer is None else ())


APPEAL: Final = StreamKind(
    name="appeal",
    workflow="Appeal",
    state=Appeal,
    events=Appealed | AppealAnswered,
    first="appealed",
    initial=lambda origin: Appeal(agency=origin.agency, n=origin.stream.n),
    rules=RULES,
    evolve=folding({Appealed: lambda _, __, at: {"since": at}, AppealAnswered: lambda _, e, __: {"answer": e.answer}}),
    standing=standing,
    rows=rows,
    start=AppealStart,
    opening=lambda start: Lodge(command_id="lodge", about=start.about),
    commands=(AnswerAppeal,),
    shown=frozenset({Appealed}),
    waits=(Waits(lambda appeal: (Wait(since=appeal.since, of=ABOVE),), after=frozenset({Appealed})),),
)
WITH_APPEALS: Final = Kinds((*KINDS.values(), APPEAL))


@workflow.defn(name=APPEAL.workflow)
@takes_commands(APPEAL)
class AppealWorkflow:
    @workflow.init
    def __init__(self, *raw: Any) -> None:
        self.life = Life(APPEAL, single_argument(raw))

    @workflow.run
    async def run(self, *raw: Any) -> None:  # noqa: ARG002 -- parsed before, as the life begins
        await self.life.live()
