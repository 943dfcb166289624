"""`motcua result list`, `show`, `revoke`, `correct`: the register of results, and its changes by officers."""

from typing import Annotated, Final

import typer

from console.database import Connection, ask
from motcua.cli.answer import columns, show_all, show_one
from motcua.cli.filings import print_receipt
from motcua.cli.options import PATIENCE, Actor, AsJson, CommandId, OfAgency, Patience, Reason, order
from motcua.cli.running import Exit, fail, read_json
from motcua.cli.running import ask as ask_platform
from schemas.filing.commands import Command
from schemas.ids import result_workflow
from schemas.result.commands import CorrectResult, RevokeResult
from schemas.result.state import RegisteredResult, ResultStanding
from schemas.translate import said
from views.registers.results import registered, registered_as, standing_of

app = typer.Typer()

Number = Annotated[str, typer.Argument(metavar="NUMBER", help="option.result.number")]
Law = Annotated[str, typer.Option("--law", metavar="TEXT", help="option.result.law")]


@app.command("list")
def list_results(
    *,
    agency: OfAgency = None,
    limit: Annotated[int, typer.Option("--limit", min=1, max=500, metavar="N", help="option.limit")] = 100,
    before: Annotated[str | None, typer.Option("--before", metavar="NUMBER", help="option.result.before")] = None,
    as_json: AsJson = False,
) -> None:
    found = ask(lambda connection: registered(connection, agency, limit, before))
    more = [said("command.result.more", before=found[-1].number)] if len(found) == limit else []
    show_all(found, _LISTED, said("command.result.numbers", numbers=len(found)), *more, as_json=as_json)


@app.command()
def show(number: Number, *, as_json: AsJson = False) -> None:
    one, standing = _known(number)
    data = one.model_dump(mode="json", exclude_none=True) | {"validity": standing.validity.value}
    show_one((one, standing), _SHOWN, as_json=as_json, data=data)


@app.command()
def revoke(  # noqa: PLR0913 -- a command line has many options
    number: Number,
    *,
    actor: Actor,
    reason: Reason,
    law: Law,
    own_id: CommandId = None,
    as_json: AsJson = False,
    patience: Patience = PATIENCE,
) -> None:
    one, _ = _known(number)
    command = order(RevokeResult, actor, own_id, reason=reason, legal_basis=law)
    _give(one, command, as_json=as_json, patience=patience)


@app.command()
def correct(  # noqa: PLR0913 -- a command line has many options
    number: Number,
    *,
    actor: Actor,
    reason: Reason,
    law: Law,
    file: Annotated[str | None, typer.Option("--file", metavar="JSON", help="option.result.file")] = None,
    own_id: CommandId = None,
    as_json: AsJson = False,
    patience: Patience = PATIENCE,
) -> None:
    one, _ = _known(number)
    result = {"result": read_json(file, "--file")} if file else {}
    command = order(CorrectResult, actor, own_id, reason=reason, legal_basis=law, **result)
    _give(one, command, as_json=as_json, patience=patience)


def _give(one: RegisteredResult, command: Command, *, as_json: bool, patience: float) -> None:
    stream = result_workflow(one.filing_id, one.n)
    receipt = ask_platform(lambda client: client.act(stream, command), patience)
    print_receipt(one.filing_id, receipt, as_json=as_json)


def _known(number: str) -> tuple[RegisteredResult, ResultStanding]:
    """Returns the register's row of a number and the standing of the result; ends the command for an unknown number."""

    async def read(connection: Connection) -> tuple[RegisteredResult | None, ResultStanding | None]:
        return await registered_as(connection, number), await standing_of(connection, number)

    one, standing = ask(read)
    if one is None or standing is None:
        fail(said("refused.result.none", number=number), Exit.NOT_AVAILABLE)
    return one, standing


_LISTED: Final = columns("n:number state|result_state issued:issued_at until:expires_on corrects replaced_by")

_SHOWN: Final = columns(
    "n:0.number validity:1.validity|result_validity agency:0.agency filing:0.filing_id issued:0.issued_at",
    "until:0.expires_on copies:0.copies ended:1.ended_at corrects:0.corrects replaced_by:0.replaced_by sha256:0.sha256",
)
"""Columns of a pair: a row of the register, and the standing of its result."""
