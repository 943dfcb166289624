"""Reports of agencies that decide parts of the procedure: late, or decided."""

from datetime import datetime
from typing import Final

from rules.rule import SYSTEM, Rule, refuse
from schemas.errors import Problem, problem
from schemas.filing import commands as cm
from schemas.filing import events as ev
from schemas.filing.events import Events
from schemas.filing.state import Filing, FilingPart
from schemas.people import Actor


def _may_report(filing: Filing, __: Actor, _: datetime) -> Problem | None:
    """Never refuses a report about a part: other agencies go on at any stage, while the lead agency waits."""
    return None if filing.parts_under_way else _NOT_AWAITED


_NOT_AWAITED: Final = problem("n", "no_such_part")


def _awaited(filing: Filing, n: int) -> FilingPart:
    part = next((part for part in filing.parts_under_way if part.n == n), None)
    if part is None:
        raise refuse(_NOT_AWAITED)
    return part


def _report_overdue(filing: Filing, command: cm.ReportOverduePart, _: datetime) -> Events:
    part = _awaited(filing, command.n)
    if part.overdue:
        raise refuse(problem("n", "told_already"))
    return (ev.PartOverdue(n=part.n, part=part.code),)


def _settle(filing: Filing, command: cm.SettlePart, _: datetime) -> Events:
    part = _awaited(filing, command.n)
    said = command.model_dump(include={"outcome", "officer", "result"})
    return (ev.PartAnswered(n=part.n, part=part.code, **said),)


RULES: Final[dict[str, Rule[Filing]]] = {
    "report_overdue_part": Rule(SYSTEM, _may_report, _report_overdue),
    "settle_part": Rule(SYSTEM, _may_report, _settle),
}
