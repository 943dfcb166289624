"""Compares partners' lists of acts in our name with the events of the log that requested these acts.

The lists are the partners' own statements. They are independent of Temporal, so they also show the effects of forged
requests: an act that no event requested is always found. A signature's key names the event that requested the
signature. A signature whose key names no event is a trial, such as an applicant's in the sandbox, and is skipped.
"""

import json
from collections import Counter, defaultdict
from collections.abc import AsyncIterator, Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Final, Literal
from uuid import UUID

import httpx
from pydantic import AwareDatetime, Field, ValidationError

from activities.partners.http import Partner, PartnerResponse, partner_client
from activities.partners.signer import order_of
from schemas.base import Dong, StrictModel
from schemas.ids import StreamId, parcel_workflow, payment_workflow
from schemas.stream.ledger import About
from views.log import Connection
from views.registers.money import demanded

BANK: Final = "MOTCUA_BANK_URL"
POST: Final = "MOTCUA_POST_URL"
PAGES: Final = 5
"""The maximum number of pages that are checked, newest first. Each page has a thousand requests."""


class Signature(PartnerResponse):
    """A signature request in the signing service's list. `digest`: the file's SHA-256; `at`: the time of its status."""

    key: str
    number: str
    digest: str = Field(pattern=r"^[0-9a-f]{64}$")
    at: AwareDatetime | None = None
    status: Literal["waiting", "signed", "declined"] = "signed"


class _Page(PartnerResponse):
    requests: tuple[Signature, ...]
    next: int | None = None


class SignatureState(StrEnum):
    """The state of a signature in the log. The signature is looked up by the event that requested it."""

    SIGNED = "signed"
    AWAITED = "awaited"
    OTHERWISE = "otherwise"
    """The signature was requested, but then declined, or requested from another signer."""
    NOTHING = "nothing"
    STRANGE = "strange"
    """The log does not have the named filing at all."""


class Wrong(StrEnum):
    """The fault of a signature: it was not requested; the log did not accept it; it is the second for the same event.

    `of_no_filing`: the log does not have the filing, so the signature may belong to another installation.
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


def compared(signatures: Iterable[Signature], told: Mapping[About, SignatureState]) -> list[UnorderedSignature]:
    """Returns the faulty signatures. `told`: the state in the log, by event; each event requests one signature."""
    given: dict[About, set[str]] = {}
    for one in signatures:
        order = order_of(one.key)
        if order is not None and one.status == "signed":
            given.setdefault(order, set()).add(one.digest)
    found = []
    for order, digests in given.items():
        wrong = _WRONG.get(told.get(order, SignatureState.STRANGE))
        found += [UnorderedSignature(order, wrong)] * len(digests) if wrong else []
        found += [] if wrong else [UnorderedSignature(order, Wrong.ONE_TOO_MANY)] * (len(digests) - 1)
    return found


_WRONG: Final = {
    SignatureState.NOTHING: Wrong.NOT_ORDERED,
    SignatureState.OTHERWISE: Wrong.NOT_TAKEN,
    SignatureState.STRANGE: Wrong.OF_NO_FILING,
}


async def signature_states(connection: Connection, orders: Sequence[About]) -> dict[About, SignatureState]:
    """Returns the state of each signature that one of these events (`orders`) requested, by event."""
    rows = await connection.fetch(_TOLD, [one.stream for one in orders], [one.seq for one in orders])
    return {About(stream=row["stream"], seq=row["seq"]): SignatureState(row["told"]) for row in rows}


async def unordered_signatures(connection: Connection, signatures: Sequence[Signature]) -> list[UnorderedSignature]:
    """Returns the signatures that the log does not confirm."""
    orders = {order for one in signatures if (order := order_of(one.key)) is not None}
    return compared(signatures, await signature_states(connection, list(orders)))


async def listed_by_signer(url: str) -> AsyncIterator[tuple[Signature, ...]]:
    """Yields the newest signature requests, page by page. Raises `RejectedError`, with 404 if there is no list."""
    async with partner_client(url) as client:
        signer, query = Partner("signer", client), dict[str, str]()
        for _ in range(PAGES):
            page = await signer.call("GET", "/requests", _Page, query=query)
            yield page.requests
            if page.next is None:
                return
            query = {"before": str(page.next)}


class Deed(StrEnum):
    """The kind of an act: the bank accepted a payment order or made a refund, or the post accepted a consignment."""

    ORDER = "order"
    REFUND = "refund"
    CONSIGNMENT = "consignment"


class Act(StrictModel):
    """An act of bank or post in our name. `number`: the partner's number for the act; `capture`: a refunded capture.

    `key`: our key: `fee:…`, `provider:reference` or `parcel:…`; `amount`: charged, refunded or collected, in đồng.
    """

    deed: Deed
    key: str = Field(max_length=200)
    amount: Dong = 0
    capture: str | None = None
    number: str | None = None


class Unordered(StrictModel):
    """An act that no event requested. `ours`: whether the record has the stream that the act names."""

    act: Act
    ours: bool


def acts_in(lines: Iterable[str]) -> list[Act | Signature]:
    """Returns the acts and signatures of a partner's list, one JSON object on each line. Raises `ValueError`."""
    found: list[Act | Signature] = []
    for n, line in enumerate(lines, 1):
        if not line.strip():
            continue
        kind: type[Act | Signature] = Signature if '"digest"' in line else Act
        try:
            found.append(kind.model_validate_json(line))
        except ValidationError as error:
            first = error.errors(include_input=False, include_url=False)[0]
            where = ".".join(map(str, first["loc"]))
            raise ValueError(f"{n}: {where}: {first['msg']}") from None
    return found


async def listed_by_bank(url: str) -> list[Act] | None:
    """Returns the orders and refunds that the bank lists; None if it has no list. Raises `httpx.HTTPError`."""
    found = await _list(url)
    if found is None or "orders" not in found:
        return None
    acts = []
    for order in found["orders"]:
        acts.append(Act(deed=Deed.ORDER, key=order["key"], amount=order["amount"]))
        for back in order["refunds"]:
            said = {"key": order["key"], "amount": back["amount"], "capture": back["capture_id"], "number": back["key"]}
            acts.append(Act(deed=Deed.REFUND, **said))
    return acts


async def listed_by_post(url: str) -> list[Act] | None:
    """Returns the consignments that the post at this URL lists; None if it has no list. Raises `httpx.HTTPError`."""
    found = await _list(url)
    if found is None or "consignments" not in found:
        return None
    return [
        Act(deed=Deed.CONSIGNMENT, key=one["key"], amount=one["cod"], number=one["waybill"])
        for one in found["consignments"]
    ]


async def _list(url: str) -> Mapping[str, Any] | None:
    async with partner_client(url) as client:
        answer = await client.get("/ledger")
    if answer.status_code == httpx.codes.NOT_FOUND:
        return None
    answer.raise_for_status()
    found: Mapping[str, Any] = answer.json()
    return found


async def unordered(connection: Connection, acts: Sequence[Act]) -> list[Unordered]:
    """Returns the acts that no event requested, and refunds made more often than approved, in the given order."""
    streams = {key: await _stream(connection, key) for key in {act.key for act in acts}}
    filings = {stream.filing for stream in streams.values() if stream is not None}
    orders = {row["stream"]: row for row in await connection.fetch(_ORDERS, list(filings))}
    to_give = await _to_give(connection, filings)
    found = []
    for act in acts:
        stream = streams[act.key]
        order = None if stream is None else orders.get(str(stream))
        if order is None or not _bears_out(act, order, to_give):
            found.append(Unordered(act=act, ours=order is not None))
    return found


def _bears_out(act: Act, order: Mapping[str, Any], to_give: dict[tuple[UUID, str], Counter[int]]) -> bool:
    """Whether an event requested the act. Subtracts a refund from the approved refunds (`to_give`)."""
    if act.deed is not Deed.REFUND:
        kind, *rest = act.key.split(":")  # fee:<filing>:<n>:<attempt>, or another key
        attempt = int(rest[2]) if kind == "fee" and rest[2:] and rest[2].isdecimal() else 1
        return bool(act.amount == order["amount"] and attempt <= order["requests"])
    left = to_give[order["filing_id"], act.capture or ""]
    left[act.amount] -= 1
    return left[act.amount] >= 0


async def _stream(connection: Connection, key: str) -> StreamId | None:
    """Returns the payment or parcel that a key names; None for any other key."""
    try:
        match key.split(":"):
            case ["fee", filing, n, *_]:
                return StreamId.parse(payment_workflow(filing, int(n)))
            case ["parcel", filing, n]:
                return StreamId.parse(parcel_workflow(filing, int(n)))
            case [provider, reference]:
                found = await demanded(connection, provider, reference)
                return None if found is None else StreamId.parse(found.stream)
    except ValueError:
        return None
    return None


async def _to_give(connection: Connection, filings: Iterable[UUID]) -> dict[tuple[UUID, str], Counter[int]]:
    """Returns the approved refunds: for each (filing, transaction), the number of refunds by amount."""
    found: defaultdict[tuple[UUID, str], Counter[int]] = defaultdict(Counter)
    for row in await connection.fetch(_APPROVED, list(filings)):
        told = json.loads(row["body"])
        found[row["filing_id"], told["capture_id"]][told["amount"]] += 1
    return found


_ORDERS: Final = """
select first.stream, first.filing_id, (
    coalesce(convert_from(first.body, 'UTF8')::jsonb -> 'amount', convert_from(first.body, 'UTF8')::jsonb -> 'cod')
)::text::bigint as amount, 1 + (
    select count(*) from event as anew where anew.stream = first.stream and anew.kind = 'payment_renewed'
) as requests
from event as first
where first.filing_id = any($1) and first.seq = 1 and first.kind in ('payment_requested', 'consignment_requested')
"""
_APPROVED: Final = """
select opened.filing_id, opened.body from event as opened
join event as approved on approved.stream = opened.stream and approved.kind = 'refund_approved'
    and convert_from(approved.body, 'UTF8')::jsonb -> 'case' = convert_from(opened.body, 'UTF8')::jsonb -> 'case'
where opened.filing_id = any($1) and opened.kind = 'refund_opened'
"""
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
