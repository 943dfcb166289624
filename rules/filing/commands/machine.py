"""Reports of machines: a failing back office, and late results of the virus scan."""

from datetime import datetime
from typing import Final

from rules.filing.fold import stage
from rules.filing.permission import at
from rules.rule import SYSTEM, Rule, refuse
from schemas.errors import Problem, problem
from schemas.filing import commands as cm
from schemas.filing import events as ev
from schemas.filing.events import Events, MachineWork
from schemas.filing.state import Filing, Stage
from schemas.people import Actor

ASKED_AT: Final = {MachineWork.CHECK: Stage.INTAKE, MachineWork.ISSUE: Stage.ISSUE}
"""The stage at which a filing waits for its back office."""


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


def _may_record_scan(filing: Filing, __: Actor, _: datetime) -> Problem | None:
    return None if filing.to_scan else problem("", "nothing_to_scan")


def _record_scan(_: Filing, command: cm.RecordScan, __: datetime) -> Events:
    return (ev.FilesScanned(scanned=command.scanned, infected=command.infected),)


_ASKING: Final = at(*ASKED_AT.values())

RULES: Final[dict[str, Rule[Filing]]] = {
    "report_failing": Rule(SYSTEM, _ASKING, _report_failing),
    "report_answered": Rule(SYSTEM, _ASKING, _report_answered),
    "record_scan": Rule(SYSTEM, _may_record_scan, _record_scan),
}
