"""Reports to a filing: by its other streams (parts, complaints), by back offices, and by the virus scanner."""

from datetime import datetime
from typing import Final

from rules.filing.fold import parcel_recalled, stage
from rules.filing.permission import at
from rules.filing.reopening import places, stands
from rules.rule import SYSTEM, Rule, always, refuse
from schemas.errors import Problem, problem
from schemas.filing import commands as cm
from schemas.filing import events as ev
from schemas.filing.events import Events, MachineWork
from schemas.filing.state import Filing, FilingPart, Stage
from schemas.people import Actor

ASKED_AT: Final = {MachineWork.CHECK: Stage.INTAKE, MachineWork.ISSUE: Stage.ISSUE}
"""The stage at which a filing waits for each answer of its back office."""


def _report_failing(filing: Filing, command: cm.ReportFailing, _: datetime) -> Events:
    if stage(filing) is not ASKED_AT[command.work]:
        raise refuse(problem("work", "not_asked"))
    if filing.machine_failing is command.work:
        raise refuse(problem("work", "told_already"))
    return (ev.MachineWorkFailing(work=command.work, tries=command.tries, error=command.error),)


def _report_answered(filing: Filing, command: cm.ReportAnswered, _: datetime) -> Events:
    if filing.machine_failing is not command.work:
        raise refuse(problem("work", "not_failing"))
    return (ev.MachineWorkAnswered(work=command.work),)


_ASKING: Final = at(*ASKED_AT.values())
_NOT_AWAITED: Final = problem("n", "no_such_part")


def _may_report_part(filing: Filing, __: Actor, _: datetime) -> Problem | None:
    """Refuses the report on a referred part if no such part is under way. The filing's stage does not matter."""
    return None if filing.parts_under_way else _NOT_AWAITED


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


def _settle_part(filing: Filing, command: cm.SettlePart, _: datetime) -> Events:
    part = _awaited(filing, command.n)
    said = command.model_dump(include={"outcome", "officer", "result"})
    return (ev.PartAnswered(n=part.n, part=part.code, **said),)


def _settle_complaint(filing: Filing, command: cm.SettleComplaint, _: datetime) -> Events:
    if not stands(filing, command.about):
        raise refuse(problem("about", "act_over"))
    if command.step not in places(filing):
        raise refuse(problem("step", "no_such_step"))
    said = command.model_dump(include={"about", "step", "officer"})
    return (ev.Reopened(complaint=command.n, **said),)


def _record_stay(filing: Filing, command: cm.RecordStay, _: datetime) -> Events:
    """The event of the stay, and if a parcel is on its way to the applicant, the event that recalls it."""
    stayed = ev.Stayed(complaint=command.n, **command.model_dump(include={"stay", "since", "limit"}))
    return (stayed, *parcel_recalled(filing))


def _end_stay(filing: Filing, command: cm.EndStay, _: datetime) -> Events:
    if (command.n, command.stay) not in ((stay.complaint, stay.stay) for stay in filing.stays):
        raise refuse(problem("stay", "not_stayed", says="act_not_stayed"))
    return (ev.StayOver(complaint=command.n, stay=command.stay),)


RULES: Final[dict[str, Rule[Filing]]] = {
    "report_failing": Rule(SYSTEM, _ASKING, _report_failing),
    "report_answered": Rule(SYSTEM, _ASKING, _report_answered),
    "record_scan": Rule(
        SYSTEM,
        lambda filing, *_: None if filing.to_scan else problem("", "nothing_to_scan"),
        lambda _, command, __: (ev.FilesScanned(scanned=command.scanned, infected=command.infected),),
    ),
    "report_overdue_part": Rule(SYSTEM, _may_report_part, _report_overdue),
    "settle_part": Rule(SYSTEM, _may_report_part, _settle_part),
    "settle_complaint": Rule(
        SYSTEM, at(Stage.SUSPENDED, Stage.SUCCESSION, Stage.STAYED, Stage.CLOSED), _settle_complaint
    ),
    "record_stay": Rule(SYSTEM, always, _record_stay),
    "end_stay": Rule(SYSTEM, always, _end_stay),
}
