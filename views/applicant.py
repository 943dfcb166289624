"""Questions of applicants and their representatives: their own filings, in full."""

import json
from collections.abc import Sequence
from dataclasses import asdict
from typing import Any, Final, TypeVar
from uuid import UUID

from rules.complaint.kind import view as complaint_view
from rules.filing import lifecycle, projections
from rules.filing.commands.delivery import opens
from rules.identity.looks import Reach
from rules.parcel.kind import view as parcel_view
from rules.payment.kind import view as payment_view
from rules.referral.kind import view as referral_view
from schemas.complaint.state import Complaint, ComplaintView
from schemas.errors import NOT_FOUND, NOT_READY, RefusalCode, RefusalError, problem, refused
from schemas.filing.delivery import DeliveryView
from schemas.filing.state import ClockState, Filing, FilingView, ResultView
from schemas.parcel.state import Parcel, ParcelView
from schemas.payment.state import Payment, PaymentState, PaymentView
from schemas.privacy import ERASED
from schemas.reading import AskFilings, Changes, FilingSummary, Page
from schemas.referral.state import Referral, ReferralView
from schemas.stream.ledger import Receipt
from views import standby
from views.access import WITHIN
from views.log import Log, LoggedStream
from views.pages import key_of, page, uuid
from views.public import named

S = TypeVar("S")

MOST_BYTES: Final = 500_000
"""Maximum size of an answer: Temporal accepts no more than 2 MiB."""


async def filing(log: Log, stream: str) -> FilingView:
    """Returns the view of a filing."""
    told = await _stream(log, stream, Filing)
    return projections.view(told.state, told.as_of, told.events[-1].at)


async def clocks(log: Log, stream: str) -> tuple[ClockState, ...]:
    """Returns every run of every clock, ordered by start, with its pauses, extensions, due instant and outcome."""
    return lifecycle.clock_history((await _stream(log, stream, Filing)).state)


async def result(log: Log, stream: str) -> ResultView:
    """Returns the decision and the file of the result. Refused as `not_ready` while there is none."""
    found: Filing = (await _stream(log, stream, Filing)).state
    if found.erased_at is not None:
        raise RefusalError(ERASED)
    if found.decision is None or found.result is None:
        raise RefusalError(NOT_READY)
    return ResultView(
        filing_id=found.filing_id, code=str(found.code), outcome=found.decision.outcome, result=found.result
    )


async def delivery(log: Log, stream: str) -> DeliveryView:
    """Returns how to get the result: the channel, and the desk, pick-up code or link. Only for the applicant."""
    return projections.delivery((await _stream(log, stream, Filing)).state)


async def linked_result(log: Log, stream: str, link: str) -> ResultView:
    """Returns the result to the holder of its link. Refused as `not_allowed` if the link has expired or is wrong."""
    told = await _stream(log, stream, Filing)
    if not opens(told.state, link, told.as_of):
        raise refused(RefusalCode.NOT_ALLOWED, problem("link", "link_expired"))
    return await result(log, stream)


async def receipt(log: Log, stream: str, command_id: str) -> Receipt:
    """Returns the receipt of a command. Refused as `not_ready` if there is none, `not_found` for an unknown stream."""
    body = await log.connection.fetchval(_RECEIPT, stream, command_id)
    if body is not None:
        await standby.confirmed(log.connection)
        return Receipt.model_validate_json(body)
    raise RefusalError(NOT_READY if await log.connection.fetchval(_THERE, stream) else NOT_FOUND)


async def payment(log: Log, stream: str) -> PaymentView:
    """Returns the state of a payment, and the address at which to pay."""
    found: Payment = (await _stream(log, stream, Payment)).state
    shown = payment_view(found)
    named = await log.connection.fetchval(_MERCHANTS, found.agency) if found.state is PaymentState.PENDING else None
    return shown.model_copy(update={"providers": tuple(named or ())})


async def parcel(log: Log, stream: str) -> ParcelView:
    """Returns the state of the parcel."""
    return parcel_view((await _stream(log, stream, Parcel)).state)


async def referral(log: Log, stream: str) -> ReferralView:
    """Returns the state of another agency's part of the procedure, and the reason for its decision."""
    return referral_view((await _stream(log, stream, Referral)).state)


async def changes(log: Log, stream: str, after: int) -> Changes:
    """Returns the filing's state after each event with a seq above `after`, until the answer reaches `MOST_BYTES`."""
    told = await _stream(log, stream, Filing)
    views: list[FilingView] = []
    size = 0
    for recorded, state in zip(told.events, told.states(), strict=True):
        if recorded.seq > after and size < MOST_BYTES:
            views.append(projections.view(state, recorded.at, recorded.at))
            size += len(views[-1].model_dump_json(exclude_none=True))
    last = told.events[-1].seq
    seq = views[-1].seq if views else max(after, last)
    return Changes(as_of=told.as_of, seq=seq, views=tuple(views), more=seq < last)


async def filings_of_client(log: Log, asked: AskFilings, reaches: Sequence[Reach] | None = None) -> Page[FilingSummary]:
    """Returns a client's filings that the reader may see, in the order of their ids."""
    which = "client_id = $1 and closed_at is null" if asked.open_only else "client_id = $1"
    return await _filings(log, which, asked.client_id, asked.after, asked.limit, reaches)


async def filings_of_person(
    log: Log, person: bytes, after: str | None, limit: int, reaches: Sequence[Reach] | None = None
) -> Page[FilingSummary]:
    """Returns a person's filings that the reader may see. `person`: the ledger's keyed digest of the id number."""
    return await _filings(log, "person = $1", person, after, limit, reaches)


async def _filings(
    log: Log, which: str, value: str | bytes, after: str | None, limit: int, reaches: Sequence[Reach] | None
) -> Page[FilingSummary]:
    [key] = key_of(after, uuid) or (_FIRST,)
    given: list[Any] = [value, key, limit + 1]
    if reaches is not None:
        which = f"{which} and {WITHIN.format(within='$4')}"
        given.append(json.dumps([asdict(one) for one in reaches]))
    found = await log.connection.fetch(_FILINGS.format(which=which), *given)
    as_of = found[0]["as_of"] if found else await log.connection.fetchval("select now()")
    return page(Page[FilingSummary], as_of, found, limit, named, lambda row: (row["filing_id"],))


async def _stream(log: Log, stream: str, state: type[S]) -> LoggedStream:
    """Returns a stream whose state has this type. Refused as `not_found` for a stream of another kind."""
    told = await log.read(stream)
    if told.kind.state is not state:
        raise RefusalError(NOT_FOUND)
    return told


_MERCHANTS: Final = "select merchants from agency where agency = $1"
_RECEIPT: Final = "select body from receipt where stream = $1 and command_id = $2"
_THERE: Final = "select true from event where stream = $1 and seq = 1"
_FIRST: Final = str(UUID(int=0))
_FILINGS: Final = """
select *, now() as as_of from filing where {which} and filing_id > $2::text::uuid order by filing_id limit $3
"""


async def complaints_of(log: Log, filing: str) -> tuple[Complaint, ...]:
    """Returns the complaints about a filing, in the order in which they were made."""
    rows = await log.connection.fetch(_COMPLAINTS, filing)
    return tuple([(await log.read(row["stream"])).state for row in rows])


async def complaints(log: Log, filing: str) -> tuple[ComplaintView, ...]:
    """Returns the views of a filing's complaints. Refused as `not_found` if the filing is not in the log."""
    if not await log.connection.fetchval(_THERE, filing):
        raise RefusalError(NOT_FOUND)
    return tuple(complaint_view(one) for one in await complaints_of(log, filing))


_COMPLAINTS: Final = """
select stream from event where kind = 'complained'
    and filing_id = (select filing_id from stream where stream = $1 and head_seq > 0) order by recorded_at, stream
"""
