"""`motcua directory absence`, `present` and `erase`: which officers are absent, who acts for them, and who left."""

from __future__ import annotations

import os
from datetime import datetime
from typing import Annotated, Final

import typer
from pydantic_core import to_jsonable_python

from motcua.cli.answer import Column, say, show_one
from motcua.cli.running import AsJson, Exit, fail, note, plain, print_json
from operations.addresses import OWNER
from operations.commands.database import address
from operations.commands.principals import Actor, Reason
from operations.commands.publishing.directory import absence_words
from operations.commands.publishing.directory import app as app
from operations.commands.publishing.publisher import By, publisher, recorded, recorded_now
from operations.publishing.absences import Absence, AbsenceRefusedError, record_absence, withdraw_absence
from operations.publishing.leaving import erase_officer
from schemas.people import Role
from schemas.saying import said as words

YEARS: Final = "MOTCUA_OFFICER_YEARS"
USUAL_YEARS: Final = 10
"""For so long after an officer left their name is kept (unconfirmed)."""

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
    by: By = None,
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
        already = recorded(lambda: record_absence(address(OWNER), said, publisher(by)))
    except AbsenceRefusedError as no:
        for wrong in no.problems:
            note(f"{wrong.field}: {wrong.message.vi} / {wrong.message.en} ({wrong.rule})")
        told = {"problems": [plain(wrong) for wrong in no.problems]}
        fail(f"chưa ghi / not recorded: {officer}", Exit.REFUSED, told)
    data = to_jsonable_python(said._asdict()) | {"already": already}
    columns = (Column("state", lambda _: recorded_now(already=already)), Column("absence", absence_words))
    show_one(data, (Column("officer", lambda _: officer), *columns), as_json=as_json, data=data)


@app.command()
def erase(
    agency: Agency,
    officer: Officer,
    *,
    reason: Reason,
    actor: Actor,
    as_json: AsJson = False,  # noqa: ARG001 -- how it ends is said by whoever ends it
) -> None:
    """Ask for the name of an officer who left to be erased: it waits, exit code 3, for another operator's `approve`.

    Refused while they are in office, and for MOTCUA_OFFICER_YEARS after they left. Their deeds stay, under their
    subject; so does the number of a signer in the entry of an agency, which the agency's next entry replaces.

    Example: `motcua directory erase H01.12 h01.12-specialist-1 --reason "asked for, 15/PYC"
    --as operator:h01.12-operator-1@H01.12`
    """
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
    by: By = None,
    as_json: AsJson = False,
) -> None:
    """Take back an absence that was recorded, by its first day. Who came back early is given another last day instead.

    Example: `motcua directory present H01.12 h01.12-specialist-1 specialist --from 2026-12-01`
    """
    day = first_day.date()
    gone = recorded(lambda: withdraw_absence(address(OWNER), agency, officer, role, day, publisher(by)))
    if as_json:
        print_json({"withdrawn": gone})
    else:
        say(words("command.absence.taken_back" if gone else "command.absence.none"))
