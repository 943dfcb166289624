"""Money in suspense: officers' steps are recorded, and take effect when two officers agree.

Every step is one transaction that locks the callback's row. Money assigned to a payment is delivered by the gateway's
relay, exactly as if the callback had named the payment.
"""

from datetime import UTC, datetime
from typing import Final

from activities.ledger.authority.officers import active, in_their_place
from activities.ledger.vault import Vault
from rules.officers import on_the_applicants_side
from rules.require import require
from rules.rule import refuse
from rules.streams import KINDS
from rules.suspense import decide, others, state_of
from rules.time.working_time import local_day
from schemas.errors import NOT_FOUND, RefusalError, problem
from schemas.ids import StreamId, filing_workflow
from schemas.money.suspense import ASKING, AnySuspenseCommand, StepKind, Suspense, SuspenseState, SuspenseStep
from schemas.names import ROLE_NAMES
from schemas.people import Role
from schemas.refund.state import RefundMeans
from views.log import Connection, Log
from views.registers.money import asked_through, reason_context, suspense_of


async def take(connection: Connection, vault: Vault, command: AnySuspenseCommand) -> Suspense:
    """Takes a step; returns the money's state. Idempotent by command id. Raises `RefusalError`, asyncpg's errors."""
    async with connection.transaction():
        money = await suspense_of(connection, vault.find, command.callback, locked=True)
        if money is None:
            raise RefusalError(NOT_FOUND)
        if not await connection.fetchval(_RECORDED, command.callback, command.command_id):
            step = decide(money, command, datetime.now(UTC))
            await _see(connection, vault, money, step, command.actor.role)
            await _record(connection, vault, command, step)
            await _do(connection, money, step)
    return require(await suspense_of(connection, vault.find, command.callback))


async def _see(connection: Connection, vault: Vault, money: Suspense, step: SuspenseStep, role: Role) -> None:
    """Checks that the directory and the log permit a step. Raises `RefusalError`."""
    if not await active(connection, step.agency, step.officer, role):
        raise refuse(problem("actor", "not_in_directory", role_name=ROLE_NAMES[role]))
    whose = others(money, step.kind)
    if await in_their_place(connection, step.agency, [step.officer], whose, local_day(step.at)):
        raise refuse(problem("actor.subject", "needs_another"))
    asked = step if step.kind in ASKING else _asked(money)
    if asked.kind is StepKind.GIVE_BACK and not await connection.fetchval(_TAKES, step.agency, money.provider):
        raise refuse(problem("actor.agency", "other_agency", says="other_agencys_money"))
    if step.means is RefundMeans.CASH and await connection.fetchval(_HAS_TILLS, step.agency):
        raise refuse(problem("means", "no_cash", says="cash_goes_through_tills"))
    if asked.stream is not None:
        await _see_payment(connection, vault, money.provider, asked.stream, step)


async def _see_payment(connection: Connection, vault: Vault, provider: str, stream: str, step: SuspenseStep) -> None:
    """Raises `RefusalError` if the payment is unknown, of another agency, or of the officer's own filing."""
    demand = await asked_through(connection, stream, provider)
    if demand is None or demand.agency != step.agency:
        raise refuse(problem("payment", "unknown_payment"))
    filing = filing_workflow(StreamId.parse(stream).filing)
    if step.officer in on_the_applicants_side((await Log(connection, vault.find, KINDS).read(filing)).state):
        raise refuse(problem("actor.subject", "own_filing"))


def _asked(money: Suspense) -> SuspenseStep:
    return next(step for step in reversed(money.steps) if step.kind in ASKING)


async def _record(connection: Connection, vault: Vault, command: AnySuspenseCommand, step: SuspenseStep) -> None:
    """Records the step, without its reason if the key that encrypts texts about this money was erased."""
    sealed = None
    if step.reason is not None and (key := await vault.find(connection, command.callback)) is not None:
        sealed = key.seal(step.reason.encode(), reason_context(command.callback, step.n))
    said = (command.callback, step.n, command.command_id, step.kind, step.officer, step.agency, step.stream, sealed)
    evidence = step.evidence and step.evidence.model_dump_json(exclude_none=True)
    await connection.execute(_ADD, *said, step.means, step.bank_reference, evidence, step.at)


async def _do(connection: Connection, money: Suspense, step: SuspenseStep) -> None:
    """Applies a decision on which two officers agree, in the transaction that records the second step."""
    match state_of((*money.steps, step), money.outcome):
        case SuspenseState.ASSIGNED:
            stream = str(_asked(money).stream)
            demand = await asked_through(connection, stream, money.provider)
            await connection.execute(_ASSIGNED, money.id, stream, step.agency, demand and demand.reference)
        case SuspenseState.TO_GIVE_BACK | SuspenseState.GIVEN_BACK as state:
            await connection.execute(_NOBODYS, money.id, state, step.agency)


_RECORDED: Final = "select exists (select from suspense_step where callback = $1 and command_id = $2)"
_TAKES: Final = "select exists (select from agency where agency = $1 and $2 = any(merchants))"
_HAS_TILLS: Final = "select tills from agency where agency = $1"
_ADD: Final = """
insert into suspense_step
    (callback, n, command_id, step, officer, agency, stream, reason, means, bank_reference, evidence, at)
values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11::jsonb, $12)
"""
_ASSIGNED: Final = """
update callback set verdict = 'assigned', stream = $2, agency = $3, demanded = $4, tries = 0,
    next_try = clock_timestamp()
where id = $1
"""
_NOBODYS: Final = """
update callback set verdict = $2, agency = $3, driven_at = coalesce(driven_at, clock_timestamp()) where id = $1
"""
"""SQL: marks the callback as delivered, so that the relay does not deliver it if a later demand matches its memo."""
