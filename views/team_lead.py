"""Questions of a team lead besides the agency's tasks: the absences of officers."""

from typing import Final

from schemas.base import AgencyCode
from schemas.reading import AbsenceSummary
from views.log import Log


async def absences(log: Log, agency: AgencyCode) -> tuple[AbsenceSummary, ...]:
    """Returns the absences that are not over, the earliest first."""
    rows = await log.connection.fetch(_ABSENCES, agency)
    return tuple(AbsenceSummary.model_validate(dict(row)) for row in rows)


_ABSENCES: Final = """
select subject as officer, role, first_day, last_day, substitute, first_day <= today as begun, (
    select count(*) from (
        select stream from task where (agency, role, officer) = (absence.agency, absence.role, absence.subject)
        union
        select stream from task where (agency, role, acting_for) = (absence.agency, absence.role, absence.subject)
            and officer <> absence.substitute
    ) as waiting
) as tasks
from absence, cast(now() at time zone 'Asia/Ho_Chi_Minh' as date) as today
where agency = $1 and last_day >= today order by first_day, subject, role
"""
