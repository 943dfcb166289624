"""`motcua money`: money received for an unknown purpose, and two officers' decision to assign or return it.

Every step is recorded in one transaction that locks the callback's row. A decision needs two officers who agree. Money
assigned to a payment is delivered by the gateway's relay, exactly as if the callback had named the payment.
"""

from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Final
from uuid import UUID

import typer
from asyncpg.exceptions import UniqueViolationError

from activities.ledger.authority import bank_references
from activities.ledger.authority.officers import active, in_their_place, is_own
from activities.ledger.vault import Vault
from console.database import ask, master_key
from console.speaking import refuse_same_program, signed, via_of
from motcua.cli.answer import Column, columns, in_figures, lines, show_all, show_one
from motcua.cli.attaching import each
from motcua.cli.help import group
from motcua.cli.language import in_words
from motcua.cli.options import Actor, AsJson, Reason, RequestNumber, WhichFiling, order
from motcua.cli.running import end_well, there, use_stack_here
from motcua.files.store import Store
from rules.officers import on_the_applicants_side
from rules.require import require
from rules.rule import refuse
from rules.streams import KINDS
from rules.suspense import decide, others, state_of
from rules.time.working_time import local_day
from schemas.errors import NOT_FOUND, RefusalError, problem
from schemas.ids import StreamId, filing_workflow
from schemas.money import suspense as sp
from schemas.money.suspense import ASKING, AnySuspenseCommand, StepKind, Suspense, SuspenseState, SuspenseStep
from schemas.names import ROLE_NAMES
from schemas.people import Role
from schemas.refund.state import RefundMeans
from schemas.translate import said
from views.log import Connection, Log
from views.operator import row_of
from views.registers.money import asked_through, reason_context, suspense_of
from views.registers.money import suspense as money_in_suspense


async def take(connection: Connection, vault: Vault, command: AnySuspenseCommand, aud: str | None = None) -> Suspense:
    """Records an officer's step, and returns the money with its state. Idempotent by the command's id.

    `aud`: the audience of signed statements, as in `via_of`.
    Raises `RefusalError`, and asyncpg's errors.
    """
    async with connection.transaction():
        money = await suspense_of(connection, vault.find, command.callback, locked=True)
        if money is None:
            raise RefusalError(NOT_FOUND)
        if not await connection.fetchval(_RECORDED, command.callback, command.command_id):
            via = await via_of(connection, command, aud)
            step = decide(money, command, datetime.now(UTC))
            await _see(connection, vault, money, step, command.actor.role)
            if step.kind not in ASKING:
                refuse_same_program(await connection.fetchval(_VIA, command.callback, money.steps[-1].n), via)
            await _record(connection, vault, command, step, via)
            match state_of([one.kind for one in (*money.steps, step)], money.outcome):  # two officers may agree by now
                case SuspenseState.ASSIGNED:
                    stream = str(_request_step(money).stream)
                    demand = await asked_through(connection, stream, money.provider)
                    await connection.execute(_ASSIGNED, money.id, stream, step.agency, demand and demand.reference)
                case SuspenseState.TO_GIVE_BACK | SuspenseState.GIVEN_BACK as state:
                    await connection.execute(_NOBODYS, money.id, state, step.agency)
    return require(await suspense_of(connection, vault.find, command.callback))


async def _see(connection: Connection, vault: Vault, money: Suspense, step: SuspenseStep, role: Role) -> None:
    """Checks that the directory and the log permit a step. Raises `RefusalError`."""
    if not await active(connection, step.agency, step.officer, role):
        raise refuse(problem("actor", "not_in_directory", role_name=ROLE_NAMES[role]))
    whose = others(money, step.kind)
    if await in_their_place(connection, step.agency, [step.officer], whose, local_day(step.at)):
        raise refuse(problem("actor.subject", "needs_another"))
    asked = step if step.kind in ASKING else _request_step(money)
    if asked.kind is StepKind.GIVE_BACK and not await connection.fetchval(_TAKES, step.agency, money.provider):
        raise refuse(problem("actor.agency", "other_agency", says="other_agencys_money"))
    if step.means is RefundMeans.CASH and await connection.fetchval(_HAS_TILLS, step.agency):
        raise refuse(problem("means", "no_cash", says="cash_goes_through_tills"))
    if asked.stream is not None:
        await _see_payment(connection, vault, money.provider, asked.stream, step)


async def _see_payment(connection: Connection, vault: Vault, provider: str, stream: str, step: SuspenseStep) -> None:
    """Raises `RefusalError` if the payment is unknown, of another agency, or for the officer's own filing."""
    demand = await asked_through(connection, stream, provider)
    if demand is None or demand.agency != step.agency:
        raise refuse(problem("payment", "unknown_payment"))
    filing = StreamId.parse(stream).filing
    log = await Log(connection, vault.find, KINDS).read(filing_workflow(filing))
    theirs = step.officer in on_the_applicants_side(log.state)
    if theirs or await is_own(connection, filing, step.agency, step.officer):
        raise refuse(problem("actor.subject", "own_filing"))


def _request_step(money: Suspense) -> SuspenseStep:
    return next(step for step in reversed(money.steps) if step.kind in ASKING)


async def _record(
    connection: Connection, vault: Vault, command: AnySuspenseCommand, step: SuspenseStep, via: str | None
) -> None:
    """Records the step, without its reason if the key that encrypts texts about this money was erased."""
    sealed = None
    if step.reason is not None and (key := await vault.find(connection, command.callback)) is not None:
        sealed = key.seal(step.reason.encode(), reason_context(command.callback, step.n))
    row = (command.callback, step.n, command.command_id, step.kind, step.officer, step.agency, step.stream, sealed)
    evidence = step.evidence and step.evidence.model_dump_json(exclude_none=True)
    number = step.bank_reference and bank_references.written(step.bank_reference)
    try:
        await connection.execute(_ADD, *row, step.means, step.bank_reference, evidence, step.at, via)
        if number is not None:
            await connection.execute(_COUNTED, step.agency, number, command.callback, step.n)
    except UniqueViolationError as error:
        if error.constraint_name != bank_references.TAKEN:
            raise
        raise refuse(problem("bank_reference", "counts_already")) from None


_RECORDED: Final = "select exists (select from suspense_step where callback = $1 and command_id = $2)"
_TAKES: Final = "select exists (select from agency where agency = $1 and $2 = any(merchants))"
_HAS_TILLS: Final = "select tills from agency where agency = $1"
_ADD: Final = """
insert into suspense_step
    (callback, n, command_id, step, officer, agency, stream, reason, means, bank_reference, evidence, at, via)
values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11::jsonb, $12, $13)
"""
_COUNTED: Final = """
insert into bank_reference (agency, reference, stream, seq) values ($1, $2, 'suspense:' || $3::uuid, $4)
"""
_VIA: Final = "select via from suspense_step where callback = $1 and n = $2"
_ASSIGNED: Final = """
update callback set verdict = 'assigned', stream = $2, agency = $3, demanded = $4, tries = 0,
    next_try = clock_timestamp()
where id = $1
"""
_NOBODYS: Final = """
update callback set verdict = $2, agency = $3, driven_at = coalesce(driven_at, clock_timestamp()) where id = $1
"""
"""SQL: marks the callback as delivered: the relay must not deliver it, even if its memo matches a later demand."""


app = group("money")

Which = Annotated[UUID, typer.Argument(metavar="ID", help="option.money.id")]


@app.command()
def suspense(
    which: Annotated[UUID | None, typer.Argument(metavar="[ID]", help="option.money.id")] = None,
    *,
    as_json: AsJson = False,
) -> None:
    vault = Vault(master_key())
    if which is None:
        show_all(ask(lambda connection: money_in_suspense(connection, vault.find)), _SUSPENSE, as_json=as_json)
        return
    found = ask(lambda connection: suspense_of(connection, vault.find, which))
    _show(there(found, said("refused.money.none", transfer=which)), as_json=as_json)


@app.command()
def assign(
    which: Which,
    filing: WhichFiling,
    payment: Annotated[int, typer.Argument(metavar="PAYMENT", help="option.money.payment")],
    *,
    actor: Actor,
    reason: Reason,
    as_json: AsJson = False,
) -> None:
    row = there(ask(lambda connection: row_of(connection, filing)), said("refused.no_filing", filing=filing))
    filing_id = row["filing_id"]
    command = order(sp.AssignSuspense, actor, callback=which, filing_id=filing_id, payment=payment, reason=reason)
    _taken(command, as_json=as_json)


@app.command("give-back")
def give_back(which: Which, *, actor: Actor, reason: Reason, as_json: AsJson = False) -> None:
    _taken(order(sp.GiveBackSuspense, actor, callback=which, reason=reason), as_json=as_json)


@app.command()
def approve(which: Which, asked: RequestNumber, *, actor: Actor, as_json: AsJson = False) -> None:
    _taken(order(sp.ApproveSuspense, actor, callback=which, asked=asked), as_json=as_json)


@app.command()
def decline(which: Which, asked: RequestNumber, *, actor: Actor, reason: Reason, as_json: AsJson = False) -> None:
    _taken(order(sp.DeclineSuspense, actor, callback=which, asked=asked, reason=reason), as_json=as_json)


@app.command()
def given(
    which: Which,
    *,
    actor: Actor,
    means: Annotated[RefundMeans, typer.Option("--means", help="option.money.means")],
    evidence: Annotated[
        Path, typer.Option("--evidence", metavar="FILE", exists=True, dir_okay=False, help="option.money.evidence")
    ],
    reference: Annotated[
        str | None, typer.Option("--bank-reference", metavar="TEXT", help="option.money.reference")
    ] = None,
    as_json: AsJson = False,
) -> None:
    use_stack_here()
    store = Store.from_environment()
    put = each({"evidence": evidence}, lambda path, moved: store.attach(which, path, progress=moved))
    file = end_well(put)["evidence"].model_copy(update={"name": None})
    command = order(sp.RecordSuspenseGiven, actor, callback=which, evidence=file, means=means, bank_reference=reference)
    _taken(command, as_json=as_json)


def _taken(command: AnySuspenseCommand, *, as_json: bool) -> None:
    vault, act = Vault(master_key()), signed(command)
    _show(ask(lambda connection: take(connection, vault, act)), as_json=as_json)


_SUSPENSE: Final = columns(
    "id when:at account:provider transaction amount|dong memo",
    Column(
        "state",
        lambda one: (
            f"{in_words(said(f'suspense_state.{one.state}'))}{f' ({one.pending_step.n})' if one.pending_step else ''}"
        ),
    ),
)


def _step(step: SuspenseStep) -> str:
    text = in_words(said(f"suspense_step.{step.kind}"))
    file = step.evidence and step.evidence.key
    about = (in_figures(step.at), step.officer, text, step.stream, step.reason, step.means, step.bank_reference, file)
    return f"{step.n}. {' · '.join(str(word) for word in about if word)}"


def _show(one: Suspense, *, as_json: bool) -> None:
    show_one(one, (*_SUSPENSE, Column("steps", lambda one: lines(map(_step, one.steps)))), as_json=as_json)
