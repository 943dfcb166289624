"""Compares a signing service's list with the log: a signature's key names the event that requested the signature.

A signature whose key names no event is a trial, such as an applicant's signature in the sandbox, and is skipped.
"""

from collections.abc import AsyncIterator, Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Final, Literal

from pydantic import AwareDatetime, Field

from activities.partners.http import Partner, PartnerResponse, partner_client
from activities.partners.signer import order_of
from schemas.stream.ledger import About
from views.log import Connection

PAGES: Final = 5
"""The maximum number of pages that are checked, a thousand requests each, the newest first."""


class Signature(PartnerResponse):
    """A request at the signing service. `number`: the signer's; `digest`: the file's SHA-256; `at`: `status` since."""

    key: str
    number: str
    digest: str = Field(pattern=r"^[0-9a-f]{64}$")
    at: AwareDatetime | None = None
    status: Literal["waiting", "signed", "declined"] = "signed"


class _Page(PartnerResponse):
    requests: tuple[Signature, ...]
    next: int | None = None


class Told(StrEnum):
    """The state of a signature according to the log, found by the event that requested the signature."""

    SIGNED = "signed"
    AWAITED = "awaited"
    OTHERWISE = "otherwise"
    """The signature was requested, but then declined, or requested from another signer."""
    NOTHING = "nothing"
    STRANGE = "strange"
    """The log does not have the named filing at all."""


class Wrong(StrEnum):
    """The fault of a signature: not requested, requested but not taken into the log, or the second one for its event.

    `of_no_filing`: the filing is not in the log; the signature may belong to another installation.
    """

    NOT_ORDERED = "not_ordered"
    OF_NO_FILING = "of_no_filing"
    NOT_TAKEN = "not_taken"
    ONE_TOO_MANY = "one_too_many"


@dataclass(frozen=True)
class UnorderedSignature:
    """A signature that the log does not confirm."""

    order: About
    wrong: Wrong


def compared(signatures: Iterable[Signature], told: Mapping[About, Told]) -> list[UnorderedSignature]:
    """Returns the faulty signatures. `told`: the state by requesting event. One event requests only one signature."""
    given: dict[About, set[str]] = {}
    for one in signatures:
        order = order_of(one.key)
        if order is not None and one.status == "signed":
            given.setdefault(order, set()).add(one.digest)
    found = []
    for order, digests in given.items():
        wrong = _WRONG.get(told.get(order, Told.STRANGE))
        found += [UnorderedSignature(order, wrong)] * len(digests) if wrong else []
        found += [] if wrong else [UnorderedSignature(order, Wrong.ONE_TOO_MANY)] * (len(digests) - 1)
    return found


_WRONG: Final = {
    Told.NOTHING: Wrong.NOT_ORDERED,
    Told.OTHERWISE: Wrong.NOT_TAKEN,
    Told.STRANGE: Wrong.OF_NO_FILING,
}


async def told_of(connection: Connection, orders: Sequence[About]) -> dict[About, Told]:
    """Returns the state of the signatures that these events (`orders`) requested."""
    rows = await connection.fetch(_TOLD, [one.stream for one in orders], [one.seq for one in orders])
    return {About(stream=row["stream"], seq=row["seq"]): Told(row["told"]) for row in rows}


async def unordered_signatures(connection: Connection, signatures: Sequence[Signature]) -> list[UnorderedSignature]:
    """Returns the signatures that the log does not confirm."""
    orders = {order for one in signatures if (order := order_of(one.key)) is not None}
    return compared(signatures, await told_of(connection, list(orders)))


async def listed_by_signer(url: str) -> AsyncIterator[tuple[Signature, ...]]:
    """Yields the newest requests, page by page. Raises `RejectedError`, with 404 if the service has no list."""
    async with partner_client(url) as client:
        signer, query = Partner("signer", client), dict[str, str]()
        for _ in range(PAGES):
            page = await signer.call("GET", "/requests", _Page, query=query)
            yield page.requests
            if page.next is None:
                return
            query = {"before": str(page.next)}


_TOLD: Final = """
select place.stream, place.seq, case
    when made or (asked and next.kind = 'result_signed') then 'signed'
    when waits or (asked and next.kind is null) then 'awaited'
    when asked then 'otherwise'
    when not known then 'strange'
    else 'nothing'
end as told
from unnest($1::text[], $2::bigint[]) as place (stream, seq)
cross join lateral (select
    exists (
        select from event where (event.stream, event.seq) = (place.stream, place.seq) and kind = 'signature_requested'
    ) as asked,
    exists (select from stream where stream.stream = 'filing:' || split_part(place.stream, ':', 2)) as known,
    exists (select from outbox where (outbox.stream, outbox.seq) = (place.stream, place.seq)) as waits,
    exists (
        select from event as paper
        where paper.stream = 'papers:' || split_part(place.stream, ':', 2) and kind = 'paper_made'
            and convert_from(body, 'UTF8')::jsonb @> jsonb_build_object(
                'signed', true, 'about', jsonb_build_object('stream', place.stream, 'seq', place.seq)
            )
    ) as made
) as log
left join lateral (
    select kind from event
    where event.stream = place.stream and event.seq > place.seq
        and kind in ('signature_requested', 'result_signed', 'signature_declined')
    order by event.seq limit 1
) as next on true
"""
