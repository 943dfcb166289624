"""The check for tasks left with absent officers."""

from typing import Final

from operations.doctor.finding import Finding, ok, warn
from operations.doctor.surroundings import Surroundings

_WAITING: Final = """
select agency, subject, count(distinct stream) as tasks
from absence join task using (agency, role)
where (task.officer = subject or task.acting_for = subject) and task.officer <> substitute
    and cast(now() at time zone 'Asia/Ho_Chi_Minh' as date) between first_day and last_day
group by agency, subject order by tasks desc, agency, subject
"""


async def absences(around: Surroundings) -> list[Finding]:
    """Reports each absent officer whose tasks have not been passed to their substitute."""
    async with around.record() as connection:
        found = await connection.fetch(_WAITING)
    if not found:
        return [ok("doctor.absences.none")]
    return [
        warn("doctor.absences.waiting", subject=row["subject"], agency=row["agency"], tasks=row["tasks"])
        for row in found
    ]
