"""What an officer may read: the queues of an agency, and what can be done with what stands in them."""

from __future__ import annotations

from typing import Any, Final

from schemas.filing.state import Action
from schemas.people import Actor
from schemas.reading import AskTasks, Page, TaskSummary
from views.log import Log
from views.pages import instant, key_of, page, text


async def actions(log: Log, stream: str, actor: Actor) -> list[Action]:
    """Every command that a stream takes, and whether this actor can give it now, with the reason where not."""
    told = await log.read(stream)
    return told.kind.actions(told.state, actor, told.as_of)


async def tasks(log: Log, asked: AskTasks) -> Page[TaskSummary]:
    """What waits for whom, what is due first first."""
    key: tuple[Any, ...] = key_of(asked.after, instant, text, text, text, text) or (None,) * 5
    filters = (asked.agency, asked.role, asked.officer, asked.overdue, asked.due_before)
    found = await log.connection.fetch(_TASKS, *filters, *key, asked.limit + 1)
    as_of = found[0]["as_of"] if found else await log.connection.fetchval("select now()")
    return page(
        as_of,
        found,
        asked.limit,
        lambda row: TaskSummary.model_validate(dict(row)),
        lambda row: tuple(row[name] for name in ("due_key", "stream", "name", "agency", "role")),
    )


_TASKS: Final = """
select task.stream, task.filing_id, filing.code, filing.procedure, task.agency, task.name, task.role, task.officer,
    task.actions, task.due_at, task.overdue, now() as as_of,
    coalesce(task.due_at, 'infinity')::text as due_key
from task join filing using (filing_id)
where ($1::text is null or task.agency = $1) and ($2::text is null or task.role = $2)
    and ($3::text is null or task.officer = $3) and (task.overdue or not $4)
    and ($5::timestamptz is null or task.due_at < $5)
    and ($6::text is null or (coalesce(task.due_at, 'infinity'), task.stream, task.name, task.agency, task.role)
        > ($6::text::timestamptz, $7::text, $8::text, $9::text, $10::text))
order by coalesce(task.due_at, 'infinity'), task.stream, task.name, task.agency, task.role
limit $11
"""
