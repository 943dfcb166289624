"""Reads the log about money that may have to be refunded: the capture, the claim to it, the sums already refunded."""

from typing import Any, Final
from uuid import UUID

from temporalio import activity

from activities.ledger.database import Pool, acquired
from activities.ledger.vault import Vault
from rules.filing.fees.assessment import not_asked_again
from rules.officers import on_the_applicants_side
from rules.refund import claims
from rules.refund.kind import accepted, given_back, was_ruled
from rules.stream_kind import Kinds
from schemas.base import AgencyCode, Model
from schemas.errors import Problem, RefusalError, problem
from schemas.filing.state import Filing
from schemas.ids import StreamId, filing_workflow, payment_workflow
from schemas.payment.state import CaptureAccepted, GivenBack, Payment
from schemas.refund.state import CAPTURES, CaptureTaken, Claim, Refund, RefundStart
from views.log import Log


class Looked(Model):
    """A capture, the refund due by the rules (`claim`), and the people on the applicant's side (`apart`).

    `together` are the numbers of the refunds of all captures that paid the fee, if there are several.
    """

    agency: AgencyCode
    capture: CaptureTaken
    apart: tuple[str, ...]
    claim: Claim
    together: tuple[int, ...] = ()


class PaymentOf(Model):
    """The `n`-th payment of a filing."""

    filing_id: UUID
    n: int


class Refunds:
    """Reads payments, their filings and their refunds."""

    def __init__(self, pool: Pool, vault: Vault, kinds: Kinds) -> None:
        self._pool = pool
        self._vault = vault
        self._kinds = kinds

    @activity.defn(name="refund.look")
    async def look(self, refund: RefundStart) -> Looked | None:
        """Returns the refund's capture, read from the log, with the claim to it; None if there is no such capture."""
        stream = claims.payment_of(StreamId("refund", refund.filing_id, refund.n))
        payment, filing = await self._states(str(stream), filing_workflow(refund.filing_id))
        if filing is None:
            return None
        apart = tuple(sorted(on_the_applicants_side(filing)))
        if claims.without_provider(refund.n):
            if (taken := claims.taken_without_provider(filing, refund.n)) is None:
                return None
            claim = claims.claim_without_provider(filing, refund.n)
            agency = claims.taken_by(filing, refund.n)
            return Looked(agency=agency, capture=taken, apart=apart, claim=claim)
        if payment is None or (capture := claims.capture_of(payment, refund.n)) is None:
            return None
        asked, together = PaymentOf(filing_id=refund.filing_id, n=payment.n), claims.together(payment, refund.n)
        refunds = {one.n: one for one in await self._of_payment(asked)} if together else {}
        claim = claims.claim(payment, refund.n, filing, await self.going(asked), refunds)
        return Looked(agency=payment.agency, capture=capture, apart=apart, claim=claim, together=together)

    @activity.defn(name="refund.of_fee")
    async def of_fee(self, asked: PaymentOf) -> list[int]:
        """Returns the numbers of the refunds for the captures that paid this fee; empty if no known capture paid it."""
        payment, filing = await self._states(
            payment_workflow(asked.filing_id, asked.n), filing_workflow(asked.filing_id)
        )
        number = claims.number_of(asked.n, 0)
        if filing is not None and claims.taken_without_provider(filing, number) is not None:
            return [number]
        if payment is None:
            return []
        paid = (n for n, one in enumerate(payment.captures, 1) if one in payment.counted)
        return [claims.number_of(asked.n, ordinal) for ordinal in paid]

    @activity.defn(name="refund.going")
    async def going(self, asked: PaymentOf) -> list[str]:
        """Returns the ids of a payment's captures whose refund was requested from a provider or given by an officer."""
        async with acquired(self._pool) as connection:
            rows = await connection.fetch(_GOING, asked.filing_id, asked.n)
        return [row["capture_id"] for row in rows]

    @activity.defn(name="refund.ruled")
    async def ruled(self, filing_id: UUID) -> list[int]:
        """Returns the numbers of a filing's refunds that were opened or examined because of the filing's end."""
        return [refund.n for refund in await self._refunds(filing_id) if was_ruled(refund)]

    @activity.defn(name="refund.not_asked_again")
    async def not_asked_again(self, asked: PaymentOf) -> Problem | None:
        """Returns why the filing may not request a charged-back fee again now; None if it may request the fee."""
        [filing] = await self._states(filing_workflow(asked.filing_id))
        return problem("", "filing_closed") if filing is None else not_asked_again(filing, asked.n)

    @activity.defn(name="refund.given")
    async def given(self, asked: PaymentOf) -> list[GivenBack]:
        """Returns all sums returned from a payment's money, as recorded by its refunds."""
        return [given for refund in await self._of_payment(asked) for given in given_back(refund)]

    @activity.defn(name="refund.accepted")
    async def accepted(self, asked: PaymentOf) -> list[CaptureAccepted]:
        """Returns the captures of a payment that officers accepted as the whole fee, as recorded by its refunds."""
        every = map(accepted, await self._of_payment(asked))
        return [one for one in every if one is not None]

    async def _of_payment(self, asked: PaymentOf) -> list[Refund]:
        """Returns the refunds of the captures of a payment."""
        refunds = await self._refunds(asked.filing_id)
        return [one for one in refunds if one.n // CAPTURES == asked.n and not claims.without_provider(one.n)]

    async def _refunds(self, filing_id: UUID) -> list[Refund]:
        async with acquired(self._pool) as connection:
            rows = await connection.fetch(_REFUNDS, filing_id)
        return await self._states(*(row["stream"] for row in rows))

    async def _states(self, *streams: str) -> list[Any]:
        """Returns the states of these streams; None for a stream that has not begun."""
        found: list[Filing | Payment | None] = []
        async with acquired(self._pool) as connection:
            log = Log(connection, self._vault.find, self._kinds)
            for stream in streams:
                try:
                    found.append((await log.read(stream)).state)
                except RefusalError:
                    found.append(None)
        return found


_GOING: Final = """
select convert_from(begun.body, 'UTF8')::jsonb ->> 'capture_id' as capture_id from event as begun
where begun.filing_id = $1 and begun.kind = 'refund_begun' and begun.seq = 1
    and convert_from(begun.body, 'UTF8')::jsonb -> 'payment' = to_jsonb($2::int) and exists (
        select from event as gone
        where gone.stream = begun.stream and gone.kind in ('refund_asked', 'refund_given_by_hand')
    )
order by begun.stream
"""
_REFUNDS: Final = (
    "select distinct stream from event where filing_id = $1 and starts_with(stream, 'refund:') order by stream"
)
"""SQL: the refunds, read from the record. A missing row in a read model must not let money be returned twice."""
