"""The evidence for a referral's events: events of its filing that the log must already have."""

from typing import Any

from rules.evidence import ENDS, Entry, Evidence, OfficeAnswer
from schemas.backoffice import ANSWER, AnswerAnswer, PartDecision, answer_request
from schemas.ids import StreamId, filing_workflow
from schemas.people import Actor, Role
from schemas.referral.events import ReferralAnswered, ReferralCancelled, ReferralRequested


def evidence(stream: StreamId, event: Any) -> Evidence | None:
    """The evidence for a referral (the filing refers the part) or for its cancellation (the filing has ended)."""
    filing = filing_workflow(stream.filing)
    match event:
        case ReferralRequested(n=n, part=part, agency=agency):
            return ((Entry(("referred",), {"n": n, "part": part, "agency": agency}, filing),),)
        case ReferralCancelled():
            asked = Entry(("referred",), {"n": stream.n}, filing)
            return ((Entry(ENDS, stream=filing, after=asked),),)
        case _:
            return None


def answered_by(stream: StreamId, event: Any, by: Actor) -> OfficeAnswer | None:
    """The back office's answer from which a decision follows that no officer made."""
    match event:
        case ReferralAnswered(automatic=automatic) if automatic or by.role is Role.SYSTEM:
            said = event.model_dump(include=set(PartDecision.model_fields))
            answer = AnswerAnswer(decision=PartDecision.model_validate(said))
            return OfficeAnswer(ANSWER, answer, answer_request(stream.n))
        case _:
            return None
