"""Checks, before an event is written, that the directory lists the officer and the record has evidence of the facts."""

from collections.abc import Callable, Iterable
from datetime import date
from typing import Any, Final
from uuid import UUID

from pydantic import TypeAdapter

from activities.ledger.authority.answers import CALLED_BACK
from activities.ledger.database import Connection
from activities.ledger.reserving import whose_is
from activities.ledger.vault import Vault
from rules.evidence import Entry, Evidence, Finding
from rules.officers import on_the_applicants_side
from rules.parcel.evidence import reported
from rules.payment.evidence import ordered
from rules.stream_kind import Kinds, StreamKind
from rules.time.working_time import local_day
from schemas.errors import Problem, Refusal, RefusalCode, RefusalError, problem
from schemas.filing.events import Decided, FeeWaived, Reassigned
from schemas.ids import StreamId, filing_workflow
from schemas.names import ROLE_NAMES
from schemas.parcel.events import ConsignmentReported
from schemas.payment.events import PaymentOrdered
from schemas.payment.state import TOLD
from schemas.people import OFFICERS, Actor, Role
from schemas.result.events import ResultSigned, SignatureRequested
from schemas.stream.ledger import Batch
from views.access import ACTIVE, OR_HEIR
from views.log import Connection as AnyConnection
from views.log import Log


async def unproved(connection: Connection, kind: StreamKind[Any], batch: Batch, events: Iterable[Any]) -> list[Problem]:
    """Returns problems with the actor's role and the officers that the acts name; does not check the evidence."""
    acts = [event for event in events if _is_act(event)]
    found = [] if batch.actor.role in kind.rules.writers else [problem("actor.role", "may_not_write")]
    found += await _assignees(connection, batch, acts)
    found += await _substitutes(connection, batch, acts)
    return found + await _in_two_accounts(connection, batch, events)


async def missing(connection: Connection, needed: str | None, filing_id: UUID) -> list[Problem]:
    """Returns a problem if the record lacks part of the `needed` evidence."""
    if needed is None or await connection.fetchval(_BORNE_OUT, filing_id, needed):
        return []
    return [problem("", "not_recorded")]


def refusal(actor: Actor, unproved: list[Problem], *, in_directory: bool) -> Refusal | None:
    """Returns why a batch is refused, else None. `in_directory`: whether the batch's actor is an active officer."""
    stranger = actor.role in OFFICERS and not in_directory
    why = [problem("actor", "not_in_directory", role_name=ROLE_NAMES[actor.role])] if stranger else []
    problems = (*why, *unproved)
    return Refusal(code=RefusalCode.NOT_AUTHORISED, problems=problems) if problems else None


async def own(connection: Connection, batch: Batch) -> list[Problem]:
    """Returns a problem if the actor is an officer who is barred from this filing, under any of their accounts."""
    if batch.actor.role not in OFFICERS:
        return []
    kept = await is_own(connection, batch.filing_id, directory_of(batch), batch.actor.subject)
    return [problem("actor.subject", "own_filing")] if kept else []


async def is_own(connection: AnyConnection, filing_id: UUID, agency: str, officer: str) -> bool:
    """Returns whether the officer is on the applicant's side of a filing, or recused from it, under any account."""
    return bool(await connection.fetchval(_OWN, filing_id, agency, officer))


async def beside(connection: Connection, vault: Vault, kinds: Kinds, batch: Batch) -> list[Problem]:
    """Returns a problem if an officer whose account is on the applicant's side acts on a stream beside the filing's.

    The rules of a filing compare the accounts themselves; a parcel and the papers have no applicant.
    """
    filing = filing_workflow(batch.filing_id)
    if batch.actor.role not in OFFICERS or batch.stream == filing:
        return []
    if await vault.find(connection, batch.filing_id) is None:  # then nothing is written
        return []
    try:
        theirs = on_the_applicants_side((await Log(connection, vault.find, kinds).read(filing)).state)
    except RefusalError:  # of a filing that is not in the log
        return []
    return [problem("actor.subject", "own_filing")] if batch.actor.subject in theirs else []


async def taken_in(connection: Connection, vault: Vault, batch: Batch, events: Iterable[Any]) -> list[Problem]:
    """Returns a problem if an officer takes in a filing of their own, or one in which they represent the applicant.

    Returns a problem also if an officer records that they themselves succeed an applicant.
    """
    if batch.actor.role not in OFFICERS:
        return []
    whose = [one for one in (await whose_is(vault, connection, events, first=True)).values() if one is not None]
    theirs = whose and await connection.fetchval(_IS_ONE_OF, directory_of(batch), batch.actor.subject, whose)
    return [problem("actor.subject", "own_filing", says="own_filing_taken_in")] if theirs else []


def _is_act(event: Any) -> bool:
    """Returns whether this event is an act of an officer; False for the system's events about signers."""
    return "acting_for" in type(event).model_fields and not isinstance(event, SignatureRequested | ResultSigned)


async def _assignees(connection: Connection, batch: Batch, events: Iterable[Any]) -> list[Problem]:
    """Returns a problem for each officer who gets a task, but is absent or not active in the task's role."""
    found: list[Problem] = []
    for event in events:
        if not isinstance(event, Reassigned):
            continue
        if not await active(connection, directory_of(batch), event.officer, event.role):
            name = ROLE_NAMES[event.role]
            found.append(problem("officer", "not_in_directory", says="assignee_not_in_directory", role_name=name))
        elif (absence := await _absence(connection, batch, event.officer, event.role)) is not None:
            day, substitute = absence["last_day"], absence["substitute"]
            found.append(problem("officer", "absent", last_day=day, substitute=substitute))
        if await is_own(connection, batch.filing_id, directory_of(batch), event.officer):
            found.append(problem("officer", "own_filing", says="not_given.own_filing"))
    return found


async def _substitutes(connection: Connection, batch: Batch, events: Iterable[Any]) -> list[Problem]:
    """Returns a problem for each officer who acts for another officer, but is not their substitute on that day."""
    found: list[Problem] = []
    for event in events:
        if event.acting_for is not None:
            given = isinstance(event, Reassigned)
            role = event.role if isinstance(event, Reassigned) else batch.actor.role
            absence = await _absence(connection, batch, event.acting_for, role)
            if absence is None or absence["substitute"] != event.officer:
                found.append(problem("acting_for" if given else "actor.subject", "not_the_substitute"))
    return found


async def _in_two_accounts(connection: Connection, batch: Batch, events: Iterable[Any]) -> list[Problem]:
    """Returns a problem if one human, under two accounts, did two acts that must be done by two humans."""
    known = [(event.officer, list(before)) for event in events if (before := _before(event))]
    same = [await connection.fetchval(_SAME, directory_of(batch), [officer], before) for officer, before in known]
    return [problem("actor.subject", "same_human")] if any(same) else []


def _before(event: Any) -> tuple[str, ...]:
    """Returns the officers of earlier acts, none of whom may be this event's officer under another account.

    The rules themselves compare only the accounts.
    """
    match event:
        case Decided(proposed_by=officers):
            return officers
        case FeeWaived(accepted_by=str(officer)):
            return (officer,)
        case _:
            return ()


async def in_their_place(
    connection: AnyConnection, agency: str, hands: Iterable[str], others: Iterable[str], day: date
) -> bool:
    """Returns whether one of the officers `hands` is the substitute of one of `others` on that day, or the reverse.

    The substitute's role does not matter. Returns True also if one of `hands` is one of `others` under another account.
    """
    return bool(await connection.fetchval(_IN_THEIR_PLACE, agency, list(hands), list(others), day))


async def _absence(connection: Connection, batch: Batch, officer: str, role: Role) -> Any:
    """Returns `last_day` and `substitute` of an officer; None if the officer is not absent on the day of the batch."""
    return await connection.fetchrow(_ABSENCE, directory_of(batch), officer, role, local_day(batch.at))


def directory_of(batch: Batch) -> str:
    """Returns the agency in whose directory the actor is looked up: the actor's own, else the stream's."""
    return batch.actor.agency or batch.agency


async def active(connection: AnyConnection, agency: str, subject: str, role: Role) -> bool:
    """Returns whether this officer may act for the agency in this role, by the directory."""
    return bool(await connection.fetchval(_ACTIVE, agency, subject, role))


def needed(kind: StreamKind[Any], batch: Batch, events: Iterable[Any]) -> str | None:
    """Returns the evidence that these events need in the log, as JSON for `BORNE_OUT`; None if none is needed.

    A fact of another stream (a requested fee, money that arrived, the end of a parcel) must be recorded in that stream.
    The outcome of an act outside our platform must be among the findings, unless a provider's callback reports it.
    """
    stream = StreamId.parse(batch.stream)
    called = batch.via == TOLD
    found = [
        evidence
        for event in events
        if (evidence := kind.evidence(stream, event, called_back=called and isinstance(event, CALLED_BACK))) is not None
    ]
    return _as_json(found + _findings(batch))


async def is_founded(connection: Connection, batch: Batch) -> bool:
    """Returns whether all findings that the batch names are in the record."""
    return not await missing(connection, _as_json(_findings(batch)), batch.filing_id)


async def reworded(connection: Connection, vault: Vault, batch: Batch, events: Iterable[Any]) -> list[Problem]:
    """Returns a problem if a partner's personal text in an event differs from the text whose digest a finding has."""
    told = [event for event in events if isinstance(event, ConsignmentReported | PaymentOrdered)]
    key = await vault.find(connection, batch.filing_id) if told else None
    if key is None:  # then nothing is written
        return []
    found = [finding for event in told if (finding := _by_digest(event, key.digest)) is not None]
    return await missing(connection, _as_json([((one.about(batch.stream),),) for one in found]), batch.filing_id)


def _by_digest(event: ConsignmentReported | PaymentOrdered, digest: Callable[[str], str]) -> Finding | None:
    """Returns the finding with the digest of the event's text; None for an event without such a text."""
    match event:
        case ConsignmentReported(message=str(text)):
            return reported(event.said, event.happened_at, digest(text))
        case PaymentOrdered(pay_url=str(text)):
            return ordered(event, digest(text))
        case _:
            return None


def _as_json(needed: list[Evidence]) -> str | None:
    return _NEEDED.dump_json(needed, exclude_none=True).decode() if needed else None


def _findings(batch: Batch) -> list[Evidence]:
    return [((Entry((one.kind,), stream=one.stream, finding=one.id),),) for one in batch.findings]


_ACTIVE: Final = f"select {ACTIVE.format(agency='$1', officer='$2', role='$3')}"
OWN: Final = f"""
exists (
    select from filing join officer as mine
        on mine.agency in {OR_HEIR} and mine.subject = {{officer}}
    where filing.filing_id = {{filing}} and (
        mine.person in (filing.person, filing.representative, filing.stands_for_it) or exists (
            select from unnest(filing.recused) as who cross join split_part(who, ' ', 1) as of_one join officer as other
                on other.agency in {OR_HEIR.format(agency="of_one")} and other.subject = split_part(who, ' ', 2)
            where other.person = mine.person or (other.agency, other.subject) = (mine.agency, mine.subject)
        )
    )
)
"""  # noqa: S608 -- SQL of our own
"""SQL: true if an officer is on the applicant's side of a filing, or recused from it, under any account."""

_OWN: Final = f"select {OWN.format(filing='$1', agency='$2', officer='$3')}"
_IS_ONE_OF: Final = f"""
select exists (
    select from officer where agency in {OR_HEIR.format(agency="$1")} and subject = $2 and person = any($3)
)
"""  # noqa: S608 -- SQL of our own
BORNE_OUT: Final = """
not exists (
    select from jsonb_array_elements({needed}::jsonb) as event_ (evidence) where not exists (
        select from jsonb_array_elements(evidence) as any_ (entries) where not exists (
            select from jsonb_to_recordset(entries)
                as entry (kinds text[], fields jsonb, stream text, absent boolean, after jsonb, finding uuid,
                    recorded text)
            where case when entry.recorded is not null then exists (
                select from finding as found
                where (found.stream, found.kind) = (entry.stream, entry.kinds[1]) and not exists (
                    select from event where (event.stream, event.kind) = (found.stream, found.kind)
                        and convert_from(event.body, 'UTF8')::jsonb -> entry.recorded = found.body -> entry.recorded
                )
            ) when entry.finding is not null then not exists (
                select from finding
                where (finding.stream, kind, id) = (entry.stream, entry.kinds[1], entry.finding)
            ) else absent = exists (
                select from event where filing_id = {filing} and event.kind = any(entry.kinds)
                    and convert_from(body, 'UTF8')::jsonb @> entry.fields
                    and (entry.stream is null or event.stream = entry.stream)
                    and (entry.after is null or exists (
                        select from event as first where first.stream = event.stream and first.seq < event.seq
                            and entry.after -> 'kinds' ? first.kind
                            and convert_from(first.body, 'UTF8')::jsonb @> (entry.after -> 'fields')
                    ))
            ) end
        )
    )
)
"""
"""SQL: true if, for each event that needs evidence, all entries of at least one alternative are in the record."""

_BORNE_OUT: Final = f"select {BORNE_OUT.format(filing='$1', needed='$2')}"
_NEEDED: Final = TypeAdapter(list[Evidence])
SAME: Final = f"""
exists (
    select from officer as one join officer as other using (person)
    where one.agency in {OR_HEIR} and one.subject = any({{hands}}) and other.subject = any({{others}})
)
"""
"""SQL: true if one of the agency's officers is one of the others, under another account."""
_SAME: Final = f"select {SAME.format(agency='$1', hands='$2', others='$3')}"
_IN_THEIR_PLACE: Final = f"""
select exists (
    select from absence where agency in {OR_HEIR.format(agency="$1")} and $4 between first_day and last_day
        and ((subject = any($2) and substitute = any($3)) or (subject = any($3) and substitute = any($2)))
) or {SAME.format(agency="$1", hands="$2", others="$3")}
"""  # noqa: S608 -- joined from statements of our own
_ABSENCE: Final = f"""
select last_day, substitute from absence
where agency in {OR_HEIR.format(agency="$1")} and subject = $2 and role = $3 and $4 between first_day and last_day
"""  # noqa: S608 -- SQL of our own
