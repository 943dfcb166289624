"""Whether the signing service has signed for us what no event orders.

What it says of its requests is compared with the log, by the key of each: the key names the event that orders it. Those
that name none are trials, such as an applicant's signature in the sandbox, and not judged.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from http import HTTPStatus
from typing import Final, Literal

from pydantic import AwareDatetime, Field, ValidationError

from activities.partners.http import Partner, PartnerResponse, RejectedError, partner_client
from activities.partners.signer import order_of
from operations.doctor.finding import Finding, fail, ok, skipped, warn
from operations.doctor.surroundings import Connection, Surroundings
from schemas.about import About

PAGES: Final = 5
"""So many thousand requests, the newest, are looked at each time."""
_NAMED: Final = 5
"""So many places are named one by one."""


class Signature(PartnerResponse):
    """A request at the signing service: its key, whose number signs which SHA-256 digest, and since when it stands so.

    In a statement of the service only those that were signed are listed.
    """

    key: str
    number: str
    digest: str = Field(pattern=r"^[0-9a-f]{64}$")
    at: AwareDatetime | None = None
    status: Literal["waiting", "signed", "declined"] = "signed"


class _Page(PartnerResponse):
    requests: tuple[Signature, ...]
    next: int | None = None


class StatementError(ValueError):
    """A line of a statement that is no signature: its number, from 1, and the field that does not fit."""

    def __init__(self, line: int, field: str) -> None:
        super().__init__(f"line {line}: {field or 'no JSON object'}")
        self.line = line
        self.field = field


def read_statement(lines: Iterable[str]) -> list[Signature]:
    """The signatures in a statement: one JSON object a line, with `key`, `number`, `digest` and `at`.

    Raises `StatementError`.
    """
    found = []
    for n, line in enumerate(lines, 1):
        if not line.strip():
            continue
        try:
            found.append(Signature.model_validate_json(line))
        except ValidationError as error:
            raise StatementError(n, ".".join(map(str, error.errors()[0]["loc"]))) from None
    return found


class Told(StrEnum):
    """What the log says of the event that a signature names as its order."""

    SIGNED = "signed"
    AWAITED = "awaited"
    OTHERWISE = "otherwise"
    """It was asked for, and then declined, or somebody else was asked."""
    NOTHING = "nothing"
    STRANGE = "strange"
    """The log does not have this filing at all."""


class Wrong(StrEnum):
    """What is wrong with a signature: no event orders it, the log goes on without it, or it is one too many.

    `of_no_filing`: it names a filing that the log does not have, as those do of another installation.
    """

    NOT_ORDERED = "not_ordered"
    OF_NO_FILING = "of_no_filing"
    NOT_TAKEN = "not_taken"
    ONE_TOO_MANY = "one_too_many"


@dataclass(frozen=True)
class Unordered:
    """A signature that the log does not bear out."""

    order: About
    wrong: Wrong


def compared(signatures: Iterable[Signature], told: Mapping[About, Told]) -> list[Unordered]:
    """The signatures that an event does not bear out, by what the log has `told` of each place that they name.

    One place orders one signature: of two that were given for it, one is one too many, whichever it is.
    """
    given: dict[About, set[str]] = {}
    for one in signatures:
        order = order_of(one.key)
        if order is not None and one.status == "signed":
            given.setdefault(order, set()).add(one.digest)
    found = []
    for order, digests in given.items():
        wrong = _WRONG.get(told.get(order, Told.STRANGE))
        found += [Unordered(order, wrong)] * len(digests) if wrong else []
        found += [] if wrong else [Unordered(order, Wrong.ONE_TOO_MANY)] * (len(digests) - 1)
    return found


_WRONG: Final = {
    Told.NOTHING: Wrong.NOT_ORDERED,
    Told.OTHERWISE: Wrong.NOT_TAKEN,
    Told.STRANGE: Wrong.OF_NO_FILING,
}


async def told_of(connection: Connection, orders: Sequence[About]) -> dict[About, Told]:
    """What the log says of these places."""
    rows = await connection.fetch(_TOLD, [one.stream for one in orders], [one.seq for one in orders])
    return {About(stream=row["stream"], seq=row["seq"]): Told(row["told"]) for row in rows}


async def unordered(connection: Connection, signatures: Sequence[Signature]) -> list[Unordered]:
    """The signatures that the log does not bear out."""
    orders = {order for one in signatures if (order := order_of(one.key)) is not None}
    return compared(signatures, await told_of(connection, list(orders)))


async def signatures(around: Surroundings) -> list[Finding]:
    """Whether the newest that were given are borne out, at a signing service that lists them."""
    found: list[Unordered] = []
    try:
        async with around.record() as connection:
            async for page in _listed(around.settings["MOTCUA_SIGNER_URL"]):
                found += await unordered(connection, page)
    except RejectedError as error:
        if error.status != HTTPStatus.NOT_FOUND:
            raise
        return [skipped("dịch vụ ký không liệt kê chữ ký", "the signing service lists no signatures")]
    return findings(found)


def findings(found: Sequence[Unordered]) -> list[Finding]:
    """What was found, in words."""
    by_wrong = {wrong: [one.order for one in found if one.wrong is wrong] for wrong in Wrong}
    said = [_found(wrong, orders) for wrong, orders in by_wrong.items() if orders]
    return said or [ok("chữ ký nào cũng có lệnh trong sổ", "every signature is ordered by the log")]


def _found(wrong: Wrong, orders: list[About]) -> Finding:
    vi, en = _SAID[wrong]
    named = ", ".join(f"{one.stream} {one.seq}" for one in orders[:_NAMED])
    more = " …" if len(orders) > _NAMED else ""
    return (fail if wrong is Wrong.NOT_ORDERED else warn)(
        f"{len(orders)} {vi}: {named}{more}",
        f"{len(orders)} {en}: {named}{more}",
        fix_vi="hỏi dịch vụ ký đã ký gì dưới khóa `sign:<luồng>:<số>:…`, ai yêu cầu; xem ai vào được Temporal",
        fix_en="ask the service who had it signed under `sign:<stream>:<seq>:…`; see who may reach Temporal",
    )


_SAID: Final = {
    Wrong.NOT_ORDERED: ("chữ ký không có lệnh nào trong sổ", "signatures that no event orders"),
    Wrong.OF_NO_FILING: ("chữ ký cho hồ sơ không có trong sổ", "signatures for filings that this log does not have"),
    Wrong.NOT_TAKEN: (
        "chữ ký mà sổ không lấy: đã từ chối hoặc giao người khác",
        "signatures that the log went on without",
    ),
    Wrong.ONE_TOO_MANY: ("chữ ký thừa cho một lệnh", "signatures more than were ordered in one place"),
}


async def _listed(url: str) -> AsyncIterator[tuple[Signature, ...]]:
    """The newest requests, page by page."""
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
