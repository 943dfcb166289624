"""`motcua access`: unusual accesses to filings."""

from datetime import UTC, datetime, timedelta
from typing import Annotated, Final

import typer

from console.agencies import see_agency
from console.database import Connection, ask
from motcua.cli.answer import Column, columns, say, show_all
from motcua.cli.help import group
from motcua.cli.options import AsJson
from motcua.cli.running import print_json
from schemas.privacy import AccessReport
from schemas.translate import VIETNAM, said
from views.auditor import report as read_report

app = group("access")

_DAYS: Final = timedelta(days=30)


@app.command()
def report(
    *,
    agency: Annotated[str | None, typer.Option("--agency", metavar="CODE", help="option.access.agency")] = None,
    since: Annotated[
        datetime | None, typer.Option("--since", metavar="YYYY-MM-DD", formats=["%Y-%m-%d"], help="option.access.since")
    ] = None,
    as_json: AsJson = False,
) -> None:
    begins = datetime.now(UTC) - _DAYS if since is None else since.replace(tzinfo=VIETNAM)

    async def read(connection: Connection) -> AccessReport:
        async with connection.transaction(isolation="repeatable_read", readonly=True):
            return await read_report(connection, begins, agency)

    see_agency(agency)
    found = ask(read)
    if as_json:
        print_json(found.model_dump(mode="json"))
        return
    for title, rows, shown in (
        (said("command.access.busy_days"), found.busy_days, _BUSY_DAYS),
        (said("command.access.out_of_hours"), found.out_of_hours, _OUT_OF_HOURS),
        (said("command.access.not_theirs"), found.not_theirs, _NOT_THEIRS),
        (said("command.access.by_itself"), found.by_itself, _BY_ITSELF),
    ):
        if rows:
            show_all(rows, shown, title=title)
    say(said("command.access.looks", looks=found.looks, since=found.since))


_OFFICER: Final = columns("agency officer")
_BUSY_DAYS: Final = columns(*_OFFICER, "day filings", Column("median", lambda one: f"{one.median:g}"))
_OUT_OF_HOURS: Final = (*_OFFICER, Column("day", "day"), Column("looks", "looks"))
_NOT_THEIRS: Final = columns(
    *_OFFICER, "role|role", Column("filing", lambda one: one.code or one.filing_id), "looks last:last_at"
)
_BY_ITSELF: Final = columns("program:principal looks filings last:last_at")
