"""The rule of each command on a filing's official papers. For one cause, each paper is made and issued only once."""

from datetime import datetime
from typing import Any, Final

from rules.money_receipts import issued_for, registered
from rules.officers import other_agency
from rules.papers.fold import is_made
from rules.require import require
from rules.rule import SYSTEM, Rule, Rules, always, refuse
from rules.time.working_time import VIETNAM
from schemas.errors import Problem, problem
from schemas.papers.commands import ApproveVoid, IssueReceipt, RecordPaper, VoidByItself, VoidReceipt
from schemas.papers.events import PaperMade, ReceiptIssued, ReceiptVoidAsked, ReceiptVoided
from schemas.papers.state import MoneyReceipt, OfficialPapers
from schemas.people import Actor, Role


def _record(papers: OfficialPapers, command: RecordPaper, _: datetime) -> tuple[PaperMade, ...]:
    if is_made(papers.made, command.paper, command.about):
        return ()
    n = sum(made.paper is command.paper for made in papers.made) + 1
    said = command.model_dump(include={"paper", "about", "file", "body_sha256", "template", "signed"})
    return (PaperMade(n=n, **said),)


def _issue_receipt(papers: OfficialPapers, command: IssueReceipt, at: datetime) -> tuple[ReceiptIssued, ...]:
    """The event of a receipt. For one event of the filing, at most one receipt of each kind is issued."""
    if issued_for(papers.receipts, command.about, command.of) is not None:
        raise refuse(problem("", "wrong_state", says="receipt_is_issued"))
    said = command.model_dump(include=set(ReceiptIssued.model_fields) - {"kind", "series", "agency"})
    said |= {} if command.agency in {None, papers.agency} else {"agency": command.agency}
    series = command.series if command.given else f"{command.series}-{at.astimezone(VIETNAM):%y}"
    return (ReceiptIssued(series=series, amount=sum(line.amount for line in command.lines), **said),)


def _void_receipt(papers: OfficialPapers, command: VoidReceipt, _: datetime) -> tuple[ReceiptVoidAsked, ...]:
    receipt = _own(papers, command)
    said = {"officer": command.actor.subject, "again": command.again, "reason": command.reason}
    return (ReceiptVoidAsked(registered=require(receipt.registered), **said),)


def _approve_void(papers: OfficialPapers, command: ApproveVoid, _: datetime) -> tuple[ReceiptVoided, ...]:
    receipt = _own(papers, command)
    asked = receipt.void_asked
    if asked is None:
        raise refuse(problem("registered", "no_void_asked"))
    if command.actor.subject == asked.officer:
        raise refuse(problem("actor.subject", "needs_another"))
    said = {"officer": command.actor.subject, "asked_by": (asked.officer,)}
    return (_voided(receipt, again=asked.again, reason=asked.reason, **said),)


def _void_by_itself(papers: OfficialPapers, command: VoidByItself, _: datetime) -> tuple[ReceiptVoided, ...]:
    return (_voided(_valid(papers, command.registered, _VOID), cause=command.cause),)


def _own(papers: OfficialPapers, command: VoidReceipt | ApproveVoid) -> MoneyReceipt:
    """The valid receipt that a command names. Raises `RefusalError`, also for another agency's receipt."""
    receipt = _valid(papers, command.registered, _UNKNOWN)
    if (why := other_agency(command.actor, receipt.agency or papers.agency)) is not None:
        raise refuse(why)
    return receipt


def _stranger(papers: OfficialPapers, actor: Actor, _: datetime) -> Problem | None:
    """Refuses an officer of an agency that has issued none of the papers."""
    return other_agency(actor, papers.agency, *(one.agency for one in papers.receipts if one.agency is not None))


def _valid(papers: OfficialPapers, number: str, unknown: Problem) -> MoneyReceipt:
    """The receipt of this number. Raises `RefusalError` if there is none (with `unknown`), or if it is void."""
    receipt = registered(papers.receipts, number)
    if receipt is None or receipt.voided_at is not None:
        raise refuse(unknown if receipt is None else _VOID)
    return receipt


def _voided(receipt: MoneyReceipt, **said: Any) -> ReceiptVoided:
    number = require(receipt.registered)
    return ReceiptVoided(of=receipt.of, registered=number, fee=receipt.fee, given=receipt.given, **said)


_VOID: Final = problem("registered", "receipt_is_void")
_UNKNOWN: Final = problem("registered", "unknown_receipt")

RULES: Final[Rules[OfficialPapers]] = Rules(
    {
        "record_paper": Rule(SYSTEM, always, _record),
        "issue_receipt": Rule(SYSTEM, always, _issue_receipt),
        "void_receipt": Rule((Role.CASHIER, Role.LEADER), always, _void_receipt),
        "approve_void": Rule((Role.CASHIER, Role.LEADER), always, _approve_void),
        "void_by_itself": Rule(SYSTEM, always, _void_by_itself),
    },
    not_now=problem("", "wrong_state", says="paper_is_made"),
    stranger=_stranger,
)
