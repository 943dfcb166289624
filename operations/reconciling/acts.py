"""Compares bank's and post's lists of acts in our name with the events of the log that requested these acts.

The lists are the partners' own statements. They are independent of Temporal, so they also show the effects of forged
requests: an act that no event requested is always found.
"""

import json
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from enum import StrEnum
from typing import Any, Final
from uuid import UUID

import httpx
from pydantic import Field, ValidationError

from activities.partners.http import partner_client
from operations.reconciling.signatures import Signature
from schemas.base import Dong, StrictModel
from schemas.ids import StreamId, parcel_workflow, payment_workflow
from views.log import Connection
from views.registers.money import demanded

BANK: Final = "MOTCUA_BANK_URL"
POST: Final = "MOTCUA_POST_URL"


class Deed(StrEnum):
    """The kind of act: the bank took a payment order or made a refund, or the post took a consignment."""

    ORDER = "order"
    REFUND = "refund"
    CONSIGNMENT = "consignment"


class Act(StrictModel):
    """An act of bank or post in our name. `capture`: the refunded transaction; `number`: the partner's own number.

    `key`: our own key: `fee:…`, `provider:reference` or `parcel:…`; `amount`: charged, refunded or collected, in đồng.
    """

    deed: Deed
    key: str = Field(max_length=200)
    amount: Dong = 0
    capture: str | None = None
    number: str | None = None


class Unordered(StrictModel):
    """An act that no event requested. `ours`: whether the act names a stream of this record."""

    act: Act
    ours: bool


def acts_in(lines: Iterable[str]) -> list[Act | Signature]:
    """Returns the acts and signatures (lines with a digest) in a partner's list in JSON lines. Raises `ValueError`."""
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
    """Returns orders and refunds that a bank lists in our protocol; None without a list. Raises `httpx.HTTPError`."""
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
    """Returns the consignments that the post at this URL lists; None without a list. Raises `httpx.HTTPError`."""
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
    """Returns the acts that no event requested, in the given order; also refunds made more often than approved."""
    streams = {key: await _stream(connection, key) for key in {act.key for act in acts}}
    filings = {stream.filing for stream in streams.values() if stream is not None}
    orders = {row["stream"]: row for row in await connection.fetch(_ORDERS, list(filings))}
    to_give = await _to_give(connection, filings)
    found = []
    for act in acts:
        stream = streams[act.key]
        order = None if stream is None else orders.get(str(stream))
        if order is None or not _bears_out(act, stream, order, to_give):
            found.append(Unordered(act=act, ours=order is not None))
    return found


def _bears_out(
    act: Act, stream: StreamId | None, order: Mapping[str, Any], to_give: dict[tuple[UUID, str], Counter[int]]
) -> bool:
    """Whether an event requested the act. Each call for a refund removes one of the approved refunds from `to_give`."""
    if act.deed is not Deed.REFUND:
        return bool(act.amount == order["amount"] and (stream is None or _attempt(act.key) <= order["requests"]))
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


def _attempt(key: str) -> int:
    parts = key.split(":")
    return int(parts[3]) if parts[0] == "fee" and len(parts) > 3 and parts[3].isdecimal() else 1  # noqa: PLR2004 -- fee:<filing>:<n>:<attempt>


async def _to_give(connection: Connection, filings: Iterable[UUID]) -> dict[tuple[UUID, str], Counter[int]]:
    """Returns the number of approved refunds by filing and transaction, then by amount."""
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
