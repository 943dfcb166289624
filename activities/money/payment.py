"""Activities that call a payment's provider. Every call carries its business key, so a retry has no further effect."""

import json
from collections.abc import Mapping
from datetime import timedelta
from typing import Final

from temporalio import activity
from temporalio.exceptions import ApplicationError
from temporalio.workflow import ActivityConfig

from activities.ledger.database import Pool, acquired
from activities.partners.instructions import Instruction, Instructions, NotOrderedError
from activities.partners.money.notices import notice_of
from activities.partners.money.provider import About, Line, NewDemand, Provider
from activities.partners.money.provider_queries import Asker, Reported, asking, closing
from activities.partners.polling import nothing_new
from activities.procedures import Procedures
from activities.support.failpoint import failpoint
from rules.evidence import Finding
from rules.payment.evidence import captured, closed, ordered
from rules.payment.fold import captured_ids, ends, unless_first
from rules.payment.kind import reference
from rules.require import require
from rules.streams import PAYMENT
from schemas.base import Instant
from schemas.filing.events import FeeRequested
from schemas.ids import StreamId, filing_workflow, of_obligation
from schemas.payment.events import PaymentOrdered
from schemas.payment.state import Closed, MoneyNotice, Order, Payment, PaymentState, Taken

BANK: Final = ActivityConfig(start_to_close_timeout=timedelta(seconds=6))
"""The options of a call to a provider: at most 5 s, retried until the provider answers."""


class MoneyWanted(Instruction):
    """Asks for a payment's captures. `at_once`: whether a callback or another notice about the money has arrived."""

    at_once: bool = False


class Watched(Taken):
    """All captures; or if none of them is new, the time at which the watch for late money ended."""

    watched_until: Instant | None = None


class Payments:
    """Requests fees through payment providers, and queries the providers about money, as the log orders."""

    def __init__(self, providers: Mapping[str, Provider], pool: Pool, instructions: Instructions) -> None:
        self._asker = Asker(providers, pool)
        self._instructions = instructions
        self._pool = pool
        self._procedures = Procedures(pool)

    @activity.defn(name="payment.order")
    async def order(self, given: Instruction) -> Order:
        """Places the order for a request that can be paid; returns the same order if it was placed before."""
        read = await self._instructions.read(given, PAYMENT)
        payment: Payment = read.state
        request = payment.attempts[-1]
        if payment.state is not PaymentState.PENDING or request.attempt != given.case:
            raise NotOrderedError(given)
        if request.ordered or request.over:
            raise NotOrderedError(given)
        about = asking(payment, request, {}, over=False)
        provider = self._asker.provider(about)
        new = NewDemand(
            **about.demand.model_dump(),
            about=await self._about(read.id) if provider.can.itemised else None,
            payer_account=payment.payer_account,
            payer_address=payment.payer_address,
        )
        asked = await provider.order(new)
        failpoint("payment.ordered")
        order = Order(order_id=new.reference, pay_url=asked.pay_url, code=asked.code)
        event = PaymentOrdered(**order.model_dump(), attempt=unless_first(request.attempt))
        digest = order.pay_url and require(read.key).digest(order.pay_url)
        await self._instructions.findings.keep(given.stream, ordered(event, digest))
        return order

    @activity.defn(name="payment.money")
    async def money(self, given: MoneyWanted) -> Taken:
        """Returns all captures of a fee that is owed, once there is a capture that the run does not know yet."""
        read = await self._instructions.read(given, PAYMENT)
        payment: Payment = read.state
        if payment.state is not PaymentState.PENDING:
            raise NotOrderedError(given)
        reported = await self._reported(payment)
        askings = tuple(asking(payment, one, reported, over=one.over) for one in payment.attempts)
        taken = await self._asker.money(askings, captured_ids(read.seen), at_once=given.at_once)
        await self._instructions.findings.keep(given.stream, *_new(taken, payment))
        return taken

    @activity.defn(name="payment.late_money")
    async def late_money(self, given: MoneyWanted) -> Watched:
        """Returns all captures of a settled payment, once there is a new capture or the watch is over.

        After the watch, providers are queried at once, and only if a callback has to be confirmed.
        """
        read = await self._instructions.read(given, PAYMENT)
        payment: Payment = read.state
        reported = await self._reported(payment)
        if payment.settled_at is None or (payment.watched_until is None and not reported):
            raise NotOrderedError(given)
        known = captured_ids(read.seen)
        taken = await self._asker.late_money(payment, known, reported, at_once=given.at_once)
        if any(capture.capture_id not in known for capture in taken.captures):
            await self._instructions.findings.keep(given.stream, *_new(taken, payment))
            return Watched(captures=taken.captures)
        if payment.watched_until is None:
            return Watched()
        found = Finding("payment_watch_ended", {"until": payment.watched_until})
        await self._instructions.findings.keep(given.stream, found)
        return Watched(watched_until=payment.watched_until)

    @activity.defn(name="payment.close")
    async def close(self, given: Instruction) -> Closed:
        """Closes an expired request at the provider; returns all captures made before the closing.

        If there is a new capture, the findings name the capture but not the closing: so no payment can end as unpaid
        before the capture is recorded.
        """
        read = await self._instructions.read(given, PAYMENT)
        payment: Payment = read.state
        request = next((one for one in payment.attempts if one.attempt == given.case), None)
        if request is None or payment.state is PaymentState.PAID:
            raise NotOrderedError(given)
        began = activity.info().started_time
        if payment.state is PaymentState.PENDING and began < ends(payment, request):
            raise nothing_new(ends(payment, request) - began)
        answer = await self._asker.close(
            closing(payment, request, began, captured_ids(read.seen), await self._reported(payment))
        )
        found = _new(answer, payment)
        if answer.awaited_until is not None:
            fields = {"attempt": request.attempt, "until": answer.awaited_until}
            found = (*found, Finding("payment_outcome_awaited", fields))
        await self._instructions.findings.keep(given.stream, *(found or (closed(request.attempt),)))
        return answer

    @activity.defn(name="payment.called")
    async def called(self, stream: str) -> list[MoneyNotice]:
        """Returns the stored callbacks about a payment that may be missing in the payment's stream, oldest first."""
        async with acquired(self._pool) as connection:
            rows = await connection.fetch(_CALLED, stream)
        return [notice_of(row, self._asker.abilities(row["provider"])) for row in rows]

    async def _reported(self, payment: Payment) -> Reported:
        """Returns the numbers of reported transactions that a query must confirm, by the reference of the request."""
        named = {reference(payment, one): self._asker.abilities(one.provider) for one in payment.attempts}
        confirming = [about for about, can in named.items() if can is not None and can.confirms]
        if not confirming:
            return {}
        stream, known = str(StreamId("payment", payment.filing_id, payment.n)), list(captured_ids(payment))
        async with acquired(self._pool) as connection:
            rows = await connection.fetch(_REPORTED, stream, confirming, known)
        return {row["demanded"]: tuple(row["numbers"]) for row in rows}

    async def _about(self, stream: StreamId) -> About:
        """Returns the purpose of a payment. Raises `no_procedure`, which is retried, if its procedure is missing."""
        async with acquired(self._pool) as connection:
            row = require(await connection.fetchrow(_ABOUT, filing_workflow(stream.filing), str(stream.n)))
        filing, asked = json.loads(row["submitted"]), json.loads(row["asked"])
        procedure = await self._procedures.find(filing["procedure"], filing["version"])
        if procedure is None:
            raise ApplicationError("the procedure is not in the catalogue any more", type="no_procedure")
        lines: tuple[Line, ...]
        if of_obligation(stream.n):
            lines = (Line(code="obligation", name=procedure.name.vi, amount=asked["amount"]),)
        elif (fee := FeeRequested.model_validate({"kind": "fee_requested", **asked})).waived:
            lines = (Line(code="fee", name=procedure.name.vi, amount=fee.amount),)
        else:
            names = {item.code: item.name.vi for item in require(procedure.fee).items}
            lines = tuple(Line(code=one.code, name=names[one.code], amount=one.total) for one in fee.lines)
        return About(
            procedure=procedure.code,
            procedure_name=procedure.name.vi,
            agency=row["agency"],
            agency_name=row["name_vi"],
            filing=filing["code"],
            lines=lines,
        )


def _new(taken: Taken, payment: Payment) -> tuple[Finding, ...]:
    known = captured_ids(payment)
    return tuple(captured(capture) for capture in taken.captures if capture.capture_id not in known)


_CALLED: Final = """
select provider, transaction, amount, outcome, at, verdict, stream, demanded from callback
where stream = $1 and driven_at is null and verdict <> 'suspense' order by received_at
"""
_REPORTED: Final = """
select demanded, array_agg(distinct transaction) as numbers from callback
where stream = $1 and demanded = any($2) and outcome = 'paid' and verdict <> 'suspense' and transaction <> all($3)
group by demanded
"""
_ABOUT: Final = """
select first.body as submitted, asked.body as asked, whose.agency, coalesce(name_vi, whose.agency) as name_vi
from event as first
    join event as asked on asked.stream = first.stream and asked.kind in ('fee_requested', 'obligation_demanded')
    cross join lateral (
        select coalesce(convert_from(asked.body, 'UTF8')::jsonb ->> 'agency', asked.agency) as agency
    ) as whose
    left join agency on agency.agency = whose.agency
where first.stream = $1 and first.seq = 1 and convert_from(asked.body, 'UTF8')::jsonb ->> 'n' = $2
"""
"""SQL: the purpose of a payment. A tax office's demand names that office; other requests name the filing's agency."""
