"""The handing out of a result at the counter: the receiver must be permitted and identified, and signs."""

from collections.abc import Iterator
from datetime import datetime
from typing import Final

from rules.filing.permission import at_stage
from rules.filing.submission.representation import authorisation_problems
from rules.rule import Rule, refuse
from rules.time.working_time import local_day
from schemas.errors import Problem, problem
from schemas.filing import commands as cm
from schemas.filing import events as ev
from schemas.filing.delivery import IdentityDocument, Receiver
from schemas.filing.events import Events
from schemas.filing.state import Filing, Stage
from schemas.filing.submission import Authorisation
from schemas.level import Channel
from schemas.people import Actor, PersonKind, Role

MOST_WRONG_CODES: Final = 5
"""The number of wrong codes after which a pick-up code is void and an identity document is required."""

WRONG_CODE: Final = "wrong_code"
"""The rule by which a wrong pick-up code is refused, once it has been counted."""

_BEARS_THE_NUMBER: Final = frozenset({IdentityDocument.CITIZEN_CARD, IdentityDocument.VNEID})


def _may_hand_over(filing: Filing, __: Actor, _: datetime) -> Problem | None:
    return at_stage(filing, Stage.PICKUP)


def _hand_over(filing: Filing, command: cm.HandOver, now: datetime) -> Events:
    of_submission = None if command.receiver is Receiver.APPLICANT else filing.authorisation
    given = command.authorisation or of_submission
    wrong = [*_unauthorised(filing, command, given, now), *_unidentified(filing, command, given)]
    if (command.signature is None) is not command.signed_on_paper:
        wrong.append(problem("signature", "receipt_to_be_signed"))
    if wrong:
        raise refuse(*wrong)
    said = command.model_dump(include={"receiver", "recipient", "identity", "authorisation", "signature"})
    document = command.identity.document if command.identity else None
    by_code = command.code is not None
    return (ev.HandedOver(channel=Channel.COUNTER, by_code=by_code, document=document, **said),)


def _unauthorised(
    filing: Filing, command: cm.HandOver, given: Authorisation | None, now: datetime
) -> Iterator[Problem]:
    if command.receiver is Receiver.APPLICANT:
        if given is not None:
            yield problem("authorisation", "authorisation_for_the_applicant")
    elif given is None:
        yield problem("authorisation", "authorisation_required", says="authorisation_to_receive_required")
    else:
        principal = filing.applicant.id_number if filing.applicant else None
        yield from authorisation_problems(given, principal, filing.procedure.code, local_day(now))


def _unidentified(filing: Filing, command: cm.HandOver, given: Authorisation | None) -> Iterator[Problem]:
    if command.code is None and command.identity is None:
        yield problem("identity", "identity_required")
    if command.code is not None and _void(filing):
        yield problem("code", "code_void")
    elif command.code not in {None, filing.pickup_code}:
        yield problem("code", WRONG_CODE)
    shown, whose = command.identity, _number(filing, command.receiver, given)
    if shown is not None and shown.document in _BEARS_THE_NUMBER and whose not in {None, shown.number}:
        yield problem("identity.number", "identity_differs")


def _void(filing: Filing) -> bool:
    return filing.pickup_code is None or filing.wrong_codes >= MOST_WRONG_CODES


def _number(filing: Filing, receiver: Receiver, given: Authorisation | None) -> str | None:
    """The receiver's citizen number; None if the number is unknown, and for an organisation."""
    if receiver is Receiver.REPRESENTATIVE:
        return given.id_number if given else None
    applicant = filing.applicant
    return applicant.id_number if applicant and applicant.kind is PersonKind.PERSON else None


def _count_wrong_code(filing: Filing, command: cm.CountWrongCode, _: datetime) -> Events:
    if _void(filing) or command.code == filing.pickup_code:
        raise refuse(problem("code", "nothing_to_count"))
    return (ev.WrongCodeGiven(n=filing.wrong_codes + 1),)


RULES: Final[dict[str, Rule[Filing]]] = {
    "hand_over": Rule((Role.HANDOVER,), _may_hand_over, _hand_over),
    "count_wrong_code": Rule((Role.HANDOVER,), _may_hand_over, _count_wrong_code),
}
