"""Giving money back: what the log orders a provider to give, asked about first, and called for once each time."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from http import HTTPStatus
from typing import Final

from temporalio import activity
from temporalio.workflow import ActivityConfig

from activities.failpoint import failpoint
from activities.partners.http import RejectedError
from activities.partners.instructions import Instruction, Instructions, NotOrderedError
from activities.partners.money.asking import NotSetUpError
from activities.partners.money.calls import Calls, Request
from activities.partners.money.provider import Demand, Given, Giving, Provider, Refunding
from activities.partners.polling import nothing_new, soon
from rules.known import known
from rules.refund import giving as rules
from rules.refund.claims import payment_of
from rules.streams import PAYMENT, REFUND
from schemas.base import Model
from schemas.refund.state import Refund, RefundEntry

GIVE_BACK: Final = ActivityConfig(start_to_close_timeout=timedelta(seconds=15))
"""A query and a call, of at most 5 s each, and the log before them."""

NOT_OFFERED: Final = "not_offered"
"""The wire gives nothing back."""

SETTLED: Final = timedelta(minutes=15)
"""What was not answered may still be done so much later. Each time that it was not, twice as long is waited."""

_MOST: Final = 64


class Returned(Model):
    """The provider's number of what it gave back; or why it never does: `refused` is its code, or `not_offered`.

    `again`: it has not given it, and can't by any call that was made; it is asked again once that is recorded.
    """

    transaction: str | None = None
    refused: str | None = None
    again: bool = False


class GivingBack:
    """Those who give money back, by the name that a payment gives its provider."""

    def __init__(self, providers: Mapping[str, Provider], calls: Calls, instructions: Instructions) -> None:
        self._providers = providers
        self._calls = calls
        self._instructions = instructions

    @activity.defn(name="payment.refund")
    async def refund(self, given: Instruction) -> Returned:
        """Give back what the log orders, or find it given, or say that the provider never does: people have to.

        The provider is asked about it each time before it is called, and it is called once for each time that it is
        recorded: what has no answer is only asked about from then on. A refusal counts where the provider knows the
        money: what can't be told stays under way. So does what was refused before it reached anybody who gives money
        back: that is a mistake of ours, to be mended. Raises `NotOrderedError`.
        """
        failpoint("payment.refund_due")
        refund, entry = await self._ordered(given)
        capture = known(refund.capture)
        provider = self._providers.get(capture.provider)
        if provider is None:
            raise NotSetUpError(capture.provider)
        if not provider.can.refund:
            return Returned(refused=NOT_OFFERED)
        try:
            found = await provider.refunded(_demand(refund), _giving(refund, entry))
        except RejectedError as error:
            return Returned(refused=_refusal(error))
        if found.refunding is Refunding.GIVEN:
            return Returned(transaction=found.transaction)
        if found.refunding is Refunding.UNDER_WAY:
            raise nothing_new(soon())
        request = Request(given.stream, entry.case, entry.requests)
        if provider.can.lasting_keys or await self._calls.claim(request, refund.agency):
            failpoint("payment.refund_claimed")
            return await self._give(provider, refund, entry, found, request)
        return await self._wait(found, request)

    async def _ordered(self, given: Instruction) -> tuple[Refund, RefundEntry]:
        read = await self._instructions.read(given, REFUND)
        refund: Refund = read.state
        entry = None if given.case is None else rules.ordered(refund, given.case)
        if entry is None:
            raise NotOrderedError(given)
        about = Instruction(stream=str(payment_of(read.id)), seq=1)
        if not rules.is_borne_out(refund, (await self._instructions.read(about, PAYMENT)).state):
            raise NotOrderedError(given)
        return refund, entry

    async def _give(
        self, provider: Provider, refund: Refund, entry: RefundEntry, found: Given, request: Request
    ) -> Returned:
        try:
            given = await provider.refund(_demand(refund), _giving(refund, entry))
        except RejectedError as error:
            refused = _refusal(error)
            if found.refunding is Refunding.UNTOLD:  # it may be money that nobody there has ever seen
                raise nothing_new(soon()) from None
            return Returned(refused=refused)
        failpoint("payment.refunded")
        if given.refunding is Refunding.GIVEN:
            return Returned(transaction=given.transaction)
        await self._calls.note_known(request, refund.agency)
        raise nothing_new(soon())

    async def _wait(self, found: Given, request: Request) -> Returned:
        """That it is to be asked for again, once no call can be under way. What the provider has it never is."""
        called = await self._calls.of(request)
        if called.is_known or found.refunding is not Refunding.NOT_ASKED:
            raise nothing_new(soon())
        left = SETTLED * min(2 ** (request.n - 1), _MOST) - called.ago
        if left > timedelta():
            raise nothing_new(min(left, soon()))
        return Returned(again=True)


def _refusal(error: RejectedError) -> str:
    """The code by which a provider refuses for good. Raises what was turned away before it reached anybody."""
    if error.status >= HTTPStatus.BAD_REQUEST:
        raise error
    return error.code


def _demand(refund: Refund) -> Demand:
    capture = known(refund.capture)
    return Demand(
        key=rules.key_of_demand(refund),
        amount=capture.asked,
        description=capture.description,
        made=capture.requested_at,
        expires=capture.due,
    )


def _giving(refund: Refund, entry: RefundEntry) -> Giving:
    capture = known(refund.capture)
    return Giving(
        key=rules.key_of(refund, entry),
        transaction=capture.capture_id,
        of=capture.amount,
        amount=entry.amount,
        by=refund.agency,
        before={rules.key_of(refund, one): one.amount for one in rules.asked_before(refund, entry)},
    )
