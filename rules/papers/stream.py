"""The stream of a filing's official papers: each once for what caused it, numbered by kind."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from rules.evidence import Entry, Evidence
from rules.papers.causes import CAUSES
from rules.receipts import deeds
from schemas.about import About
from schemas.errors import RefusalCode, problem, refused
from schemas.filing.commands import Command
from schemas.ids import StreamId
from schemas.papers import OfficialPaper, OfficialPapers, PaperKind, PaperMade, PapersEvent, RecordPaper
from schemas.receipts import IssueReceipt, VoidByItself, VoidReceipt
from schemas.stream.ledger import Recorded
from schemas.stream.rows import Standing


def decide(papers: OfficialPapers, command: Command, at: datetime) -> tuple[PapersEvent, ...]:
    """What `command` makes happen. Raises `RefusalError`."""
    match command:
        case RecordPaper():
            return _record(papers, command)
        case IssueReceipt():
            return deeds.issue(papers, command, at)
        case VoidReceipt():
            return deeds.void(papers, command)
        case VoidByItself():
            return deeds.void_by_itself(papers, command)
        case _:
            raise refused(RefusalCode.NOT_ALLOWED, problem("", "wrong_state", says="paper_is_made"))


def _record(papers: OfficialPapers, command: RecordPaper) -> tuple[PaperMade, ...]:
    if is_made(papers.made, command.paper, command.about):
        raise refused(RefusalCode.NOT_ALLOWED, problem("", "wrong_state", says="paper_is_made"))
    n = sum(made.paper is command.paper for made in papers.made) + 1
    said = command.model_dump(include={"paper", "about", "file", "body_sha256", "template", "signed"})
    return (PaperMade(n=n, **said),)


def is_made(made: Iterable[OfficialPaper], paper: PaperKind, about: About) -> bool:
    """Whether this paper about this event is among those that were made."""
    return any((one.paper, one.about) == (paper, about) for one in made)


def evolve(papers: OfficialPapers, recorded: Recorded) -> OfficialPapers:
    """The papers after one event more."""
    made: PapersEvent = recorded.event
    if not isinstance(made, PaperMade):
        return deeds.evolve(papers, recorded).model_copy(update={"seq": recorded.seq})
    paper = OfficialPaper(**made.model_dump(include=set(OfficialPaper.model_fields)), at=recorded.at)
    return papers.model_copy(update={"made": (*papers.made, paper), "seq": recorded.seq})


def evidence(stream: StreamId, event: PapersEvent) -> Evidence | None:
    """What must have been recorded before a paper or a receipt may speak of it."""
    if not isinstance(event, PaperMade):
        return deeds.evidence(stream, event)
    return ((Entry(CAUSES, {}, event.about.stream),),)


def standing(_: OfficialPapers) -> Standing:
    """Where they stand: no workflow has anything to do with them."""
    return Standing(open=False)
