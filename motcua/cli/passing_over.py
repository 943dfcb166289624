"""`motcua pass-over`: what an absent officer has claimed goes to their substitute."""

from __future__ import annotations

from typing import Annotated, Any, Final

import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn

from motcua import contract as c
from motcua.cli.answer import Column, columns, lines, show_all
from motcua.cli.filings import VIA, ActorText, actor_of
from motcua.cli.language import in_words
from motcua.cli.running import PATIENCE, AsJson, Exit, Patience, ask, parse, plain
from motcua.client import FilingClient
from motcua.contract import said
from motcua.passing_over import PassedOver

_PROGRESS: Final = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn())
_COLUMNS: Final = columns(
    "code task substitute outcome|command.pass_over",
    Column("why_not", lambda one: lines(problem.message for problem in one.problems)),
    Column("event", lambda one: one.receipt and one.receipt.seq),
)

app = typer.Typer()


@app.command("pass-over")
def pass_over(
    absent: Annotated[str, typer.Argument(metavar="SUBJECT", help="The officer who is absent by the directory.")],
    *,
    actor: ActorText,
    as_json: AsJson = False,
    patience: Patience = PATIENCE,
) -> None:
    """Give all that an absent officer has claimed to their substitute, task by task, as their team lead.

    It takes from nobody else. Each task has its receipt, or the reason why it stays where it is; the same again changes
    only what is left. Exit 1: some were refused.

    Example: motcua pass-over h01.12-specialist-1 --actor team_lead:h01.12-team-lead-1@H01.12
    """
    lead = parse(c.Actor, actor_of(actor))

    async def all_of_them(client: FilingClient) -> list[PassedOver]:
        with Progress(*_PROGRESS, console=Console(stderr=True), transient=True) as bar:
            task = bar.add_task(in_words(said("command.pass_over.progress")), total=None)
            acting = client.as_(lead, VIA)
            return await acting.pass_over(absent, lambda done, of: bar.update(task, completed=done, total=of))

    done = ask(all_of_them, patience)
    show_all(done, _COLUMNS, as_json=as_json, data=[_row(one) for one in done])
    if any(one.outcome == "refused" for one in done):
        raise typer.Exit(Exit.REFUSED)


def _row(one: PassedOver) -> dict[str, Any]:
    receipt = plain(one.receipt) if one.receipt else None
    row = {"stream": one.stream, "code": one.code, "task": one.task, "substitute": one.substitute}
    return row | {"outcome": one.outcome, "receipt": receipt, "problems": [plain(why) for why in one.problems]}
