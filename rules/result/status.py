"""The status of a result: its tasks, its waits, and its rows in the register."""

from collections.abc import Iterator
from typing import Any, Final

from rules.require import shared
from rules.result.fold import declined, in_the_making, is_open, issued_first
from rules.waiting import Wait, Waits
from schemas.filing.events import MachineWorkFailing
from schemas.people import Role
from schemas.result.state import Result, ResultEntry
from schemas.stream.rows import RegisterRow, Rows, Standing, TaskRow


def standing(result: Result) -> Standing:
    """The status of a result. The filing waits for the first signed result."""
    heard_as = ("result_issued",) if issued_first(result) else ()
    return Standing(n=result.n, open=is_open(result), heard_as=heard_as)


def rows(result: Result) -> Rows:
    """The tasks of a result."""
    return Rows(tasks=tuple(_tasks(result)))


def _tasks(result: Result) -> Iterator[TaskRow]:
    if declined(result):
        yield _task(result, "sign_again", Role.LEADER, "sign_again")
    if (signer := result.awaited) is not None:
        whose = {"officer": signer.officer, "acting_for": signer.acting_for}
        yield _task(result, f"sign:{signer.place}", signer.role, "decline_signature", **whose)
    if _is_failing(result):
        yield _task(result, "machine:issue", Role.TEAM_LEAD)


def _is_failing(result: Result) -> bool:
    """Whether the result's file or a signature can't be obtained at present."""
    return in_the_making(result) and result.machine_failing is not None


def _unsigned(result: Result) -> Iterator[Wait]:
    """The wait for a signature that fails."""
    if _is_failing(result) and (signer := result.awaited) is not None:
        yield Wait(since=result.failing_since, of=signer.officer, place=signer.place, why=result.error)


def _without_file(result: Result) -> Iterator[Wait]:
    """The wait for a file that can be signed."""
    if _is_failing(result) and result.awaited is None:
        yield Wait(since=result.failing_since, why=result.error)


_FAILED: Final = frozenset({MachineWorkFailing})
WAITS: Final = (
    Waits(_unsigned, _FAILED, "doctor.signing.waiting"),
    Waits(_without_file, _FAILED, "doctor.signing.no_file"),
)


def _task(result: Result, name: str, role: Role, *actions: str, **whose: str | None) -> TaskRow:
    return TaskRow(name=name, agency=result.agency, role=role, actions=actions, overdue=False, **whose)


def results(result: Result) -> tuple[dict[str, Any], ...]:
    """The rows of the register of results. For a result that the filing issued, only the columns of later changes."""
    adopted = (result.entries[0],) if result.adopted else ()
    own = (_row(result, entry) for entry in result.entries[len(adopted) :])
    return (*(_what_became(result, entry) for entry in adopted), *own)


def _what_became(result: Result, entry: ResultEntry) -> dict[str, Any]:
    shown = {"number", "n", "state", "ended_at", "replaced_by", "renewed"}
    return {name: value for name, value in _row(result, entry).items() if name in shown}


def _row(result: Result, entry: ResultEntry) -> dict[str, Any]:
    begun = result.order or result  # an erased result has no order
    own = {"number": entry.registered, "n": result.n, "outcome": begun.outcome or ""}
    sha256 = entry.issued.sha256 if entry.issued else None
    return RegisterRow(**shared(RegisterRow, entry), **own, sha256=sha256).model_dump(mode="json")
