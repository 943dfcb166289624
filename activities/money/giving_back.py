"""Makes the refunds that the log orders: first queries the provider, then calls it once for each recorded request."""

from collections.abc import Mapping
from datetime import timedelta
from http import HTTPStatus
from typing import Final, NamedTuple

from temporalio import activity
from temporalio.workflow import ActivityConfig

from activities.ledger.database import Pool, acquired
from activities.partners.http import RejectedError
from activities.partners.instructions import Instruction, Instructions, NotOrderedError
from activities.partners.money.provider import Demand, Given, Giving, Provider, Refunding
from activities.partners.money.provider_queries import NotSetUpError
from activities.partners.polling import nothing_new, soon
from activities.support.failpoint import failpoint
from rules.evidence import Finding
from rules.refund import claims as rules
from rules.require import require
from rules.streams import PAYMENT, REFUND
from schemas.base import Model
from schemas.refund.state import Refund, RefundEntry

GIVE_BACK: Final = ActivityConfig(start_to_close_timeout=timedelta(seconds=15))
"""The options of a refund: enough time to read the log, and for a query and a call of at most 5 s each."""

NOT_OFFERED: Final = "not_offered"
"""The code of the refusal if the provider's API offers no refunds."""

SETTLED: Final = timedelta(minutes=15)
"""The time within which an unanswered call may still take effect. The time doubles with each further request."""

_MOST: Final = 64


class Returned(Model):
    """The provider's transaction number of the refund, or the reason why the provider will never make it.

    `refused` is the provider's code, or `not_offered`. `again`: whether the refund may be requested again, since it was
    not made, and no earlier call can still make it.
    """

    transaction: str | None = None
    refused: str | None = None
    again: bool = False


class Request(NamedTuple):
    """The `n`-th request for the refund of one case, as recorded in the refund's stream."""

    stream: str
    case: int
    n: int


class Calls:
    """The table of refund calls that were made to providers."""

    def __init__(self, pool: Pool) -> None:
        self._pool = pool

    async def claim(self, request: Request, agency: str) -> bool:
        """Records the call. Returns True, which permits the call, if it was not recorded before."""
        async with acquired(self._pool) as connection:
            return bool(await connection.fetchval(_NOTE, *request, agency, False))  # noqa: FBT003 -- a column

    async def note_known(self, request: Request, agency: str) -> None:
        """Records that the provider has confirmed this request."""
        async with acquired(self._pool) as connection:
            await connection.execute(_NOTE, *request, agency, True)  # noqa: FBT003 -- a column

    async def of(self, request: Request) -> tuple[timedelta, bool]:
        """Returns the time since the last call for a case, and whether the provider has confirmed any of the calls."""
        async with acquired(self._pool) as connection:
            [(ago, is_known)] = await connection.fetch(_OF, request.stream, request.case)
        return ago, is_known


class GivingBack:
    """Makes refunds through providers. Each refund's payment names the provider."""

    def __init__(self, providers: Mapping[str, Provider], calls: Calls, instructions: Instructions) -> None:
        self._providers = providers
        self._calls = calls
        self._instructions = instructions

    @activity.defn(name="payment.refund")
    async def refund(self, given: Instruction) -> Returned:
        """Makes the refund that the log orders; returns its outcome once it is made or finally refused.

        The provider is queried before each call, and called once for each recorded request. A refusal is final only if
        the provider has a record of the payment. An HTTP error (4xx) is our own mistake, and is raised. Raises
        `NotOrderedError`.
        """
        failpoint("payment.refund_due")
        refund, entry = await self._ordered(given)
        returned = await self._returned(given, refund, entry)
        if returned.again:
            found = Finding("refund_asked", {"case": entry.case, "n": entry.requests + 1})
        elif returned.refused is not None:
            found = Finding("refund_left_to_hand", {"case": entry.case, "rule": returned.refused})
        else:
            found = Finding("refund_given", {"case": entry.case, "transaction": returned.transaction})
        await self._instructions.findings.keep(given.stream, found)
        return returned

    async def _returned(self, given: Instruction, refund: Refund, entry: RefundEntry) -> Returned:
        capture = require(refund.capture)
        provider = self._providers.get(capture.provider)
        if provider is None:
            raise NotSetUpError(capture.provider)
        if not provider.can.refund:
            return Returned(refused=NOT_OFFERED)
        try:
            found = await provider.refunded(*_demanded(refund, entry))
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
        about = Instruction(stream=str(rules.payment_of(read.id)), seq=1)
        if not rules.is_borne_out(refund, (await self._instructions.read(about, PAYMENT)).state):
            raise NotOrderedError(given)
        return refund, entry

    async def _give(
        self, provider: Provider, refund: Refund, entry: RefundEntry, found: Given, request: Request
    ) -> Returned:
        try:
            given = await provider.refund(*_demanded(refund, entry))
        except RejectedError as error:
            refused = _refusal(error)
            if found.refunding is Refunding.UNTOLD:  # the provider may have no record of this money at all
                raise nothing_new(soon()) from None
            return Returned(refused=refused)
        failpoint("payment.refunded")
        if given.refunding is Refunding.GIVEN:
            return Returned(transaction=given.transaction)
        await self._calls.note_known(request, refund.agency)
        raise nothing_new(soon())

    async def _wait(self, found: Given, request: Request) -> Returned:
        """Returns the answer `again` once no earlier call can take effect. Until then raises an error to retry."""
        ago, is_known = await self._calls.of(request)
        if is_known or found.refunding is not Refunding.NOT_ASKED:
            raise nothing_new(soon())
        left = SETTLED * min(2 ** (request.n - 1), _MOST) - ago
        if left > timedelta():
            raise nothing_new(min(left, soon()))
        return Returned(again=True)


def _refusal(error: RejectedError) -> str:
    """Returns the code of a final refusal. An HTTP error (4xx) is not final, and is raised again."""
    if error.status >= HTTPStatus.BAD_REQUEST:
        raise error
    return error.code


def _demanded(refund: Refund, entry: RefundEntry) -> tuple[Demand, Giving]:
    """Returns the paid demand, and the refund of a part or all of its money."""
    capture = require(refund.capture)
    demand = Demand(
        key=rules.key_of_demand(refund),
        amount=capture.asked,
        description=capture.description,
        made=capture.requested_at,
        expires=capture.due,
    )
    return demand, Giving(
        key=rules.key_of(refund, entry),
        transaction=capture.capture_id,
        of=capture.amount,
        amount=entry.amount,
        by=refund.agency,
        before={rules.key_of(refund, one): one.amount for one in rules.asked_before(refund, entry)},
    )


_NOTE: Final = """
insert into refund_call (stream, of_case, n, agency, known) values ($1, $2, $3, $4, $5)
on conflict do nothing returning true
"""
_OF: Final = """
select clock_timestamp() - max(at) filter (where not known) as ago, bool_or(known) as is_known from refund_call
where stream = $1 and of_case = $2
"""
