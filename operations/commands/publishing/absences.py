"""`motcua directory absence` and `present`: which officers are absent, and who acts for them."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Final

import typer
from pydantic_core import to_jsonable_python
from rich.markup import escape

from motcua.cli.running import AsJson, Exit, fail, note, out, plain, print_json
from operations.addresses import OWNER
from operations.commands.database import ask
from operations.commands.publishing.directory import absence_words
from operations.commands.publishing.directory import app as app
from operations.publishing.absences import Absence, AbsenceRefusedError, record_absence, withdraw_absence
from schemas.people import Role

_FORM: Final = ["%Y-%m-%d"]

Agency = Annotated[str, typer.Argument(metavar="AGENCY", help="The agency's code.")]
Officer = Annotated[str, typer.Argument(metavar="SUBJECT", help="The officer's subject in the directory.")]
OfficersRole = Annotated[Role, typer.Argument(metavar="ROLE", help="The role in which they are absent.")]
FirstDay = Annotated[datetime, typer.Option("--from", metavar="YYYY-MM-DD", formats=_FORM, help="The first day.")]
LastDay = Annotated[datetime, typer.Option("--to", metavar="YYYY-MM-DD", formats=_FORM, help="The last day.")]
Substitute = Annotated[str, typer.Option("--substitute", metavar="SUBJECT", help="Who acts for them.")]


@app.command()
def absence(  # noqa: PLR0913 -- a command line has many options
    agency: Agency,
    officer: Officer,
    role: OfficersRole,
    *,
    first_day: FirstDay,
    last_day: LastDay,
    substitute: Substitute,
    as_json: AsJson = False,
) -> None:
    """Record that an officer is absent, from the first to the last day, and who acts for them: one in the same role.

    With the same first day again it changes the last day or the substitute. What the officer has claimed is passed over
    by `motcua pass-over`.

    Example: `motcua directory absence H01.12 h01.12-specialist-1 specialist --from 2026-12-01 --to 2026-12-14
    --substitute h01.12-specialist-2`
    """
    said = Absence(agency, officer, role, first_day.date(), last_day.date(), substitute)
    try:
        already = ask(lambda connection: record_absence(connection, said), OWNER)
    except AbsenceRefusedError as no:
        for wrong in no.problems:
            note(f"{wrong.field}: {wrong.message.vi} / {wrong.message.en} ({wrong.rule})")
        told = {"problems": [plain(wrong) for wrong in no.problems]}
        fail(f"chưa ghi / not recorded: {officer}", Exit.REFUSED, told)
    if as_json:
        print_json(to_jsonable_python(said._asdict()) | {"already": already})
    else:
        word = "đã ghi trước đó / recorded already" if already else "đã ghi / recorded"
        out().print(f"[green]{word}[/] {escape(officer)}: {absence_words(said._asdict())}")


@app.command()
def present(
    agency: Agency,
    officer: Officer,
    role: OfficersRole,
    *,
    first_day: FirstDay,
    as_json: AsJson = False,
) -> None:
    """Take back an absence that was recorded, by its first day. Who came back early is given another last day instead.

    Example: `motcua directory present H01.12 h01.12-specialist-1 specialist --from 2026-12-01`
    """
    gone = ask(lambda connection: withdraw_absence(connection, agency, officer, role, first_day.date()), OWNER)
    if as_json:
        print_json({"withdrawn": gone})
    else:
        out().print("[green]đã xóa / taken back[/]" if gone else "không có / there was none")
