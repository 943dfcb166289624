"""`motcua receipt`: the register of receipts for money, and how one is made void."""

from __future__ import annotations

from typing import Annotated, Final

import typer

from motcua.cli.answer import Column, columns, dong, show_all, show_one
from motcua.cli.filings import actor_of
from motcua.cli.running import AsJson, Exit, fail, parse
from motcua.client import command_id
from operations import receipts as voiding
from operations.addresses import APPLICATION
from operations.commands.database import Connection, address, answered, ask
from operations.commands.help_words import group
from operations.commands.masters import master_key
from rules.papers.register import period
from schemas.base import Text
from schemas.papers.commands import VoidReceipt
from schemas.papers.state import ReceiptRegister, RegisteredReceipt
from schemas.publishing.fee import FeeKind
from schemas.saying import said
from views.receipts import receipt_of, receipts

app = group("receipt")

Number = Annotated[str, typer.Argument(metavar="NUMBER", help="The receipt's number, as the register has it.")]


@app.command("list")
def list_receipts(
    agency: Annotated[str, typer.Argument(metavar="AGENCY", help="The code of the agency that issued them.")],
    when: Annotated[str, typer.Argument(metavar="PERIOD", help="A month, as 2026-11, or a year, as 2026.")],
    *,
    kind: Annotated[FeeKind | None, typer.Option("--kind", help="Only those for phí, or for lệ phí.")] = None,
    as_json: AsJson = False,
) -> None:
    """List the receipts of an agency, void ones too, and look for numbers that are missing; exit 1 if any are.

    Examples: `motcua receipt list H01.12 2026`, `motcua receipt list H01.12 2026-11 --kind phi --json`
    """
    asked = period(when)
    if asked is None:
        fail(f"{when}: viết 2026-11 hoặc 2026 / a period is written 2026-11 or 2026", Exit.USAGE)

    async def read(connection: Connection) -> ReceiptRegister:
        return await receipts(connection, agency, asked, kind)

    found = ask(read)
    issued, void_ = dong(found.issued), dong(found.void)
    sums = said("command.receipts.sums", receipts=len(found.receipts), issued=issued, void=void_)
    data = found.model_dump(mode="json", exclude_none=True)
    show_all(found.receipts, _COLUMNS, sums, *_gaps(found), as_json=as_json, data=data)
    if found.gaps:
        raise typer.Exit(Exit.REFUSED)


@app.command()
def show(number: Number, *, as_json: AsJson = False) -> None:
    """Show one receipt: what it is for, and whether it is void.

    Example: `motcua receipt show H01.12-2026-BL0000001`
    """

    async def read(connection: Connection) -> RegisteredReceipt | None:
        return await receipt_of(connection, number)

    found = ask(read)
    if found is None:
        fail(f"sổ biên lai không có số {number} / the register has no such number", Exit.NOT_AVAILABLE)
    _show(found, as_json=as_json)


@app.command()
def void(
    number: Number,
    *,
    actor: Annotated[
        str, typer.Option("--as", "--actor", metavar="ROLE:SUBJECT@AGENCY", help="A cashier or a leader of it.")
    ],
    reason: Annotated[str, typer.Option("--reason", metavar="TEXT", help="Why.")],
    again: Annotated[bool, typer.Option("--again", help="Issue another one for the same money.")] = False,
    as_json: AsJson = False,
) -> None:
    """Make a receipt void, as a cashier or a leader of its agency. Its number is never used again.

    Needs MOTCUA_DATABASE_URL and MOTCUA_MASTER_KEY, or the stack of this folder.

    Example: `motcua receipt void H01.12-2026-BL0000001 --reason "…" --as cashier:h01.12-cashier-1@H01.12 --again`
    """
    command = parse(
        VoidReceipt,
        {
            "command_id": command_id(),
            "actor": actor_of(actor),
            "via": {"principal": "motcua"},
            "registered": number,
            "reason": reason,
            "again": again,
        },
    )
    master, dsn = master_key(), address(APPLICATION)
    _show(answered(lambda: voiding.void(dsn, master, command)), as_json=as_json)


def _gaps(found: ReceiptRegister) -> list[Text]:
    """The numbers that are missing."""
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
