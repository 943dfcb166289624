"""Activities that read a filing's log for a complaint about it."""

from typing import Final
from uuid import UUID

from temporalio import activity

from activities.ledger.authority.budgets import Work
from activities.ledger.authority.principals import Guard, turned_away, verified_sender
from activities.ledger.database import Pool, acquired
from activities.ledger.vault import Vault
from rules.complaint.grounds import Above, grounds, whose_act
from rules.filing.queues import access_problem
from rules.filing.reopening import stands
from rules.require import require
from rules.stream_kind import Kinds
from schemas.base import Instant, Model
from schemas.complaint.state import Claim, Grounds
from schemas.errors import Problem, Refusal, RefusalError, problem
from schemas.filing.state import Filing
from schemas.identity.statement import Spoken
from schemas.ids import complaint_workflow, filing_workflow
from schemas.people import Actor
from views.applicant import complaints_of
from views.log import Log


class Disputed(Model):
    """A filing's `n`-th complaint. `about`: the seq of the disputed event; `spoken`: the signed complaint.

    `claim`: the part of a new complaint that the log must confirm; None if the complaint is recorded already.
    """

    filing_id: UUID
    n: int
    about: int
    spoken: Spoken | None = None
    claim: Claim | None = None


class Side(Model):
    """Asks whether the actor of a command to a complaint acts for the filing's applicant at this time."""

    filing_id: UUID
    actor: Actor
    at: Instant


class Remedy(Model):
    """The state of a filing after a complaint about it was upheld.

    `reopened`: whether the filing was reopened for the complaint; `closed`: whether the filing has ended; `stands`:
    whether the disputed act is still in effect.
    """

    reopened: bool
    stands: bool
    closed: bool


class Complaints:
    """Reads filings for complaints about them."""

    def __init__(self, pool: Pool, vault: Vault, kinds: Kinds, guard: Guard | None = None) -> None:
        self._pool = pool
        self._guard = guard
        self._vault = vault
        self._kinds = kinds

    @activity.defn(name="complaint.grounds")
    async def grounds(self, asked: Disputed) -> Grounds | Refusal | None:
        """Returns the disputed act, the people who may complain and the deadline; None if the filing is unknown.

        Returns a refusal if the sender may not complain. Raises those errors of `verified_sender` that are retried.
        """
        if (refusal := turned_away(self._guard, asked.spoken, Work.SUBMISSION)) is not None:
            return refusal
        stream = filing_workflow(asked.filing_id)
        async with acquired(self._pool) as connection:
            if self._guard is not None:
                own = complaint_workflow(asked.filing_id, asked.n)
                [[filed_by, known]] = await connection.fetch(_KNOWN, stream, own)
                try:
                    verified_sender(self._guard, asked.spoken, filed_by=filed_by, known=known)
                except RefusalError as error:
                    return error.refusal
            log = Log(connection, self._vault.find, self._kinds)
            try:
                told = await log.read(stream)
            except RefusalError:
                return None
            others = [one for one in await complaints_of(log, stream) if one.n != asked.n]
            claim = asked.claim or Claim(about=asked.about)
            acted = whose_act(told.before, told.events, claim.about)
            above = Above(*require(await connection.fetchrow(_ABOVE, acted)))
            return grounds(told.before, told.events, tuple(told.states()), others, claim, above)

    @activity.defn(name="complaint.side")
    async def side(self, asked: Side) -> Problem | None:
        """Returns why the actor does not act for the filing's applicant; None if the actor does.

        Nobody acts for an applicant who has ceased to exist.
        """
        async with acquired(self._pool) as connection:
            log = Log(connection, self._vault.find, self._kinds)
            filing: Filing = (await log.read(filing_workflow(asked.filing_id))).state
        gone = problem("", "applicant_ceased") if filing.ceased else None
        return gone or access_problem(filing, asked.actor, asked.at)

    @activity.defn(name="complaint.remedy")
    async def remedy(self, asked: Disputed) -> Remedy:
        """Returns whether the filing was reopened for this complaint or has ended, and whether the act is in effect."""
        async with acquired(self._pool) as connection:
            log = Log(connection, self._vault.find, self._kinds)
            told = await log.read(filing_workflow(asked.filing_id))
        heard = any(one.event.kind == "reopened" and one.event.complaint == asked.n for one in told.events)
        return Remedy(reopened=heard, stands=stands(told.state, asked.about), closed=told.state.closed)


_KNOWN: Final = """
select (select split_part(via, '/', 1) from event where stream = $1 and seq = 1) as filed_by,
    exists (select from event where stream = $2) as known
"""
_ABOVE: Final = """
select own.superior, above.superior, asked.agency
from (select coalesce(heir_of($1), $1) as agency) as asked
    left join agency as own using (agency) left join agency as above on above.agency = own.superior
"""
