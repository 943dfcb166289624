"""Approval by a second operator: which publications need it (some only while `by_two` is on), and which lack it."""

from collections.abc import Iterable, Mapping
from datetime import datetime
from itertools import groupby
from operator import attrgetter
from typing import NamedTuple

from publishing.record.publications import AGENCY, OFFICER, STATE, Change, Fold, Key, Row, Table, changes
from schemas.base import Personal, fields_marked
from schemas.ids import canonical
from schemas.publishing import events as ev

_NAMES = {"name", "name_vi", "name_en"}


def needs_two(event: ev.PublicationEvent, made: Iterable[Change], there: Mapping[Table, Mapping[Key, Row]]) -> bool:
    """Whether an event changes fees, limits or roles. `made`: the event's changes; `there`: the rows before the event.

    True for every version of a procedure, a province or a calendar, and for switching `by_two` off. In the directory,
    true for all changes except a changed name and an officer's leaving. A recorded absence counts, since it gives a
    role to the substitute; a withdrawn absence does not.
    """
    if isinstance(event, ev.ProcedurePublished | ev.ProvincePublished | ev.CalendarPublished | ev.AbsenceRecorded):
        return True
    if isinstance(event, ev.TwoRequired):
        return not event.on
    return any(_gives(change, there.get(change.table, {}).get(change.key)) for change in made)


def _gives(change: Change, before: Row | None) -> bool:
    """Whether the change adds an agency or officer, or changes more than names. False if an officer leaves."""
    if change.gone or change.table not in {AGENCY, OFFICER}:
        return False
    if change.table is OFFICER and not change.row["active"]:
        return False
    return before is None or any(
        before.get(name, value) != value for name, value in change.row.items() if name not in _NAMES
    )


class Published(NamedTuple):
    """A recorded event with its place, time and publisher. `read`: whether its encrypted fields were decrypted.

    `program`: the program that signed the publisher's act; None if the act was not signed.
    """

    stream: str
    seq: int
    at: datetime
    officer: str
    event: ev.PublicationEvent
    read: bool
    program: str | None = None


def unapproved(log: Iterable[Published]) -> list[Published]:
    """Returns the events that were published without a second operator's approval although they needed one."""
    fold, approvals, found = Fold(), _Approvals(), []
    for at, same in groupby(sorted(log, key=attrgetter("at")), key=attrgetter("at")):
        # citizen numbers are only compared here, so a number serves as its own index
        moment = [(one, list(changes(one.event, at, read=one.read, person=str.encode))) for one in same]
        for one, _ in moment:
            approvals.add(one)
        asking = (one for one, made in moment if _needed_two(one.event, made, fold.rows))
        found += [one for one in asking if not approvals.cover(one)]
        for _, made in moment:
            for change in made:
                fold.add(change)
    return found


def _needed_two(event: ev.PublicationEvent, made: Iterable[Change], there: Mapping[Table, Mapping[Key, Row]]) -> bool:
    """Whether a second operator had to approve the event, given the setting and the rows (`there`) at that time.

    The erasure of an officer needs approval even while `by_two` is off, since an erasure can't be undone.
    """
    by_two = there[STATE][(True,)]["by_two"]
    return isinstance(event, ev.OfficerErased) or (by_two and needs_two(event, made, there))


class _Approvals:
    """The events of each approved request. Requester and approver must differ, and so must their programs.

    A request made before programs were registered has no program: then only requester and approver must differ.
    """

    def __init__(self) -> None:
        self._requests: dict[int | None, tuple[str, str | None, frozenset[str]]] = {}
        self._approved: dict[int | None, frozenset[str]] = {}

    def add(self, one: Published) -> None:
        """Stores the next event of the log, if that is a request or a valid approval; ignores any other event."""
        match one.event:
            case ev.PublicationAsked():
                self._requests[one.event.asked] = one.officer, one.program, frozenset(one.event.events)
            case ev.PublicationApproved():
                officer, program, events = self._requests.get(one.event.asked, (one.officer, None, frozenset()))
                if officer != one.officer and (program is None or program != one.program):
                    self._approved[one.event.asked] = events

    def cover(self, one: Published) -> bool:
        """Whether an approved request contained this event."""
        hidden = fields_marked(type(one.event), Personal) | {"asked"}
        said = one.event.model_dump(mode="json", exclude_none=True, exclude=set(hidden))
        return canonical(said).decode() in self._approved.get(one.event.asked, frozenset())
