"""`motcua receipt`: the register of receipts for money, and the voiding of a receipt."""

from typing import Annotated, Final

import typer

from console.addresses import APPLICATION
from console.database import address, answered, ask
from console.masters import master_key
from motcua.cli.answer import Column, columns, dong, show_all, show_one
from motcua.cli.help import group
from motcua.cli.options import Actor, AsJson, Reason, order
from motcua.cli.running import Exit, exit_if, fail, there
from operations import receipts as voiding
from rules.papers.register import period
from schemas.base import Text
from schemas.papers.commands import VoidReceipt
from schemas.papers.state import ReceiptRegister, RegisteredReceipt
from schemas.publishing.fee import FeeKind
from schemas.translate import said
from views.registers.receipts import receipt_of, receipts

app = group("receipt")

Number = Annotated[str, typer.Argument(metavar="NUMBER", help="option.receipt.number")]


@app.command("list")
def list_receipts(
    agency: Annotated[str, typer.Argument(metavar="AGENCY", help="option.receipt.agency")],
    when: Annotated[str, typer.Argument(metavar="PERIOD", help="option.period")],
    *,
    kind: Annotated[FeeKind | None, typer.Option("--kind", help="option.receipt.kind")] = None,
    as_json: AsJson = False,
) -> None:
    asked = period(when)
    if asked is None:
        fail(said("refused.period", period=when), Exit.USAGE)

    found = ask(lambda connection: receipts(connection, agency, asked, kind))
    issued, void_ = dong(found.issued), dong(found.void)
    sums = said("command.receipts.sums", receipts=len(found.receipts), issued=issued, void=void_)
    data = found.model_dump(mode="json", exclude_none=True)
    show_all(found.receipts, _COLUMNS, sums, *_gaps(found), as_json=as_json, data=data)
    exit_if(found.gaps)


@app.command()
def show(number: Number, *, as_json: AsJson = False) -> None:
    found = there(ask(lambda connection: receipt_of(connection, number)), said("refused.receipts.none", number=number))
    _show(found, as_json=as_json)


@app.command()
def void(
    number: Number,
    *,
    actor: Actor,
    reason: Reason,
    again: Annotated[bool, typer.Option("--again", help="option.receipt.again")] = False,
    as_json: AsJson = False,
) -> None:
    command = order(VoidReceipt, actor, registered=number, reason=reason, again=again)
    master, dsn = master_key(), address(APPLICATION)
    _show(answered(lambda: voiding.void(dsn, master, command)), as_json=as_json)


def _gaps(found: ReceiptRegister) -> list[Text]:
    """Returns the missing numbers in words, or the sentence that none is missing."""
    gaps = [
        said(
            "command.receipts.missing", kind=said(f"fee_kind.{gap.kind}"), year=gap.year, missing=", ".join(gap.missing)
        )
        for gap in found.gaps
    ]
    return gaps or [said("command.receipts.whole")]


_COLUMNS: Final = columns("n:number series kind|fee_kind amount|dong issued:issued_at void:voided_at replaced_by")


def _show(one: RegisteredReceipt, *, as_json: bool) -> None:
    of = Column("filing", lambda one: one.code or one.filing_id)
    show_one(one, columns(*_COLUMNS, "agency", of, "replaces"), as_json=as_json)
