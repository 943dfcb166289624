"""`motcua tasks`: the officers' queues."""

from typing import Annotated, Final

import typer

from console.database import ask
from motcua.cli.answer import Column, columns, show_all
from motcua.cli.options import AsJson, OfAgency
from motcua.cli.showing import late
from rules.streams import KINDS
from schemas.people import Role
from schemas.reading import AskTasks
from schemas.translate import said
from views.log import Log, no_keys
from views.officer import tasks as read_tasks

app = typer.Typer()


@app.command()
def tasks(
    *,
    agency: OfAgency = None,
    role: Annotated[Role | None, typer.Option("--role", help="option.tasks.role")] = None,
    officer: Annotated[str | None, typer.Option("--officer", metavar="SUBJECT", help="option.tasks.officer")] = None,
    overdue: Annotated[bool, typer.Option("--overdue", help="option.tasks.overdue")] = False,
    limit: Annotated[int, typer.Option("--limit", min=1, max=500, metavar="N", help="option.limit")] = 500,
    as_json: AsJson = False,
) -> None:
    asked = AskTasks(agency=agency, role=role, officer=officer, overdue=overdue, limit=limit)

    page = ask(lambda connection: read_tasks(Log(connection, no_keys, KINDS), asked))
    below = [said("command.tasks.count", tasks=len(page.rows))]
    below += [] if page.next is None else [said("command.tasks.more")]
    data = [task.model_dump(mode="json") for task in page.rows]
    show_all(page.rows, _COLUMNS, *below, as_json=as_json, data=data)


_COLUMNS: Final = columns(
    Column("due", lambda task: late(task.due_at, overdue=task.overdue)),
    "code procedure task:name role|role officer acting_for actions",
)
