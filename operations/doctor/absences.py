"""Whether somebody who is absent still has tasks that nobody does."""

from __future__ import annotations

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
    """Whose tasks wait for their substitute."""
    async with around.record() as connection:
        found = await connection.fetch(_WAITING)
    if not found:
        return [
            ok("việc của ai vắng mặt cũng có người thay", "whoever is absent has a substitute at all of their tasks")
        ]
    return [
        warn(
            f"{row['subject']} ({row['agency']}) vắng mặt, {row['tasks']} việc chưa ai làm thay",
            f"{row['subject']} ({row['agency']}) is absent, and nobody acts for them on {row['tasks']} tasks",
            fix_vi=f"phụ trách Bộ phận Một cửa chuyển việc: `motcua pass-over {row['subject']}`",
            fix_en=f"their team lead passes them over: `motcua pass-over {row['subject']}`",
        )
        for row in found
    ]
