"""`motcua tasks`: the officers' queues."""

from __future__ import annotations

from typing import Annotated

import typer
from rich.markup import escape
from rich.table import Table

from motcua.cli.answer import when
from motcua.cli.running import AsJson, out, print_json
from operations.commands.database import Connection, ask
from operations.commands.printing import wide
from rules.streams import KINDS
from schemas.people import Role
from schemas.reading import AskTasks, Page, TaskSummary
from views.log import Log, no_keys
from views.officer import tasks as read_tasks

app = typer.Typer()


@app.command()
def tasks(
    *,
    agency: Annotated[str | None, typer.Option("--agency", metavar="CODE", help="Of this agency.")] = None,
    role: Annotated[Role | None, typer.Option("--role", help="Of this role.")] = None,
    officer: Annotated[
        str | None, typer.Option("--officer", metavar="SUBJECT", help="Claimed by this officer.")
    ] = None,
    overdue: Annotated[bool, typer.Option("--overdue", help="Only what is late.")] = False,
    limit: Annotated[int, typer.Option("--limit", min=1, max=500, metavar="N", help="So many at most.")] = 500,
    as_json: AsJson = False,
) -> None:
    """List what waits for whom, what is due first first.

    Examples: `motcua tasks --agency H01.12 --role specialist`, `motcua tasks --overdue --json`
    """
    asked = AskTasks(agency=agency, role=role, officer=officer, overdue=overdue, limit=limit)

    async def read(connection: Connection) -> Page[TaskSummary]:
        return await read_tasks(Log(connection, no_keys, KINDS), asked)

    page = ask(read)
    if as_json:
        print_json([task.model_dump(mode="json") for task in page.rows])
        return
    table = Table(
        "Hạn / Due",
        "Hồ sơ / Filing",
        "Thủ tục / Procedure",
        "Việc / Task",
        "Vai trò / Role",
        "Cán bộ / Officer",
        "Có thể / Can",
    )
    for task in page.rows:
        late = "[red]quá hạn / overdue[/] " if task.overdue else ""
        due = f"{late}{when(task.due_at) if task.due_at else ''}"
        acting = f" (thay / for {task.acting_for})" if task.acting_for else ""
        who = f"{task.officer or ''}{acting}"
        cells = (task.code, task.procedure, task.name, task.role, who, ", ".join(task.actions))
        table.add_row(due, *map(escape, cells))
    wide().print(table)
    more = "" if page.next is None else " (còn nữa / there are more: --limit)"
    out().print(f"{len(page.rows)} việc / tasks{more}")
