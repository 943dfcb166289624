"""The commands about a result: its issue, its parcels, its reading online, its hand-over at the counter."""

import hashlib
from collections.abc import Iterator
from datetime import datetime
from typing import Final, NamedTuple
from unicodedata import normalize

from rules.filing.permission import applicant_side_roles, at, at_stage
from rules.filing.submission.admission import delivery_problems, result_channels
from rules.filing.submission.representation import authorisation_problems
from rules.officers import role_is
from rules.rule import ANYBODY, SYSTEM, Rule, refuse
from rules.time import working_time
from schemas.errors import Problem, problem
from schemas.filing import commands as cm
from schemas.filing import events as ev
from schemas.filing.delivery import IdentityDocument, Receiver
from schemas.filing.events import Clock, Events, ParcelOutcome
from schemas.filing.state import FeeState, Filing, Stage
from schemas.filing.submission import Authorisation
from schemas.level import Channel
from schemas.people import Actor, PersonKind, Role
from schemas.publishing.calendar import Timeliness


def _issue(filing: Filing, command: cm.Issue, now: datetime) -> Events:
    if command.result is None:
        raise refuse(problem("result", "result_file_required"))
    issued = ev.ResultIssued(result=command.result, expires_on=command.expires_on, copies=command.copies)
    return _issued(filing, issued, now)


def _settle_result(filing: Filing, command: cm.SettleResult, now: datetime) -> Events:
    if command.n != len(filing.results) + 1:
        raise refuse(problem("n", "no_such_result"))
    said = command.model_dump(include={"n", "registered", "result", "expires_on", "copies"})
    return _issued(filing, ev.ResultIssued.model_validate(said), now)


def _issued(filing: Filing, issued: ev.ResultIssued, now: datetime) -> Events:
    if filing.lost_copy is not None:
        return (issued,)
    appointment = filing.clocks[Clock.PROCESSING]
    early = working_time.outcome(appointment.limit, appointment.due, now) is Timeliness.EARLY
    return (issued, ev.FinishedEarly(due=appointment.due)) if early else (issued,)


def _settle_parcel(filing: Filing, command: cm.SettleParcel, _: datetime) -> Events:
    n, outcome = command.n, command.outcome
    if not 1 <= n <= filing.parcels:
        raise refuse(problem("n", "no_such_parcel"))
    counts = n == filing.parcels > filing.parcels_before
    if counts and outcome is ParcelOutcome.DELIVERED:
        return (*_collected(filing, command), ev.HandedOver(channel=Channel.POST, n=n))
    if counts and Clock.DELIVERY in filing.clocks:
        return (ev.ParcelFailed(n=n, outcome=outcome),)
    return (ev.ParcelFound(n=n, outcome=outcome, copy_number=filing.copy_number),)


def _collected(filing: Filing, command: cm.SettleParcel) -> Events:
    """The event of a fee that the post collected, perhaps late; none if no fee is due by post, or the sum is wrong."""
    fee = filing.fee
    if fee is None or fee.state is not FeeState.DUE or fee.channel is not Channel.POST or command.fee != fee.amount:
        return ()
    return (ev.FeePaid(n=fee.n, amount=fee.amount, channel=Channel.POST, parcel=command.n),)


def _may_settle_parcel(filing: Filing, __: Actor, _: datetime) -> Problem | None:
    """Refuses the report that a parcel has ended, unless the filing has, or before a reopening had, a parcel."""
    return None if filing.parcels else problem("n", "no_such_parcel")


def _may_cancel_parcel(filing: Filing, __: Actor, _: datetime) -> Problem | None:
    if (wrong := at_stage(filing, Stage.DELIVERY)) is not None:
        return wrong
    if Clock.DELIVERY not in filing.clocks:
        return problem("", "no_such_parcel")
    return None if filing.recalled is None else problem("", "recalled_already")


MOST_CHANGES: Final = 10
"""The maximum number of changes of the result's delivery."""


def _may_change_delivery(filing: Filing, actor: Actor, _: datetime) -> Problem | None:
    if (wrong := role_is(actor, *applicant_side_roles(filing))) is not None:
        return wrong
    if filing.recalled is not None:
        return problem("", "parcel_called_back")
    if filing.delivery_changes >= MOST_CHANGES:
        return problem("", "changed_too_often", most=MOST_CHANGES)
    others = _deliverable(filing) - {filing.result_channel}
    return None if others or filing.result_channel is Channel.POST else problem("", "no_other_delivery")


def _deliverable(filing: Filing) -> frozenset[Channel]:
    """The channels by which the filing's result may be delivered."""
    return result_channels(filing.procedure, filing.level, filing.channel)


def _change_delivery(filing: Filing, command: cm.ChangeDelivery, _: datetime) -> Events:
    by_post = command.channel is Channel.POST
    address = command.address or filing.address
    wrong = list(delivery_problems(command.channel, address, _deliverable(filing), "channel"))
    if command.address is not None and not by_post:
        wrong.append(problem("address", "address_only_by_post"))
    if command.channel is filing.result_channel and not (by_post and address != filing.address):
        wrong.append(problem("channel", "delivered_so_already"))
    if wrong:
        raise refuse(*wrong)
    changed = ev.DeliveryChanged(channel=command.channel, address=command.address)
    under_way = Clock.DELIVERY in filing.clocks
    return (changed, ev.ParcelRecalled(n=filing.parcels)) if under_way else (changed,)


MOST_LINKS: Final = 20
"""The maximum number of links to one result."""

_READERS: Final = (Role.APPLICANT, Role.REPRESENTATIVE)


def opens(filing: Filing, link: str, now: datetime) -> bool:
    """Whether the result may be read at this link."""
    clock = filing.clocks.get(Clock.READING)
    known = hashlib.sha256(link.encode()).hexdigest() == filing.link_sha256
    return known and clock is not None and now < clock.due


def _acknowledge(filing: Filing, command: cm.AcknowledgeResult, now: datetime) -> Events:
    if command.link is not None and not opens(filing, command.link, now):
        raise refuse(problem("link", "link_expired"))
    return (ev.HandedOver(channel=Channel.ONLINE, receiver=Receiver(command.actor.role.value)),)


def _may_renew(filing: Filing, __: Actor, _: datetime) -> Problem | None:
    too_many = problem("", "too_many_links", most=MOST_LINKS) if filing.links >= MOST_LINKS else None
    return at_stage(filing, Stage.READING) or too_many


MOST_WRONG_CODES: Final = 5
"""The number of wrong codes after which a pick-up code is void and an identity document is required."""

WRONG_CODE: Final = "wrong_code"
"""The rule by which a wrong pick-up code is refused, once the wrong code has been counted."""


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
    elif given is None and filing.by_law is None:
        yield problem("authorisation", "authorisation_required", says="authorisation_to_receive_required")
    elif given is not None:
        principal = filing.applicant.id_number if filing.applicant else None
        yield from authorisation_problems(given, principal, filing.procedure.code, working_time.local_day(now))


def _unidentified(filing: Filing, command: cm.HandOver, given: Authorisation | None) -> Iterator[Problem]:
    if command.code is None and command.identity is None:
        yield problem("identity", "identity_required")
    if command.code is not None and _void(filing):
        yield problem("code", "code_void")
    elif command.code not in {None, filing.pickup_code}:
        yield problem("code", WRONG_CODE)
    yield from _of_another(filing, command, given)


def _of_another(filing: Filing, command: cm.HandOver, given: Authorisation | None) -> Iterator[Problem]:
    """The problems if number (with a passport or no document, also name) is not that of the entitled recipient."""
    shown, whose = command.identity, _receiving(filing, command.receiver, given)
    if shown is not None and whose.number not in {None, shown.number, shown.citizen_number}:
        yield problem("identity.number", "identity_differs")
    by_number = shown is not None and shown.document is not IdentityDocument.PASSPORT
    if not by_number and whose.name is not None and _plain(command.recipient) != _plain(whose.name):
        yield problem("recipient", "recipient_differs")


def _plain(name: str) -> str:
    return " ".join(normalize("NFC", name).casefold().split())


def _void(filing: Filing) -> bool:
    return filing.pickup_code is None or filing.wrong_codes >= MOST_WRONG_CODES


class _Person(NamedTuple):
    """A person entitled to a result. An unknown field is None; for an organisation, every field is None."""

    number: str | None = None
    name: str | None = None


def _receiving(filing: Filing, receiver: Receiver, given: Authorisation | None) -> _Person:
    applicant, by_law = filing.applicant, filing.by_law
    if receiver is Receiver.APPLICANT:
        if applicant is None or applicant.kind is not PersonKind.PERSON:
            return _Person()
        return _Person(applicant.id_number, applicant.name)
    if given is not None:
        return _Person(given.id_number, given.representative)
    return _Person() if by_law is None else _Person(by_law.id_number, by_law.name)


def _count_wrong_code(filing: Filing, command: cm.CountWrongCode, _: datetime) -> Events:
    if _void(filing) or command.code == filing.pickup_code:
        raise refuse(problem("code", "nothing_to_count"))
    return (ev.WrongCodeGiven(n=filing.wrong_codes + 1),)


RULES: Final[dict[str, Rule[Filing]]] = {
    "issue": Rule(SYSTEM, at(Stage.ISSUE), _issue),
    "settle_result": Rule(SYSTEM, at(Stage.ISSUE), _settle_result),
    "settle_parcel": Rule(SYSTEM, _may_settle_parcel, _settle_parcel),
    "cancel_parcel": Rule(
        (Role.HANDOVER,),
        _may_cancel_parcel,
        lambda filing, command, _: (ev.ParcelRecalled(n=filing.parcels, officer=command.actor.subject),),
    ),
    "change_delivery": Rule(ANYBODY, _may_change_delivery, _change_delivery),
    "acknowledge_result": Rule(_READERS, at(Stage.READING), _acknowledge),
    "renew_link": Rule(
        (*_READERS, Role.HANDOVER), _may_renew, lambda filing, *_: (ev.ResultOffered(n=filing.links + 1),)
    ),
    "hand_over": Rule((Role.HANDOVER,), at(Stage.PICKUP), _hand_over),
    "count_wrong_code": Rule((Role.HANDOVER,), at(Stage.PICKUP), _count_wrong_code),
}
