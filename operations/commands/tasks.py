"""`motcua tasks`: the officers' queues."""

from __future__ import annotations

from typing import Annotated, Any, Final

import typer
from rich.markup import escape
from rich.table import Table

from motcua.cli.running import AsJson, out, print_json
from motcua.cli.showing import when
from operations.commands.database import Connection, ask
from operations.commands.printing import wide
from operations.commands.record import plain
from schemas.people import Role

TASKS: Final = """
select filing_id, code, agency, procedure, name, role, officer, actions, due_at, overdue, created_at from task
where ($1::text is null or agency = $1) and ($2::text is null or role = $2) and ($3::text is null or officer = $3)
      and (overdue or not $4)
order by due_at nulls last, code, role
"""

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
    as_json: AsJson = False,
) -> None:
    """List what waits for whom, what is due first first.

    Examples: `motcua tasks --agency H01.12 --role specialist`, `motcua tasks --overdue --json`
    """

    async def read(connection: Connection) -> list[Any]:
        return await connection.fetch(TASKS, agency, role, officer, overdue)

    rows = ask(read)
    if as_json:
        print_json([plain(row) for row in rows])
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
    for row in rows:
        late = "[red]quá hạn / overdue[/] " if row["overdue"] else ""
        due = f"{late}{when(row['due_at']) if row['due_at'] else ''}"
        cells = (
            row["code"],
            row["procedure"],
            row["name"],
            row["role"],
            row["officer"] or "",
            ", ".join(row["actions"]),
        )
        table.add_row(due, *map(escape, cells))
    wide().print(table)
    out().print(f"{len(rows)} việc / tasks")
