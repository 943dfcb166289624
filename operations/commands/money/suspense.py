"""`motcua money`: money received for an unknown purpose, and two officers' decision to assign or return it."""

from pathlib import Path
from typing import Annotated, Final
from uuid import UUID

import typer

from activities.ledger.vault import Vault
from console.database import ask, master_key
from motcua.cli.answer import Column, columns, lines, show_all, show_one, when
from motcua.cli.attaching import put_in
from motcua.cli.help import group
from motcua.cli.language import in_words
from motcua.cli.options import Actor, AsJson, Asked, Reason, WhichFiling, order
from motcua.cli.running import there, use_stack_here
from operations.suspense_steps import take
from schemas.money import suspense as sp
from schemas.money.suspense import Suspense
from schemas.refund.state import RefundMeans
from schemas.translate import said
from views.operator import row_of
from views.registers.money import suspense as money_in_suspense
from views.registers.money import suspense_of

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
    about = {"callback": which, "filing_id": row["filing_id"], "payment": payment}
    _take(order(sp.AssignSuspense, actor, **about, reason=reason), as_json=as_json)


@app.command("give-back")
def give_back(which: Which, *, actor: Actor, reason: Reason, as_json: AsJson = False) -> None:
    _take(order(sp.GiveBackSuspense, actor, callback=which, reason=reason), as_json=as_json)


@app.command()
def approve(which: Which, asked: Asked, *, actor: Actor, as_json: AsJson = False) -> None:
    _take(order(sp.ApproveSuspense, actor, callback=which, asked=asked), as_json=as_json)


@app.command()
def decline(which: Which, asked: Asked, *, actor: Actor, reason: Reason, as_json: AsJson = False) -> None:
    _take(order(sp.DeclineSuspense, actor, callback=which, asked=asked, reason=reason), as_json=as_json)


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
    file = put_in(which, {"evidence": evidence})["evidence"].model_copy(update={"name": None})
    how = {"means": means, "bank_reference": reference}
    _take(order(sp.RecordSuspenseGiven, actor, callback=which, evidence=file, **how), as_json=as_json)


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
