"""The merchants that collect the money of an agency or of a tax office, and the permission to request a fee again."""

from collections.abc import Mapping
from math import ceil
from uuid import UUID

from temporalio import activity

from activities.ledger.database import Connection, Pool, acquired
from activities.ledger.vault import Vault
from activities.partners.money.provider import Provider
from rules.filing.queues import access_problem
from rules.stream_kind import Kinds
from schemas.base import AgencyCode, Code, Instant, Model
from schemas.errors import Problem, Refusal, RefusalCode, problem
from schemas.filing.state import Filing
from schemas.ids import filing_workflow
from schemas.payment.state import DEFAULT_PROVIDER, Through
from schemas.people import Actor
from schemas.publishing.fact import AgencyKind
from views.log import Log


class MerchantRequest(Model):
    """Asks for the merchant of this agency. `chosen`: the merchant named at the payment's start, else None."""

    agency: AgencyCode
    chosen: Code | None = None


class RenewalRequest(MerchantRequest):
    """Asks whether `actor` may renew the request of a fee. `chosen`: the merchant for the new request; None for any."""

    filing_id: UUID
    actor: Actor
    at: Instant


class Renewal(Model):
    """The merchant for the new request, or the refusal of the request."""

    through: Through | None = None
    refusal: Refusal | None = None


class CollectorRequest(Model):
    """Asks whether this agency is a tax office that collects money by itself."""

    agency: AgencyCode


class Collector(Model):
    """Whether a tax office's demand can be paid here (`payable`); `refusal` is set if the agency is no tax office."""

    payable: bool = False
    refusal: Refusal | None = None


class Merchants:
    """The merchants that are configured here, and the directory that names them for each agency."""

    def __init__(self, providers: Mapping[str, Provider], pool: Pool, vault: Vault, kinds: Kinds) -> None:
        self._providers = providers
        self._pool = pool
        self._vault = vault
        self._kinds = kinds

    @activity.defn(name="payment.merchant")
    async def merchant(self, request: MerchantRequest) -> Through:
        """Returns the `chosen` merchant, else the agency's first, preferably one that is configured here."""
        if request.chosen is not None:
            return self._through(request.chosen)
        async with acquired(self._pool) as connection:
            named = await _named(connection, request.agency)
        return self._first(named)

    @activity.defn(name="payment.renewal")
    async def renewal(self, request: RenewalRequest) -> Renewal:
        """Returns the merchant for the new request, or a refusal.

        Refuses an actor without a right to the filing, and a `chosen` merchant that isn't offered.
        """
        async with acquired(self._pool) as connection:
            log = Log(connection, self._vault.find, self._kinds)
            filing: Filing = (await log.read(filing_workflow(request.filing_id))).state
            named = await _named(connection, request.agency)
        if (why := access_problem(filing, request.actor, request.at)) is not None:
            return Renewal(refusal=_refused(why))
        if request.chosen is None:
            return Renewal(through=self._first(named))
        offered = [name for name in named if name in self._providers]
        if request.chosen not in offered:
            why = problem("provider", "provider_not_offered", names=", ".join(offered))
            return Renewal(refusal=_refused(why))
        return Renewal(through=self._through(request.chosen))

    @activity.defn(name="obligation.collector")
    async def collector(self, request: CollectorRequest) -> Collector:
        """Returns whether the directory lets this agency collect money by itself; a refusal if it is no tax office."""
        async with acquired(self._pool) as connection:
            row = await connection.fetchrow("select kind, merchants from agency where agency = $1", request.agency)
        if row is None or row["kind"] != AgencyKind.TAX:
            return Collector(refusal=_refused(problem("agency", "no_tax_office")))
        return Collector(payable=bool(row["merchants"]))

    def _first(self, named: list[str]) -> Through:
        return self._through(next((name for name in named if name in self._providers), named[0]))

    def _through(self, name: str) -> Through:
        lasts = self._providers[name].lasts if name in self._providers else None
        return Through(provider=name, seconds=None if lasts is None else ceil(lasts.total_seconds()))


async def _named(connection: Connection, agency: str) -> list[str]:
    named = await connection.fetchval("select merchants from agency where agency = $1", agency)
    return list(named or [DEFAULT_PROVIDER])


def _refused(why: Problem) -> Refusal:
    return Refusal(code=RefusalCode.NOT_ALLOWED, problems=(why,))
