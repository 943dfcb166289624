"""`motcua access`: who has looked at filings, as far as it is out of the ordinary."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from typing import Annotated, Final

import typer
from rich.markup import escape
from rich.table import Table

from motcua.cli.answer import VIETNAM, when
from motcua.cli.running import AsJson, out, print_json
from operations.commands.database import Connection, ask
from operations.commands.help_words import GROUPS
from operations.commands.printing import wide
from schemas.access import AccessReport
from views.looks import report as read_report

app = typer.Typer(
    name="access",
    help=GROUPS["access"],
    no_args_is_help=True,
    rich_markup_mode="markdown",
)

_DAYS: Final = timedelta(days=30)


@app.callback()
def _group() -> None:
    """Ai đã xem hồ sơ / Who has looked at filings."""


@app.command()
def report(
    *,
    agency: Annotated[str | None, typer.Option("--agency", metavar="CODE", help="Of this agency's officers.")] = None,
    since: Annotated[
        datetime | None,
        typer.Option("--since", metavar="YYYY-MM-DD", formats=["%Y-%m-%d"], help="From this day on; else 30 days."),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Say which looks at filings are out of the ordinary, for auditors: docs/access.md says what that is.

    Examples: `motcua access report --agency H01.12`, `motcua access report --since 2026-11-01 --json`
    """
    begins = datetime.now(UTC) - _DAYS if since is None else since.replace(tzinfo=VIETNAM)

    async def read(connection: Connection) -> AccessReport:
        async with connection.transaction(isolation="repeatable_read", readonly=True):
            return await read_report(connection, begins, agency)

    found = ask(read)
    if as_json:
        print_json(found.model_dump(mode="json"))
        return
    agencies = ("Cơ quan / Agency", "Cán bộ / Officer")
    _print(
        "Xem nhiều hơn thường ngày / Many more filings than on their other days",
        (*agencies, "Ngày / Day", "Hồ sơ / Filings", "Trung vị / Median"),
        ((one.agency, one.officer, one.day, one.filings, f"{one.median:g}") for one in found.busy_days),
    )
    _print(
        "Ngoài giờ làm việc / Outside office hours",
        (*agencies, "Ngày / Day", "Lượt xem / Looks"),
        ((one.agency, one.officer, one.day, one.looks) for one in found.out_of_hours),
    )
    _print(
        "Không có việc trong hồ sơ / With nothing to do in the filing",
        (*agencies, "Vai trò / Role", "Hồ sơ / Filing", "Lượt xem / Looks", "Lần cuối / Last"),
        (
            (one.agency, one.officer, one.role, one.code or one.filing_id, one.looks, when(one.last_at))
            for one in found.not_theirs
        ),
    )
    _print(
        "Chương trình tự xem / By programs, for nobody",
        ("Chương trình / Program", "Lượt xem / Looks", "Hồ sơ / Filings", "Lần cuối / Last"),
        ((one.principal, one.looks, one.filings, when(one.last_at)) for one in found.by_itself),
    )
    out().print(f"{found.looks} lượt xem từ / looks since {when(found.since)}")


def _print(title: str, columns: tuple[str, ...], rows: Iterable[tuple[object, ...]]) -> None:
    """A table, if there is anything in it."""
    table = Table(*columns, title=title, title_justify="left")
    for row in rows:
        table.add_row(*(escape(str(cell)) for cell in row))
    if table.rows:
        wide().print(table)
