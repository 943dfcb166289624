"""`motcua money suspense` and what officers say about it: which payment it is for, or that it goes back; by two."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any, Final, TypeVar
from uuid import UUID

import typer

from activities.ledger.vault import Vault
from motcua.cli.answer import Column, columns, lines, show_all, show_one, when
from motcua.cli.attaching import put_in
from motcua.cli.filings import actor_of
from motcua.cli.language import in_words
from motcua.cli.running import AsJson, Exit, fail, parse, use_stack_here
from motcua.client import command_id
from operations.commands.database import Connection, ask
from operations.commands.masters import master_key
from operations.suspense import take
from schemas import suspense as sp
from schemas.refund.state import RefundMeans
from schemas.saying import said
from schemas.suspense import Suspense
from views.money import suspense as money_in_suspense
from views.money import suspense_of
from views.operator import row_of

app = typer.Typer()

Which = Annotated[UUID, typer.Argument(metavar="ID", help="The money's, as `motcua money suspense` has it.")]
Actor = Annotated[str, typer.Option("--as", "--actor", metavar="ROLE:SUBJECT@AGENCY", help="Which officer does it.")]
Asked = Annotated[int, typer.Argument(metavar="N", min=1, help="The number of the step that asks for it.")]
Reason = Annotated[str, typer.Option("--reason", metavar="TEXT", help="Why.")]

C = TypeVar("C", bound=sp.SuspenseCommand)


@app.command()
def suspense(*, as_json: AsJson = False) -> None:
    """List the transfers whose memo names no request for money, or several, oldest first, and what was asked of them.

    Needs MOTCUA_DATABASE_URL and MOTCUA_MASTER_KEY, or the stack of this folder.

    Examples: `motcua money suspense`, `motcua money suspense --json`
    """
    vault = Vault(master_key())

    async def read(connection: Connection) -> list[Suspense]:
        return await money_in_suspense(connection, vault.find)

    found = ask(read)
    show_all(found, _SUSPENSE, as_json=as_json)


@app.command()
def show(which: Which, *, as_json: AsJson = False) -> None:
    """Show one transfer that named no request for money: what stands on it, what was said about it, and by whom.

    Example: `motcua money show ID`
    """
    vault = Vault(master_key())

    async def read(connection: Connection) -> Suspense | None:
        return await suspense_of(connection, vault.find, which)

    found = ask(read)
    if found is None:
        fail(f"không có khoản tiền {which} / there is no such transfer", Exit.NOT_AVAILABLE)
    _show(found, as_json=as_json)


@app.command()
def assign(
    which: Which,
    filing: Annotated[str, typer.Argument(metavar="CODE|FILING_ID", help="The dossier code, or the filing's id.")],
    payment: Annotated[
        int,
        typer.Argument(metavar="PAYMENT", help="Which payment of it, from 1; from 1000001 what a tax office demands."),
    ],
    *,
    actor: Actor,
    reason: Reason,
    as_json: AsJson = False,
) -> None:
    """Ask, as a cashier, that money in suspense goes to a payment of a filing. A leader approves it.

    Example: `motcua money assign ID H01.12-20261127-0000001 1 --reason "…" --as cashier:h01.12-cashier-1@H01.12`
    """

    async def look(connection: Connection) -> UUID | None:
        row = await row_of(connection, filing)
        return None if row is None else UUID(str(row["filing_id"]))

    found = ask(look)
    if found is None:
        fail(f"sổ không có hồ sơ {filing} / the record has no such filing", Exit.NOT_AVAILABLE)
    say = {"filing_id": found, "payment": payment, "reason": reason}
    _take(_command(sp.AssignSuspense, which, actor, say), as_json=as_json)


@app.command("give-back")
def give_back(which: Which, *, actor: Actor, reason: Reason, as_json: AsJson = False) -> None:
    """Ask, as a cashier, that money in suspense goes back to whoever sent it. A leader approves it.

    Example: `motcua money give-back ID --reason "…" --as cashier:h01.12-cashier-1@H01.12`
    """
    _take(_command(sp.GiveBackSuspense, which, actor, {"reason": reason}), as_json=as_json)


@app.command()
def approve(which: Which, asked: Asked, *, actor: Actor, as_json: AsJson = False) -> None:
    """Approve, as a leader, what another asked for about money in suspense: its payment hears of it, or it goes back.

    Example: `motcua money approve ID 1 --as leader:h01.12-leader-1@H01.12`
    """
    _take(_command(sp.ApproveSuspense, which, actor, {"asked": asked}), as_json=as_json)


@app.command()
def decline(which: Which, asked: Asked, *, actor: Actor, reason: Reason, as_json: AsJson = False) -> None:
    """Decline, as a leader, what another asked for about money in suspense: it waits on.

    Example: `motcua money decline ID 1 --reason "…" --as leader:h01.12-leader-1@H01.12`
    """
    _take(_command(sp.DeclineSuspense, which, actor, {"asked": asked, "reason": reason}), as_json=as_json)


@app.command()
def given(
    which: Which,
    *,
    actor: Actor,
    means: Annotated[RefundMeans, typer.Option("--means", help="By a transfer, or in cash.")],
    evidence: Annotated[
        Path, typer.Option("--evidence", metavar="FILE", exists=True, dir_okay=False, help="What shows it.")
    ],
    reference: Annotated[
        str | None, typer.Option("--bank-reference", metavar="TEXT", help="Of a transfer: the bank's number.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Say, as a cashier, that money in suspense went back, as a leader had approved, with the evidence.

    Needs MOTCUA_OBJECTS too, or the stack of this folder.

    Example: `motcua money given ID --means transfer --bank-reference FT1 --evidence order.pdf --as cashier:…@H01.12`
    """
    use_stack_here()
    file = put_in(which, {"evidence": evidence})["evidence"].model_copy(update={"name": None})
    say = {"means": means, "evidence": file, "bank_reference": reference}
    _take(_command(sp.RecordSuspenseGiven, which, actor, say), as_json=as_json)


def _command(model: type[C], which: UUID, actor: str, say: dict[str, Any]) -> C:
    return parse(model, {"command_id": command_id(), "actor": actor_of(actor), "callback": which} | say)


def _take(command: sp.AnySuspenseCommand, *, as_json: bool) -> None:
    vault = Vault(master_key())

    _show(ask(lambda connection: take(connection, vault, command)), as_json=as_json)


_SUSPENSE: Final = columns(
    "id when:at account:provider transaction amount|dong memo",
    Column(
        "state",
        lambda one: f"{in_words(said(f'suspense_state.{one.state}'))}{f' ({one.asked.n})' if one.asked else ''}",
    ),
)


def _step(step: sp.SuspenseStep) -> str:
    text = in_words(said(f"suspense_step.{step.kind}"))
    file = step.evidence and step.evidence.key
    about = (when(step.at), step.officer, text, step.stream, step.reason, step.means, step.bank_reference, file)
    return f"{step.n}. {' · '.join(str(word) for word in about if word)}"


def _show(one: Suspense, *, as_json: bool) -> None:
    show_one(one, (*_SUSPENSE, Column("steps", lambda one: lines(map(_step, one.steps)))), as_json=as_json)
