"""The absences of officers, and the erasure of former officers' names. Both need the rights of the database's owner."""

from datetime import date
from typing import Final, NamedTuple

from console.database import Connection, Database
from publishing.record.publications import place_of
from publishing.record.publishing import PLATFORM, Publisher, publishing
from rules.require import require
from rules.retention import ended_by
from rules.rule import refuse
from schemas.errors import Problem, problem
from schemas.publishing.events import AbsenceRecorded, AbsenceWithdrawn, OfficerErased


class Absence(NamedTuple):
    """An officer's absence in a role, from the first day to the last (both included), and the substitute."""

    agency: str
    officer: str
    role: str
    first_day: date
    last_day: date
    substitute: str


class AbsenceRefusedError(Exception):
    """An absence was not recorded; `problems` has the reasons."""

    def __init__(self, problems: list[Problem]) -> None:
        super().__init__("; ".join(problem.message.en for problem in problems))
        self.problems = problems


async def record_absence(database: Database, absence: Absence, by: Publisher = PLATFORM) -> bool:
    """Records an absence, or changes the end or substitute of an absence that begins on the same day.

    Returns whether the same absence was recorded before. Raises `AbsenceRefusedError` with every problem.
    """
    async with publishing(database, by) as now:
        if await now.connection.fetchval(_RECORDED, *absence):
            return True
        if found := await misfits(now.connection, absence):
            raise AbsenceRefusedError(found)
        await now.publish([AbsenceRecorded.model_validate(absence._asdict() | {"subject": absence.officer})])
    return False


async def misfits(connection: Connection, absence: Absence) -> list[Problem]:
    """Returns the reasons why an absence does not fit the present directory."""
    return [_PROBLEMS[row["rule"]] for row in await connection.fetch(_WRONG, *absence)]


async def withdraw_absence(
    database: Database, agency: str, officer: str, role: str, first_day: date, by: Publisher = PLATFORM
) -> bool:
    """Withdraws the absence that begins on `first_day`. Returns False if there is none."""
    async with publishing(database, by) as now:
        there: bool = await now.connection.fetchval(_THERE, agency, officer, role, first_day)
        if there:
            await now.publish([AbsenceWithdrawn(agency=agency, subject=officer, role=role, first_day=first_day)])
    return there


_RECORDED: Final = """
select exists (select from absence where (agency, subject, role, first_day, last_day, substitute)
    = ($1, $2, $3, $4, $5, $6))
"""
_WRONG: Final = """
with other as (
    select * from absence where agency = $1 and role = $3 and (subject, first_day) <> ($2, $4)
        and first_day <= $5 and last_day >= $4
), at_work as (
    select subject from officer where agency = $1 and role = $3 and active
)
select rule from (values
    ('ends_before_it_begins', $5::date < $4::date),
    ('not_in_directory', not exists (select from at_work where subject = $2)),
    ('substitute_not_in_directory', not exists (select from at_work where subject = $6)),
    ('same_person', $2 = $6),
    ('absent_already', exists (select from other where subject = $2)),
    ('substitute_absent', exists (select from other where subject = $6)),
    ('acts_for_another', exists (select from other where substitute = $2))
) as checked (rule, wrong) where wrong
"""
_THERE: Final = "select exists (select from absence where (agency, subject, role, first_day) = ($1, $2, $3, $4))"

_PROBLEMS: Final = {
    one.rule: one
    for one in (
        problem("last_day", "ends_before_it_begins"),
        problem("officer", "not_in_directory", says="not_at_work"),
        problem("substitute", "substitute_not_in_directory"),
        problem("substitute", "same_person"),
        problem("first_day", "absent_already"),
        problem("substitute", "substitute_absent"),
        problem("officer", "acts_for_another"),
    )
}


async def erase_officer(database: Database, agency: str, subject: str, reason: str, years: int, by: Publisher) -> None:
    """Requests the erasure of an officer who left this many `years` ago or more.

    The request waits for a second operator (`WaitsError`). Raises `RefusalError` if the officer is unknown, in office,
    erased already, or left too recently.
    """
    async with publishing(database, by) as now:
        row = require(await now.connection.fetchrow(_ROLES, agency, subject))
        if not row["roles"]:
            raise refuse(problem("subject", "nothing_recorded"))
        if row["active"]:
            raise refuse(problem("subject", "officer_in_office"))
        event = OfficerErased(agency=agency, subject=subject, roles=tuple(row["roles"]), reason=reason)
        history = require(await now.connection.fetchrow(_HISTORY, place_of(event).stream))
        if history["erased"]:
            raise refuse(problem("subject", "erased"))
        if history["left_at"] is None or history["left_at"] >= ended_by(now.at, years):
            raise refuse(problem("subject", "officer_kept", years=years))
        await now.publish([event])


_ROLES: Final = """
select array_agg(role order by role) as roles, bool_or(active) as active from officer where agency = $1 and subject = $2
"""
_HISTORY: Final = """
select max(occurred_at) filter (where kind = 'officer_entered') as left_at,
    coalesce(bool_or(kind = 'officer_erased'), false) as erased
from event where stream = $1
"""
