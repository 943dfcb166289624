"""The matrix of the streams beside the filing, computed from every state that a simulation of their rules reaches."""

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from functools import partial
from itertools import groupby
from typing import Any, Final

from docs.tools.law.articles import OF_STREAMS, cited
from rules.refund import fold as of_refund
from rules.result import fold as of_result
from rules.rule import ANYBODY
from rules.streams import KINDS
from schemas.filing.commands import ChangeCalendar
from schemas.papers.state import OfficialPapers
from schemas.people import OFFICERS, SYSTEM, Role
from schemas.refund.state import Refund
from schemas.result.state import Result
from tests.unit.complaint.disputes import complain, reasons
from tests.unit.filing.lives import APPLICANT, CALENDAR, FILE, REPRESENTATIVE, officer
from tests.unit.stream import plays
from tests.unit.stream.reached import Play, Reached, reached

NOTHING: Final = "–"
"""The state of a stream before its first event."""


@dataclass(frozen=True)
class StreamRow:
    """A command that a role may give to a stream: the states before and after it, and its legal basis."""

    stream: str
    command: str
    role: str
    before: str
    after: str
    article: str
    repealed: str


def stream_rows() -> tuple[StreamRow, ...]:
    """Returns the rows of all kinds but the filing. Raises `KeyError` if a command has no legal basis."""
    return tuple(row for kind in PLAYS for row in _rows(kind))


def reached_states(kind: str) -> Reached:
    """Returns the states that streams of this kind reach, if one officer of each role and the applicant's side act."""
    officers = tuple(officer(role) for role in Role if role in OFFICERS)
    play = PLAYS[kind](officers, (APPLICANT, REPRESENTATIVE))
    return reached(_on_another_calendar(play), _MOST)


PLAYS: Final[dict[str, Callable[..., Play]]] = {
    "complaint": plays.complaint,
    "referral": plays.referral,
    "result": plays.result,
    "refund": plays.refund,
    "papers": plays.papers,
    "parcel": plays.parcel,
    "payment": plays.payment,
}
_MOST: Final = 250
"""The number of states of one kind in which every command is tried; the rarest ones come first."""


def _on_another_calendar(play: Play) -> Play:
    """Returns the play with the change of its calendar as a further move, if its kind has a calendar."""
    if "change_calendar" not in play.kind.rules.of:
        return play
    other = CALENDAR.model_copy(update={"version": f"{CALENDAR.version}a"})
    move = plays.by_itself(ChangeCalendar, calendar=other)
    return replace(play, moves=lambda state, now: (*play.moves(state, now), move))


def _rows(kind: str) -> Iterator[StreamRow]:
    cells, known = defaultdict[str, set[tuple[str, str, str]]](set), reached_states(kind)
    begun = {_named(place.state) for place in known.play.begun()}
    for key, ways in known.left_by.items():
        for move, other in ways:
            names = partial(_named, case=move.content.get("case"))
            changed = names(known.places[key].state), names(known.places[other].state)
            cells[str(move.model.model_fields["kind"].default)].add((move.actor.role, *changed))
    for command, rule in KINDS[kind].rules.of.items():
        roles = _COMPLAINING if rule.who is ANYBODY else rule.who
        opens = {(str(role), NOTHING, after) for role in roles for after in begun}
        article, repealed = cited(OF_STREAMS[kind][command])
        for role, before, after in sorted(cells[command] or opens):
            yield StreamRow(kind, command, role, before, after, article, repealed)


_COMPLAINING: Final = tuple(
    one.role
    for one in (APPLICANT, REPRESENTATIVE, *map(officer, sorted(OFFICERS)), SYSTEM)
    if not reasons(complain(actor=one, document=FILE))
)
"""The roles whose complaint is admitted, from the desk with a signed one."""


def _named(state: Any, case: int | None = None) -> str:
    """Returns the name of a stream's state; of a refund, the state of this case."""
    match state:
        case Result():
            return _of_result(state)
        case Refund():
            return _of_refund(state, case)
        case OfficialPapers():
            return _of_papers(state)
        case _:
            return str(state.state)


def _of_result(state: Result) -> str:
    """Returns the state of the result's last number, with "again" if an earlier number is in force."""
    last = state.last
    if of_result.declined(state):
        now = "declined"
    elif of_result.in_the_making(state):
        now = "making" if last.result is None else "signing"
    else:
        now = str(last.state)
    return f"{now} again" if state.in_force not in {None, last} else now


def _of_refund(state: Refund, case: int | None) -> str:
    """Returns the state of the command's case; if it names no case, the open question, or the last case's state."""
    if case is not None:
        return str(state.entries[case - 1].state)
    if state.undecided is not None:
        return "undecided"
    if state.unanswered:
        return "charged_back"
    if of_refund.in_dispute(state):
        return "short and accepted by one" if state.accepted_by else "short"
    return str(state.entries[-1].state) if state.entries else "begun"


def _of_papers(state: OfficialPapers) -> str:
    """Returns the state of the receipt, if there is one."""
    if not state.receipts:
        return "paper made" if state.made else NOTHING
    [receipt] = state.receipts
    if receipt.voided_at is not None:
        return "receipt void"
    return "receipt valid" if receipt.void_asked is None else "void requested"


def stream_tables(rows: tuple[StreamRow, ...]) -> Iterator[str]:
    """Yields the lines of the page: a table for each kind of stream."""
    for kind, of_kind in groupby(rows, key=lambda row: row.stream):
        yield from ("", f"### {kind}", "", *_COLUMNS)
        for command, of_command in groupby(of_kind, key=lambda row: row.command):
            yield from _lines(command, list(of_command))


_COLUMNS: Final = ("| Command | By | In, and then | In force | Repealed |", "|---|---|---|---|---|")


def _lines(command: str, rows: list[StreamRow]) -> Iterator[str]:
    """Yields a line for each set of changes that roles have in common."""
    changes = {role: frozenset((row.before, row.after) for row in rows if row.role == role) for role in _roles(rows)}
    for some in dict.fromkeys(changes.values()):
        by = ", ".join(role for role, same in changes.items() if same == some)
        yield f"| `{command}` | {by} | {in_words(some)} | {rows[0].article} | {rows[0].repealed or NOTHING} |"


def _roles(rows: list[StreamRow]) -> list[str]:
    return list(dict.fromkeys(row.role for row in rows))


def in_words(changes: Iterable[tuple[str, str]]) -> str:
    """Returns the states before and after in words. States that lead to the same states are grouped."""
    leads, alike = defaultdict[str, set[str]](set), defaultdict[frozenset[str], list[str]](list)
    for before, after in changes:
        leads[before].add(_SAME if before == after else after)
    for before in sorted(leads):
        alike[frozenset(leads[before])].append(before)
    return "; ".join(
        ", ".join(of) + ("" if to == {_SAME} else f" → {', '.join(sorted(to))}") for to, of in alike.items()
    )


_SAME: Final = "(same)"
