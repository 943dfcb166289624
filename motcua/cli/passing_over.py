"""`motcua pass-over`: reassigns the claimed tasks of an absent officer to their substitute."""

from typing import Annotated, Final

import typer

from motcua import contract as c
from motcua.calls.passing_over import PassedOver
from motcua.cli.answer import Column, columns, lines, show_all
from motcua.cli.options import PATIENCE, VIA, Actor, AsJson, Patience, actor_of
from motcua.cli.progress import progress
from motcua.cli.running import ask, exit_if, parse
from motcua.client import FilingClient

_COLUMNS: Final = columns(
    "code task substitute outcome|command.pass_over",
    Column("why_not", lambda one: lines(problem.message for problem in one.problems)),
    Column("event", lambda one: one.receipt and one.receipt.seq),
)

app = typer.Typer()


@app.command("pass-over")
def pass_over(
    absent: Annotated[str, typer.Argument(metavar="SUBJECT", help="option.absent")],
    *,
    actor: Actor,
    as_json: AsJson = False,
    patience: Patience = PATIENCE,
) -> None:
    lead = parse(c.Actor, actor_of(actor))

    async def all_of_them(client: FilingClient) -> list[PassedOver]:
        with progress("command.pass_over.progress") as moved:
            acting = client.as_(lead, VIA)
            return await acting.pass_over(absent, moved)

    done = ask(all_of_them, patience)
    show_all(done, _COLUMNS, as_json=as_json)
    exit_if(any(one.outcome == "refused" for one in done))
