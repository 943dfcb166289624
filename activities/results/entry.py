"""Reads a result's order and signers from the log of the filing and the directory of the agency."""

from dataclasses import dataclass
from typing import Final
from uuid import UUID

from pydantic import TypeAdapter
from temporalio import activity

from activities.ledger.database import Connection, Pool, acquired
from activities.ledger.vault import Vault
from rules.filing.fold import but_for_stays, stage
from rules.require import require
from rules.result.kind import order_of
from rules.stream_kind import Kinds
from schemas.base import AgencyCode, Model
from schemas.errors import RefusalError
from schemas.filing.events import MachineWork
from schemas.filing.state import Filing, Stage
from schemas.ids import filing_workflow, result_workflow
from schemas.people import PersonKind
from schemas.result.state import Adopted, AgencySigner, ResultOrder, Signatory, SigningPlace
from views.log import Log, LoggedStream


class OrderRequest(Model):
    """Asks for the order to make a filing's `n`-th result."""

    filing_id: UUID
    n: int


class Ordered(Model):
    """The order to make a result, and its agency. `adopted`: the issued result, if the filing itself has issued it."""

    agency: AgencyCode
    order: ResultOrder
    adopted: Adopted | None = None


class SignerRequest(Model):
    """Asks which officer gives the signature of the kind `place` (initials, signature, seal) for an agency."""

    agency: AgencyCode
    place: SigningPlace


class Results:
    """Reads filings and the directory for the streams of results."""

    def __init__(self, pool: Pool, vault: Vault, kinds: Kinds) -> None:
        self._pool = pool
        self._vault = vault
        self._kinds = kinds

    @activity.defn(name="result.signers")
    async def signers(self, agency: AgencyCode) -> list[Signatory]:
        """Returns the current signers of the agency's results, in signing order; empty if the directory names none."""
        async with acquired(self._pool) as connection:
            found = await signers_of(connection, agency)
        return [_signatory(one) for one in found]

    @activity.defn(name="result.signer")
    async def signer(self, asked: SignerRequest) -> Signatory | None:
        """Returns the current signer for the requested signing position; None if the directory names nobody."""
        async with acquired(self._pool) as connection:
            found = await signer_now(connection, asked.agency, asked.place)
        return None if found is None else found.signatory

    @activity.defn(name="result.order")
    async def order(self, asked: OrderRequest) -> Ordered | None:
        """Returns the result's order from the log; None if the filing neither has the result nor waits for it.

        If the agency named no signers at the submission, a result is signed only after the filing has failed to issue
        the office's file.
        """
        async with acquired(self._pool) as connection:
            log, stream = Log(connection, self._vault.find, self._kinds), result_workflow(asked.filing_id, asked.n)
            if await connection.fetchval("select head_seq > 0 from stream where stream = $1", stream):
                begun = (await log.read(stream)).state
                return Ordered(agency=begun.agency, order=require(begun.order))
            try:
                told = await log.read(filing_workflow(asked.filing_id))
            except RefusalError:
                return None
        filing: Filing = told.state
        due = filing.signs or filing.machine_failing is MachineWork.ISSUE
        if due and stage(but_for_stays(filing)) is Stage.ISSUE and asked.n == len(filing.results) + 1:
            return Ordered(agency=filing.agency, order=order_of(filing))
        return _issued(told, asked.n)


def _issued(told: LoggedStream, n: int) -> Ordered | None:
    """Returns the `n`-th result, with the decision then in force, if the filing itself issued it; else None."""
    for recorded, filing in zip(told.events, told.states(), strict=True):
        issued = filing.results[-1] if recorded.event.kind == "result_issued" else None
        if issued is not None and issued.n == n and issued.number is not None and not issued.signed:
            adopted = Adopted(
                number=issued.number,
                result=recorded.event.result,
                issued_at=recorded.at,
                expires_on=issued.expires_on,
                copies=issued.copies,
            )
            return Ordered(agency=filing.agency, order=order_of(filing), adopted=adopted)
    return None


@dataclass(frozen=True)
class SignerNow:
    """The current signer, and the signing service's `number` for the signing person or for the agency's seal."""

    signatory: Signatory
    number: str
    holder: PersonKind


async def signer_now(connection: Connection, agency: str, place: SigningPlace) -> SignerNow | None:
    """Returns a signing position's current signer in the directory; during an absence, the substitute.

    A substitute signs with their own number, or applies the seal with the agency's number. A substitute without a
    number does not sign: the named officer stays the signer.
    """
    named = next((one for one in await signers_of(connection, agency) if one.place is place), None)
    if named is None:
        return None
    absent = await connection.fetchrow(_SUBSTITUTE, agency, named.officer, named.role)
    number = named.number if named.holder is PersonKind.ORGANISATION else absent and absent["number"]
    if absent is None or number is None:
        return SignerNow(_signatory(named), named.number, named.holder)
    acting = {"officer": absent["substitute"], "acting_for": named.officer}
    return SignerNow(_signatory(named).model_copy(update=acting), number, named.holder)


def _signatory(one: AgencySigner) -> Signatory:
    return Signatory(place=one.place, officer=one.officer, role=one.role)


async def signers_of(connection: Connection, agency: str) -> list[AgencySigner]:
    """Returns the signers in the agency's directory, in signing order, with their numbers at the signing service."""
    signing = await connection.fetchval("select signing from agency where agency = $1", agency)
    return [] if signing is None else _SIGNERS.validate_json(signing, extra="ignore")


_SUBSTITUTE: Final = """
select substitute, officer.number from absence
join officer on (officer.agency, officer.subject, officer.role) = (absence.agency, substitute, absence.role)
where (absence.agency, absence.subject, absence.role) = ($1, $2, $3) and officer.active
    and cast(now() at time zone 'Asia/Ho_Chi_Minh' as date) between first_day and last_day
"""
_SIGNERS: Final = TypeAdapter(list[AgencySigner])
