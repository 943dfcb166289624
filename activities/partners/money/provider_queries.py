"""Queries about a payment's money. Provider, request and time of a query follow from the payment's state in the log."""

import asyncio
from collections.abc import Awaitable, Collection, Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Final, Literal, TypeAlias

from temporalio import activity
from temporalio.exceptions import ApplicationError

from activities.ledger.database import Pool, acquired
from activities.ledger.stream_status import calendar_of
from activities.partners.http import RejectedError, UnreachableError
from activities.partners.money.provider import PATIENCE, Capabilities, Demand, Notice, Outcome, Provider
from activities.partners.polling import no_answer, nothing_new, soon
from rules.payment.fold import ends
from rules.payment.late_money import gentle_pause, next_early_look, next_look, next_seldom_look
from rules.require import require
from schemas import ids
from schemas.base import Instant, Model
from schemas.payment.state import Attempt, Capture, Closed, Payment, PaymentState, Taken

NEVER_MADE: Final = "not_found"
"""The provider's code for an unknown order."""

_NEVER: Final = timedelta(days=36500)
"""The wait, in effect endless, for a provider that offers no query: the provider's callback ends the wait."""

_NOT_DRIVEN: Final = """
select transaction, amount, at from callback
where demanded = $1 and outcome = 'paid' and driven_at is null and verdict <> 'suspense'
order by received_at
"""


class Asking(Model):
    """A query to a provider about the request numbered `attempt`. `over`: whether the request can no longer be paid.

    `reported` are the numbers of transactions to confirm: callbacks report them, but no capture has them.
    """

    provider: str
    demand: Demand
    attempt: int = 1
    over: bool = False
    reported: tuple[str, ...] = ()


Reported: TypeAlias = Mapping[str, tuple[str, ...]]
"""The numbers of the transactions to confirm, by the reference of the request."""


class Closing(Asking):
    """A query about an expired request. `known` are the ids of the recorded captures.

    `due`: the time at which the unpaid fee fell due, None if it has not; from then on, the provider is queried until
    the outcome is known. `settled`: the time at which the payment was settled, None if it is not. `awaited`: whether
    the record already states that the outcome is awaited.
    """

    due: Instant | None = None
    settled: Instant | None = None
    awaited: bool = False
    known: frozenset[str] = frozenset()


class NotSetUpError(ApplicationError):
    """This worker has no provider of that name."""

    def __init__(self, provider: str) -> None:
        super().__init__(f"no provider {provider} is set up here", type="unknown_provider")


def asking(payment: Payment, request: Attempt, reported: Reported, *, over: bool) -> Asking:
    """Returns the query about a request, addressed to the request's provider."""
    demand = Demand(
        key=ids.fee_key(payment.filing_id, payment.n, request.attempt),
        amount=payment.amount,
        description=payment.description,
        made=request.requested_at,
        expires=ends(payment, request),
    )
    to_confirm = reported.get(demand.reference, ())
    return Asking(provider=request.provider, demand=demand, attempt=request.attempt, over=over, reported=to_confirm)


def closing(payment: Payment, request: Attempt, now: datetime, known: frozenset[str], reported: Reported) -> Closing:
    """Returns the query about an expired request; once the unpaid fee is due, it asks until the outcome is known."""
    due = payment.state is PaymentState.PENDING and now >= require(payment.due)
    return Closing(
        **dict(asking(payment, request, reported, over=True)),
        due=payment.due if due else None,
        settled=payment.settled_at,
        awaited=request.awaited is not None,
        known=known,
    )


def late(payment: Payment, request: Attempt, reported: Reported) -> Asking:
    """Returns the query about a request of a settled payment; the query closes the request if another was paid."""
    owed = next((one for one in payment.captures if one.capture_id == payment.owed_capture), None)
    elsewhere = owed is not None and (owed.attempt or 1) != request.attempt
    return asking(payment, request, reported, over=elsewhere and not request.over)


class Asker:
    """Queries providers. Each payment names its provider."""

    def __init__(self, providers: Mapping[str, Provider], pool: Pool) -> None:
        self._providers = providers
        self._pool = pool

    def provider(self, asking: Asking) -> Provider:
        """Returns the provider. Raises `NotSetUpError`, which is retried: another worker may have the provider."""
        if asking.provider not in self._providers:
            raise NotSetUpError(asking.provider)
        return self._providers[asking.provider]

    def abilities(self, provider: str) -> Capabilities | None:
        """Returns the capabilities of the provider of this name; None if the provider is not configured here."""
        return self._providers[provider].can if provider in self._providers else None

    def _can(self, asking: Asking, what: Literal["push", "query"]) -> bool:
        """Returns whether the provider's API offers the call; False for a provider that is not configured here."""
        can = self.abilities(asking.provider)
        return can is not None and bool(getattr(can, what))

    async def money(self, askings: Sequence[Asking], known: Collection[str], *, at_once: bool = False) -> Taken:
        """Returns all captures, once there is a capture that is not in `known`.

        A provider with callbacks is queried seldom, or `at_once` after a notice about the payment. A provider without a
        query sends a callback, which wakes the waiting run.
        """
        wait = min(map(self._pause, askings))
        first = activity.info().attempt == 1 and not at_once
        now = [one for one in askings if not (first and self._can(one, "push"))]
        return await self._news(now, known, wait)

    async def late_money(
        self, payment: Payment, known: Collection[str], reported: Reported, *, at_once: bool = False
    ) -> Taken:
        """Returns all captures of a settled payment, once a capture is not in `known` or the watch is over.

        If all providers report by themselves, they are queried only at set times, or `at_once` after a notice. The
        watch is over if it ended before the start of this attempt by the server's clock, so a worker with a fast clock
        never ends the watch too early.
        """
        began = activity.info().started_time
        askings = [late(payment, one, reported) for one in payment.attempts]
        if payment.watched_until is None or began >= payment.watched_until:
            return _together(await asyncio.gather(*map(self._look, askings)))
        wait = await self._wait(payment, askings, began)
        rests = activity.info().attempt == 1 and not at_once and all(map(self._reports, askings))
        return await self._news(() if rests else askings, known, wait)

    def _reports(self, asking: Asking) -> bool:
        """Returns whether no call is needed: nothing must be closed, and the provider reports money or has no query."""
        closes = asking.over and asking.provider in self._providers and self._providers[asking.provider].can.cancel
        return not closes and (self._can(asking, "push") or not self._can(asking, "query"))

    async def _news(self, askings: Iterable[Asking], known: Collection[str], wait: timedelta) -> Taken:
        """Returns the captures if any is not in `known`, even if a provider failed; else raises an error to retry."""
        found = await asyncio.gather(*map(self._look, askings), return_exceptions=True)
        taken = _together(one for one in found if isinstance(one, Taken))
        if any(capture.capture_id not in known for capture in taken.captures):
            return taken
        for error in found:
            if isinstance(error, UnreachableError | RejectedError):
                raise no_answer(error, wait) from None
            if isinstance(error, BaseException):
                raise error
        raise nothing_new(wait)

    def _pause(self, asking: Asking) -> timedelta:
        """Returns the wait before this demand is queried again."""
        if asking.provider in self._providers and not self._can(asking, "query"):
            return _NEVER
        gently = self._can(asking, "push") or asking.over
        return gentle_pause(asking.demand.made, activity.info().started_time) if gently else soon()

    async def _look(self, asking: Asking) -> Taken:
        """Returns the captures at the provider; none if the provider does not know the demand, or offers no query."""
        return _taken(await self._notices(asking), asking)

    async def _notices(self, asking: Asking) -> tuple[Notice, ...]:
        """Returns the provider's notices; none if its API has no query. Cancels an expired request if possible."""
        provider = self.provider(asking)
        close = asking.over and provider.can.cancel
        if not close and not provider.can.query:
            return ()
        said = await _unless_unknown((provider.cancel if close else provider.query)(asking.demand))
        if provider.can.confirms:
            for number in set(asking.reported).difference(one.transaction for one in said):
                found = await _unless_unknown(provider.confirm(asking.demand, number))
                said += tuple(one for one in found if one.outcome is Outcome.PAID)
        return said

    async def _wait(self, payment: Payment, askings: Iterable[Asking], now: datetime) -> timedelta:
        """Returns the wait before the next query, by the payment's calendar. Raises `no_calendar`, which is retried."""
        since, until = require(payment.settled_at), require(payment.watched_until)
        if not any(self._can(one, "query") for one in askings):
            return until - now
        if all(map(self._reports, askings)):
            return next_seldom_look(since, until, now) - now
        early = next_early_look(since, until, now)
        if early is not None:
            return early - now
        async with acquired(self._pool) as connection:
            calendar = await calendar_of(connection, ids.payment_workflow(payment.filing_id, payment.n))
        if calendar is None:
            raise ApplicationError("rebuild the read models: motcua ledger rebuild", type="no_calendar")
        return next_look(since, until, calendar, now) - now

    async def close(self, closing: Closing) -> Closed:
        """Closes the request, if the provider's API can do that; returns all captures made before.

        Once the fee is due, a provider with no outcome yet is queried as long as the merchant's `patience` lasts. A
        provider that does not answer is queried for at least our own `PATIENCE`, even about a settled payment. A
        payment that is not reported by then counts as not made.
        """
        began, due, over = activity.info().started_time, closing.due, closing.due or closing.settled
        provider = self._providers.get(closing.provider)
        patience = PATIENCE if provider is None else provider.patience
        try:
            taken, known = await self._outcome(closing)
        except (UnreachableError, RejectedError, NotSetUpError):
            if over is None or began < over + max(patience, PATIENCE):
                raise
            return Closed()
        if known or due is None or began >= due + patience:
            return Closed(captures=taken.captures)
        until = due + patience
        if not closing.awaited or any(one.capture_id not in closing.known for one in taken.captures):
            return Closed(captures=taken.captures, awaited_until=until)
        raise nothing_new(min(gentle_pause(due, began), until - began))

    async def _outcome(self, asking: Asking) -> tuple[Taken, bool]:
        """Returns the captures, and whether they are final: never final if the provider offers no query.

        Without a query, the captures come from the request's callbacks that its payment has not processed.
        """
        if self.provider(asking).can.query:
            said = await self._notices(asking)
            return _taken(said, asking), not any(one.outcome is Outcome.PENDING for one in said)
        async with acquired(self._pool) as connection:
            rows = await connection.fetch(_NOT_DRIVEN, asking.demand.reference)
        began = activity.info().started_time
        captures = (
            Capture(capture_id=row[0], amount=row[1], at=row[2] or began, attempt=asking.attempt) for row in rows
        )
        return Taken(captures=tuple(captures)), False


async def _unless_unknown(said: Awaitable[tuple[Notice, ...]]) -> tuple[Notice, ...]:
    """Returns a provider's notices; none if the provider does not know the demand or the transaction."""
    try:
        return await said
    except RejectedError as error:
        if error.code != NEVER_MADE:
            raise
        return ()


def _together(found: Iterable[Taken]) -> Taken:
    return Taken(captures=tuple(capture for one in found for capture in one.captures))


def _taken(notices: Iterable[Notice], asking: Asking) -> Taken:
    """Returns the notices of paid money as captures. A notice without a time gets the time when this activity began."""
    began = activity.info().started_time
    return Taken(
        captures=tuple(
            Capture(capture_id=one.transaction, amount=one.amount, at=one.at or began, attempt=asking.attempt)
            for one in notices
            if one.outcome is Outcome.PAID
        )
    )
