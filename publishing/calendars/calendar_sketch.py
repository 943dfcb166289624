"""The readable parts of a calendar with possible mistakes, so that one mistake does not hide the others."""

from collections.abc import Iterator

from publishing.checks.readable_parts import UNREAD, Listed, Maybe, Sketch, read
from schemas.publishing.calendar import WEEKDAYS, Day, DayKind, DayStatus, Hours, OverlayAgency, Week


class DaySketch(Sketch):
    date: Maybe[Day] = UNREAD
    kind: Maybe[DayKind] = UNREAD
    hours: Listed[Hours] = ()
    replaces: Maybe[Day | None] = None
    status: Maybe[DayStatus] = DayStatus.DECIDED
    source: Maybe[str] = UNREAD
    checked: Maybe[Day | None] = None


class OverlaySketch(Sketch):
    agency: Maybe[OverlayAgency | None] = None
    days: Listed[DaySketch] = ()


class WeekSketch(Sketch):
    monday: Listed[Hours] = Week().monday
    tuesday: Listed[Hours] = Week().tuesday
    wednesday: Listed[Hours] = Week().wednesday
    thursday: Listed[Hours] = Week().thursday
    friday: Listed[Hours] = Week().friday
    saturday: Listed[Hours] = Week().saturday
    sunday: Listed[Hours] = Week().sunday


class CalendarSketch(Sketch):
    valid_from: Maybe[Day] = UNREAD
    valid_until: Maybe[Day] = UNREAD
    checked: Maybe[Day | None] = None
    week: Maybe[WeekSketch] = WeekSketch()
    overlays: Listed[OverlaySketch] = ()


def hours_of_week(file: CalendarSketch) -> list[Listed[Hours]]:
    """Returns the regular hours of the seven weekdays, Monday first."""
    week = WeekSketch() if file.week is UNREAD else file.week
    return [getattr(week, name) for name in WEEKDAYS]


def overlays(file: CalendarSketch) -> Iterator[tuple[str, OverlaySketch]]:
    """The readable overlays, each with its path."""
    return ((f"overlays[{n}]", overlay) for n, overlay in read(file.overlays).items())


def days(file: CalendarSketch) -> Iterator[tuple[str, OverlaySketch, DaySketch]]:
    """Yields the readable days of all overlays, each with its path and its overlay."""
    for path, overlay in overlays(file):
        for n, day in read(overlay.days).items():
            yield f"{path}.days[{n}]", overlay, day
