"""Questions of officers: the tasks of an agency, the possible commands to a stream, and officers' absences."""

from collections.abc import Sequence
from typing import Any, Final

from rules.identity.looks import Reach
from schemas.base import AgencyCode
from schemas.filing.state import Action
from schemas.people import Actor
from schemas.reading import AbsenceSummary, AskTasks, Page, TaskSummary
from views.log import Log
from views.pages import instant, key_of, page, text


async def actions(log: Log, stream: str, actor: Actor) -> list[Action]:
    """Returns every command to a stream, with the reason if this actor can't give the command now."""
    told = await log.read(stream)
    return told.kind.actions(told.state, actor, told.as_of)


async def tasks(log: Log, asked: AskTasks, reaches: Sequence[Reach] | None = None) -> Page[TaskSummary]:
    """Returns open tasks, the earliest due first. `reaches`: the filings that the reader may see; None means all."""
    key = key_of(asked.after, instant, text, text, text, text)
    statement, given = _page_of_tasks(asked, key, reaches)
    found = await log.connection.fetch(statement, *given)
    as_of = found[0]["as_of"] if found else await log.connection.fetchval("select now()")
    return page(
        Page[TaskSummary],
        as_of,
        found,
        asked.limit,
        dict,
        lambda row: (row["due_at"] or "infinity", *(row[name] for name in ("stream", "name", "agency", "role"))),
    )


def _page_of_tasks(
    asked: AskTasks, key: tuple[str, ...] | None, reaches: Sequence[Reach] | None
) -> tuple[str, list[Any]]:
    """Returns the SQL of a page of tasks, and its parameters. It has only the needed conditions, to use an index."""
    given: list[Any] = [asked.limit + 1]
    conditions = ["task.overdue"] if asked.overdue else []

    def add(condition: str, *values: Any) -> None:
        places = (f"${place}" for place in range(len(given) + 1, len(given) + len(values) + 1))
        conditions.append(condition.format(*places))
        given.extend(values)

    for name, condition in _CONDITIONS.items():
        if (value := getattr(asked, name)) is not None:
            add(condition, value)
    if key is not None:
        add(_BEHIND, *key)
    if reaches is not None and all(one.procedures for one in reaches):
        add(_OF_PROCEDURES, sorted(set().union(*(one.procedures for one in reaches))))
    return _TASKS.format(conditions=" and ".join(conditions) or "true"), given


_ORDER: Final = "task.due_key, task.stream, task.name, task.agency, task.role"
_CONDITIONS: Final = {
    "agency": "task.agency = {}",
    "role": "task.role = {}",
    "officer": "task.officer = {}",
    "acting_for": "task.acting_for = {}",
    "due_before": "task.due_key < {}",
}
_OF_PROCEDURES: Final = "filing.procedure = any({})"
_BEHIND: Final = f"({_ORDER}) > ({{}}::text::timestamptz, {{}}, {{}}, {{}}, {{}})"
_TASKS: Final = f"""
select task.stream, task.filing_id, filing.code, filing.procedure, task.agency, task.name, task.role, task.officer,
    task.acting_for, task.actions, task.due_at, task.overdue, now() as as_of
from task join filing using (filing_id) where {{conditions}} order by {_ORDER} limit $1
"""  # noqa: S608 -- joined from statements of our own


async def absences(log: Log, agency: AgencyCode) -> tuple[AbsenceSummary, ...]:
    """Returns an agency's present and future absences, the earliest first."""
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
