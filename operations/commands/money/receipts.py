"""`motcua receipt`: the register of receipts for money, and the voiding of a receipt."""

from collections.abc import Callable
from typing import Annotated, Any, Final

import typer

from activities.keys.masters import MasterKeys
from activities.ledger.append import Ledger
from activities.ledger.recording import record
from activities.ledger.vault import Vault
from console.agencies import see_agency
from console.database import APPLICATION, address, answered, ask, master_key
from console.speaking import audience_of, signed_to
from motcua.cli.answer import Column, columns, dong, show_all, show_one
from motcua.cli.help import group
from motcua.cli.options import Actor, AsJson, Reason, order
from motcua.cli.running import Exit, exit_if, fail, there
from rules.papers.register import period
from rules.require import require
from rules.rule import refuse
from rules.stream_kind import Origin
from rules.streams import KINDS, PAPERS
from schemas.errors import RefusalError, problem
from schemas.ids import StreamId, papers_stream
from schemas.papers.commands import ApproveVoid, VoidReceipt
from schemas.papers.state import RegisteredReceipt
from schemas.publishing.fee import FeeKind
from schemas.translate import said
from views import primary
from views.log import Log
from views.registers.papers import receipt_of, receipts

_RECORDED: Final = "select exists (select from receipt where stream = $1 and command_id = $2)"


async def void_receipt(
    dsn: str, master: MasterKeys, command: VoidReceipt | ApproveVoid, sign: Callable[[str, Any], Any] = lambda _, it: it
) -> RegisteredReceipt:
    """Records a request, or an approval, to void a receipt; returns the receipt's row. Idempotent by the command's id.

    `sign(stream, command)` returns the command with a program's statement. Raises `RefusalError`, asyncpg's errors.
    """
    vault = Vault(master)
    async with (  # one connection to read, one to append
        primary.create_pool(dsn, min_size=0, max_size=2, timeout=10, command_timeout=10) as pool,
        pool.acquire() as connection,
    ):
        found = await receipt_of(connection, command.registered)
        if found is None:
            raise refuse(problem("registered", "unknown_receipt"))
        stream = papers_stream(found.filing_id)
        try:
            origin, act = Origin(StreamId.parse(stream), found.agency), sign(stream, command)
            ledger = Ledger(pool, vault, KINDS, audience=await audience_of(connection, stream, act))
            await record(ledger, Log(connection, vault.find, KINDS), PAPERS, origin, act)
        except RefusalError:
            if not await connection.fetchval(_RECORDED, stream, command.command_id):
                raise
        return require(await receipt_of(connection, command.registered))


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
    see_agency(agency)
    found = ask(lambda connection: receipts(connection, agency, asked, kind))
    issued, void_ = dong(found.issued), dong(found.void)
    sums = said("command.receipts.sums", receipts=len(found.receipts), issued=issued, void=void_)
    gaps = [
        said(
            "command.receipts.missing", kind=said(f"fee_kind.{gap.kind}"), year=gap.year, missing=", ".join(gap.missing)
        )
        for gap in found.gaps
    ]
    below = gaps or [said("command.receipts.whole")]
    data = found.model_dump(mode="json", exclude_none=True)
    show_all(found.receipts, _COLUMNS, sums, *below, as_json=as_json, data=data)
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
    _take(order(VoidReceipt, actor, registered=number, reason=reason, again=again), as_json=as_json)


@app.command("approve-void")
def approve_void(number: Number, *, actor: Actor, as_json: AsJson = False) -> None:
    _take(order(ApproveVoid, actor, registered=number), as_json=as_json)


def _take(command: VoidReceipt | ApproveVoid, *, as_json: bool) -> None:
    master, dsn = master_key(), address(APPLICATION)
    _show(answered(lambda: void_receipt(dsn, master, command, signed_to)), as_json=as_json)


_COLUMNS: Final = columns("n:number series kind|fee_kind amount|dong issued:issued_at void:voided_at replaced_by")


def _show(one: RegisteredReceipt, *, as_json: bool) -> None:
    of = Column("filing", lambda one: one.code or one.filing_id)
    show_one(one, columns(*_COLUMNS, "agency", of, "replaces"), as_json=as_json)
