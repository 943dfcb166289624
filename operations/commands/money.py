"""`motcua money`: money that came and nobody knows what for."""

from __future__ import annotations

import typer
from rich.markup import escape
from rich.table import Table

from activities.ledger.vault import Vault
from motcua.cli.running import AsJson, print_json
from motcua.cli.showing import when
from operations.commands.database import Connection, ask
from operations.commands.ledger import master_key
from operations.commands.printing import wide
from schemas.reading import Suspense
from views.money import suspense as money_in_suspense

app = typer.Typer(name="money", help="Tiền / Money.", no_args_is_help=True, rich_markup_mode="markdown")


@app.callback()
def _group() -> None:
    """Tiền / Money."""


@app.command()
def suspense(*, as_json: AsJson = False) -> None:
    """List the transfers whose memo names no request for money, or several, with what stands on them; oldest first.

    Needs MOTCUA_DATABASE_URL and MOTCUA_MASTER_KEY, or the stack of this folder.

    Examples: `motcua money suspense`, `motcua money suspense --json`
    """
    vault = Vault(master_key())

    async def read(connection: Connection) -> list[Suspense]:
        return await money_in_suspense(connection, vault.find)

    found = ask(read)
    if as_json:
        print_json([one.model_dump(mode="json") for one in found])
        return
    table = Table("Lúc / At", "Tài khoản / Account", "Giao dịch / Transaction", "Đồng", "Nội dung / Memo")
    for one in found:
        table.add_row(when(one.at), *map(escape, (one.provider, one.transaction, f"{one.amount:,}", one.memo)))
    wide().print(table)
