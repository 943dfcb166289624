"""`motcua receipt`: the register of receipts for money, and how one is made void."""

from __future__ import annotations

from typing import Annotated

import typer
from rich.markup import escape
from rich.table import Table

from motcua.cli.filings import actor_of
from motcua.cli.running import AsJson, Exit, fail, out, parse, print_json
from motcua.cli.showing import when as moment
from motcua.client import command_id
from operations import receipts as voiding
from operations.addresses import APPLICATION
from operations.commands.database import Connection, address, answered, ask
from operations.commands.help_words import GROUPS
from operations.commands.ledger import master_key
from operations.commands.printing import wide
from rules.papers.register import period
from rules.publishing.rule_words import money
from schemas.papers.commands import VoidReceipt
from schemas.papers.state import ReceiptRegister, RegisteredReceipt
from schemas.publishing.fee import FeeKind
from schemas.saying import said
from views.receipts import receipt_of, receipts

app = typer.Typer(
    name="receipt",
    help=GROUPS["receipt"],
    no_args_is_help=True,
    rich_markup_mode="markdown",
)

Number = Annotated[str, typer.Argument(metavar="NUMBER", help="The receipt's number, as the register has it.")]


@app.callback()
def _group() -> None:
    """Biên lai thu phí, lệ phí / Receipts for money: their register, and void ones."""


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
    if as_json:
        print_json(found.model_dump(mode="json", exclude_none=True))
    else:
        _print(found)
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
    actor: Annotated[str, typer.Option("--as", metavar="ROLE:SUBJECT@AGENCY", help="A cashier or a leader of it.")],
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


def _print(found: ReceiptRegister) -> None:
    table = Table("Số / Number", "Ký hiệu / Series", "Loại / Kind", "Số tiền / Amount", "Lập / Issued", "Hủy / Void")
    for one in found.receipts:
        table.add_row(*map(escape, _row(one)))
    wide().print(table)
    issued, void_ = money(found.issued), money(found.void)
    out().print(f"{len(found.receipts)} biên lai / receipts, {issued.vi}; hủy / void {void_.vi}", markup=False)
    if not found.gaps:
        out().print("số liên tục, không thiếu / no number is missing")
    for gap in found.gaps:
        missing = ", ".join(gap.missing)
        out().print(f"[red]thiếu số / missing[/] {gap.kind} {gap.year}: {escape(missing)}")


def _row(one: RegisteredReceipt) -> tuple[str, ...]:
    gone = "" if one.voided_at is None else f"{moment(one.voided_at)} {one.replaced_by or ''}".strip()
    return one.number, one.series, said(f"fee_kind.{one.kind}").vi, money(one.amount).vi, moment(one.issued_at), gone


def _show(one: RegisteredReceipt, *, as_json: bool) -> None:
    if as_json:
        print_json(one.model_dump(mode="json", exclude_none=True))
        return
    kind = said(f"fee_kind.{one.kind}")
    known: dict[str, str | None] = {
        "Số / Number": one.number,
        "Ký hiệu / Series": one.series,
        "Loại / Kind": f"{kind.vi} / {kind.en}",
        "Cơ quan / Agency": one.agency,
        "Hồ sơ / Filing": one.code or one.filing_id,
        "Số tiền / Amount": money(one.amount).vi,
        "Lập / Issued": moment(one.issued_at),
        "Hủy / Void": moment(one.voided_at) if one.voided_at else None,
        "Thay số / In place of": one.replaces,
        "Thay bằng / Replaced by": one.replaced_by,
    }
    table = Table.grid(padding=(0, 2))
    for label, value in known.items():
        if value is not None:
            table.add_row(f"[bold]{escape(label)}[/]", escape(value))
    out().print(table)
