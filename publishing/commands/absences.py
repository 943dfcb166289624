"""`motcua directory absence`, `present`, `erase`: officers' absences and substitutes; erasure of officers who left."""

import os
from datetime import datetime
from typing import Annotated, Final

import typer
from pydantic_core import to_jsonable_python

from console.addresses import OWNER
from console.database import address
from motcua.cli.answer import Column, show_one, tell
from motcua.cli.options import Agency, AsJson, MaybeOperator, Operator, Reason
from motcua.cli.running import Exit, fail, note, problem_line
from publishing.authoring.absences import Absence, AbsenceRefusedError, record_absence, withdraw_absence
from publishing.authoring.leaving import erase_officer
from publishing.commands.directory import absence_words
from publishing.commands.directory import app as app
from publishing.commands.publisher import publisher, recorded, recorded_now
from schemas.people import Role
from schemas.translate import said

YEARS: Final = "MOTCUA_OFFICER_YEARS"
USUAL_YEARS: Final = 10
"""Default number of years for which an officer's name is kept after they left (unconfirmed)."""

_FORM: Final = ["%Y-%m-%d"]

Officer = Annotated[str, typer.Argument(metavar="SUBJECT", help="option.absence.officer")]
OfficersRole = Annotated[Role, typer.Argument(metavar="ROLE", help="option.absence.role")]
FirstDay = Annotated[datetime, typer.Option("--from", metavar="YYYY-MM-DD", formats=_FORM, help="option.absence.from")]
LastDay = Annotated[datetime, typer.Option("--to", metavar="YYYY-MM-DD", formats=_FORM, help="option.absence.to")]
Substitute = Annotated[str, typer.Option("--substitute", metavar="SUBJECT", help="option.absence.substitute")]


@app.command()
def absence(  # noqa: PLR0913 -- a command line has many options
    agency: Agency,
    officer: Officer,
    role: OfficersRole,
    *,
    first_day: FirstDay,
    last_day: LastDay,
    substitute: Substitute,
    by: MaybeOperator = None,
    as_json: AsJson = False,
) -> None:
    away = Absence(agency, officer, role, first_day.date(), last_day.date(), substitute)
    try:
        already = recorded(lambda: record_absence(address(OWNER), away, publisher(by)))
    except AbsenceRefusedError as no:
        for wrong in no.problems:
            note(problem_line(wrong))
        fail(said("refused.absence.not_recorded"), Exit.REFUSED, {"problems": no.problems}, detail=officer)
    data = to_jsonable_python(away._asdict()) | {"already": already}
    columns = (Column("state", lambda _: recorded_now(already=already)), Column("absence", absence_words))
    show_one(data, (Column("officer", lambda _: officer), *columns), as_json=as_json, data=data)


@app.command()
def erase(
    agency: Agency,
    officer: Officer,
    *,
    reason: Reason,
    actor: Operator,
    as_json: AsJson = False,  # noqa: ARG001 -- every end of the command prints by itself
) -> None:
    years = os.environ.get(YEARS) or ""
    kept = int(years) if years.isdecimal() else USUAL_YEARS
    by = publisher(actor)
    recorded(lambda: erase_officer(address(OWNER), agency, officer, reason, kept, by))


@app.command()
def present(
    agency: Agency,
    officer: Officer,
    role: OfficersRole,
    *,
    first_day: FirstDay,
    by: MaybeOperator = None,
    as_json: AsJson = False,
) -> None:
    day = first_day.date()
    gone = recorded(lambda: withdraw_absence(address(OWNER), agency, officer, role, day, publisher(by)))
    tell(said("command.absence.taken_back" if gone else "command.absence.none"), {"withdrawn": gone}, as_json=as_json)
