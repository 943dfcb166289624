"""`motcua pass-over`: what an absent officer has claimed goes to their substitute."""

from __future__ import annotations

from typing import Annotated, Any, Final

import typer
from rich.console import Console
from rich.markup import escape
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn
from rich.table import Table

from motcua import contract as c
from motcua.cli.filings import VIA, ActorText, actor_of
from motcua.cli.running import PATIENCE, AsJson, Exit, Patience, ask, out, parse, plain, print_json
from motcua.client import FilingClient
from motcua.passing_over import PassedOver

_COLUMNS: Final = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn())
_WORDS: Final = {
    "passed_over": f"[green]{c.both('cli.passed_over')}[/]",
    "already": c.both("cli.already_theirs"),
    "refused": f"[red]{c.both('cli.not_passed_over')}[/]",
}

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
        with Progress(*_COLUMNS, console=Console(stderr=True), transient=True) as bar:
            task = bar.add_task(c.both("cli.passing_over"), total=None)
            acting = client.as_(lead, VIA)
            return await acting.pass_over(absent, lambda done, of: bar.update(task, completed=done, total=of))

    done = ask(all_of_them, patience)
    if as_json:
        print_json([_row(one) for one in done])
    else:
        out().print(_table(done), soft_wrap=False)
    if any(one.outcome == "refused" for one in done):
        raise typer.Exit(Exit.REFUSED)


def _row(one: PassedOver) -> dict[str, Any]:
    receipt = plain(one.receipt) if one.receipt else None
    said = {"stream": one.stream, "code": one.code, "task": one.task, "substitute": one.substitute}
    return said | {"outcome": one.outcome, "receipt": receipt, "problems": [plain(why) for why in one.problems]}


def _table(done: list[PassedOver]) -> Table:
    table = Table(
        c.both("cli.filing"),
        c.both("cli.task"),
        c.both("cli.substitute"),
        c.both("paper.outcome"),
        c.both("cli.receipt"),
    )
    for one in done:
        why = "; ".join(c.beside(problem.message) for problem in one.problems)
        outcome = f"{_WORDS[one.outcome]} {escape(why)}" if why else _WORDS[one.outcome]
        receipt = f"seq {one.receipt.seq}" if one.receipt else ""
        table.add_row(escape(one.code), escape(one.task), escape(one.substitute), outcome, receipt)
    return table
