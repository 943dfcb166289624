"""The transfer of papers from another agency's desk to the deciding agency."""

from datetime import datetime
from typing import Final

from rules.rule import Rule, refuse
from schemas.errors import Problem, problem
from schemas.filing import commands as cm
from schemas.filing import events as ev
from schemas.filing.events import Events
from schemas.filing.state import Filing
from schemas.people import Actor, Role


def _may_transfer(filing: Filing, actor: Actor, _: datetime) -> Problem | None:
    wrong = _works_at(actor, filing.receiving)
    if wrong is None and (filing.accepted_at is None or not filing.at_desk):
        return problem("", "nothing_to_transfer")
    return wrong


def _transfer(filing: Filing, command: cm.TransferDossier, _: datetime) -> Events:
    if unknown := [code for code in command.originals if code not in filing.at_desk]:
        raise refuse(problem("originals", "not_at_desk", codes=", ".join(unknown), here=", ".join(filing.at_desk)))
    officer = command.actor.subject
    return (ev.DossierTransferred(officer=officer, papers=filing.at_desk, originals=command.originals),)


def _may_receive(filing: Filing, actor: Actor, _: datetime) -> Problem | None:
    wrong = _works_at(actor, filing.agency)
    if wrong is None and not filing.under_way:
        return problem("", "nothing_under_way")
    return wrong


def _receive(filing: Filing, command: cm.ReceiveDossier, _: datetime) -> Events:
    officer = command.actor.subject
    return (ev.DossierReceived(officer=officer, papers=filing.under_way, note=command.note),)


def _works_at(actor: Actor, agency: str) -> Problem | None:
    if actor.agency == agency:
        return None
    return problem("actor.agency", "other_desk", agency=agency)


RULES: Final[dict[str, Rule[Filing]]] = {
    "transfer_dossier": Rule((Role.RECEPTION,), _may_transfer, _transfer),
    "receive_dossier": Rule((Role.RECEPTION,), _may_receive, _receive),
}
