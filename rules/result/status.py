"""Where a result stands: its tasks, and its rows in the register."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from rules.result.fold import declined, in_the_making, is_open, issued_first
from schemas.people import Role
from schemas.result.state import Result, ResultEntry
from schemas.stream.rows import RegisterRow, Rows, Standing, TaskRow


def standing(result: Result) -> Standing:
    """Where a result stands. A filing waits to hear of the first that was signed."""
    heard_as = ("result_issued",) if issued_first(result) else ()
    return Standing(n=result.n, open=is_open(result), heard_as=heard_as)


def rows(result: Result) -> Rows:
    """Whose task it is."""
    return Rows(tasks=tuple(_tasks(result)))


def _tasks(result: Result) -> Iterator[TaskRow]:
    if declined(result):
        yield _task(result, "sign_again", Role.LEADER, "sign_again")
    if (signer := result.awaited) is not None:
        whose = {"officer": signer.officer, "acting_for": signer.acting_for}
        yield _task(result, f"sign:{signer.place}", signer.role, "decline_signature", **whose)
    if in_the_making(result) and result.machine_failing is not None:
        yield _task(result, "machine:issue", Role.TEAM_LEAD)


def _task(result: Result, name: str, role: Role, *actions: str, **whose: str | None) -> TaskRow:
    return TaskRow(name=name, agency=result.agency, role=role, actions=actions, overdue=False, **whose)


def results(result: Result) -> tuple[dict[str, Any], ...]:
    """What the stream says in the register of each of its numbers: of what the filing issued only what became of it."""
    adopted = (result.entries[0],) if result.adopted else ()
    own = (_row(result, entry) for entry in result.entries[len(adopted) :])
    return (*(_what_became(result, entry) for entry in adopted), *own)


def _what_became(result: Result, entry: ResultEntry) -> dict[str, Any]:
    shown = {"number", "n", "state", "ended_at", "replaced_by", "renewed"}
    return {name: value for name, value in _row(result, entry).items() if name in shown}


def _row(result: Result, entry: ResultEntry) -> dict[str, Any]:
    begun = result.order or result  # of who was erased the order is gone
    row = RegisterRow(
        number=entry.registered,
        n=result.n,
        outcome=begun.outcome or "",
        sha256=entry.issued.sha256 if entry.issued else None,
        **{name: getattr(entry, name) for name in _KEPT},
    )
    return row.model_dump(mode="json")


_KEPT = (
    *("issued_at", "expires_on", "copies"),
    *("state", "ended_at", "corrects", "replaced_by", "renewed"),
)
