"""`motcua directory`: loads and lists agencies and officers; records absences; erases officers who left.

Its commands need the rights of the database's owner.
"""

import json
import os
from collections.abc import Mapping
from datetime import datetime
from typing import Annotated, Any, Final

import typer
from pydantic_core import to_jsonable_python

from console.agencies import see_agency
from console.database import OWNER, Connection, address, ask
from motcua.cli.answer import Column, columns, lines, show_all, show_one, tell
from motcua.cli.help import group
from motcua.cli.language import in_words
from motcua.cli.options import Agency, AsJson, MaybeOperator, Operator, Reason
from motcua.cli.running import Exit, fail, note, print_json, problem_line
from publishing.authoring.absences import Absence, AbsenceRefusedError, erase_officer, record_absence, withdraw_absence
from publishing.authoring.procedures import MistakesFoundError, seed_directory
from publishing.commands.mistakes import File
from publishing.commands.publisher import publisher, recorded, recorded_now
from schemas.base import Text
from schemas.people import Role
from schemas.translate import said

AGENCIES: Final = """
select agency, name_vi, name_en, kind, province, namespace, queue, receives_for from agency order by agency
"""
OFFICERS: Final = """
select agency, subject, name, array_agg(role order by role) as roles, bool_or(active) as active, (
    select coalesce(json_agg(to_jsonb(absence) - 'agency' - 'subject' order by first_day, role), '[]') from absence
    where (absence.agency, absence.subject) = (officer.agency, officer.subject)
        and last_day >= cast(now() at time zone 'Asia/Ho_Chi_Minh' as date)
) as absences
from officer group by agency, subject, name order by agency, subject
"""

app = group("directory")


@app.command()
def load(file: File, *, by: MaybeOperator = None, as_json: AsJson = False) -> None:
    data, dsn = file.read_bytes(), address(OWNER)
    try:
        directory = recorded(lambda: seed_directory(dsn, data, publisher(by)))
    except MistakesFoundError as found:
        for entry in found.mistakes:
            place = f"{file}:{entry.line}" if entry.line else str(file)
            note(f"{place} {entry.path}: {in_words(entry.message)}: {in_words(entry.fix)} ({entry.rule})")
        fail(said("refused.directory.mistakes", file=file, mistakes=len(found.mistakes)), Exit.REFUSED)
    officers = sum(len(agency.officers) for agency in directory.agencies)
    counts = {"agencies": len(directory.agencies), "officers": officers}
    show_one(counts, columns("agencies officers"), as_json=as_json, data=counts)


@app.command("list")
def list_all(*, as_json: AsJson = False) -> None:
    agencies = ask(_read)
    if as_json:
        print_json(agencies)
        return
    show_all(agencies, _AGENCIES)
    show_all(((agency["agency"], officer) for agency in agencies for officer in agency["officers"]), _OFFICERS)


_AGENCIES: Final = columns(
    "agency",
    Column("name", lambda agency: Text(vi=agency["name_vi"], en=agency["name_en"])),
    "kind|agency_kind receives_for",
    Column("queue", lambda agency: f"{agency['namespace']}/{agency['queue']}"),
)
_OFFICERS: Final = columns(
    "agency:0 officer:1.subject name:1.name role:1.roles in_office:1.active",
    Column("absence", lambda row: lines(f"{away['role']} {absence_words(away)}" for away in row[1]["absences"])),
)


async def _read(connection: Connection) -> list[dict[str, Any]]:
    agencies = [dict(row) | {"officers": []} for row in await connection.fetch(AGENCIES)]
    by_code = {agency["agency"]: agency["officers"] for agency in agencies}
    for row in await connection.fetch(OFFICERS):
        officer = dict(row) | {"absences": json.loads(row["absences"])}
        by_code[officer.pop("agency")].append(officer)
    return agencies


def absence_words(away: Mapping[str, Any]) -> str:
    """Returns an absence in words, on one line."""
    days = {"first": away["first_day"], "last": away["last_day"]}
    return in_words(said("command.absence.days", **days, substitute=away["substitute"]))


USUAL_YEARS: Final = 10
"""Default number of years for which an officer's name is kept after the officer left (unconfirmed)."""

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
    years = os.environ.get("MOTCUA_OFFICER_YEARS") or ""
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
    see_agency(agency, OWNER)
    day = first_day.date()
    gone = recorded(lambda: withdraw_absence(address(OWNER), agency, officer, role, day, publisher(by)))
    tell(said("command.absence.taken_back" if gone else "command.absence.none"), {"withdrawn": gone}, as_json=as_json)
