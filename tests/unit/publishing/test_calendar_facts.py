"""The facts of a calendar: whence each comes, what to look into, and what another version changes."""

import copy
from datetime import date, timedelta
from typing import Any, Final

import pytest

from operations.doctor.finding import Health
from operations.doctor.record.calendar import ending
from publishing.calendars.calendar_changes import Change, changes
from publishing.calendars.calendar_facts import Doubt, doubtful, facts
from publishing.checks.facts import FRESH
from schemas.publishing.calendar import AFTERNOON, MORNING, Calendar, CalendarFile, DayStatus, Week

TODAY: Final = date(2026, 11, 27)
SWAP: Final[tuple[dict[str, Any], ...]] = (
    {"date": "2026-11-23", "kind": "off", "status": "proposed", "source": "asked about"},
    {"date": "2026-11-28", "kind": "makeup", "replaces": "2026-11-23", "status": "proposed", "source": "asked about"},
)


def calendar(*days: dict[str, Any], agency: str | None = None, **more: Any) -> CalendarFile:
    raw = {"code": "vn", "version": "1", "valid_from": "2026-11-01", "valid_until": "2026-12-31", **more}
    overlays = [{"agency": agency, "days": list(days)}] if days else []
    return CalendarFile.model_validate(raw | {"overlays": overlays})


def decided(*days: dict[str, Any]) -> tuple[dict[str, Any], ...]:
    return tuple(day | {"status": "decided"} for day in copy.deepcopy(days))


def test_facts_are_in_order_and_name_the_library_where_nothing_else_does() -> None:
    file = calendar(*SWAP, {"date": "2026-11-20", "kind": "off", "source": "ours"}, agency="H01", checked="2026-11-01")
    assert [(fact.day.day, fact.agency, fact.source, fact.checked, fact.path) for fact in facts(file)] == [
        (20, "H01", "ours", date(2026, 11, 1), "overlays[0].days[2]"),
        (23, "H01", "asked about", date(2026, 11, 1), "overlays[0].days[0]"),
        (24, None, None, None, "base"),
        (28, "H01", "asked about", date(2026, 11, 1), "overlays[0].days[1]"),
    ]
    assert [fact.hours for fact in facts(file)] == [(), (), (), (MORNING, AFTERNOON)]
    assert [fact.status for fact in facts(file)].count(DayStatus.PROPOSED) == 2


DAY: Final = {"date": "2026-12-04", "kind": "off", "source": "QĐ 1"}


@pytest.mark.parametrize(
    ("day", "checked", "expected"),
    [
        (DAY, TODAY, []),
        (DAY, TODAY - FRESH, []),
        (DAY, TODAY - FRESH - timedelta(days=1), [Doubt.STALE]),
        (DAY | {"checked": TODAY}, TODAY - 2 * FRESH, []),
        (DAY | {"checked": TODAY - 2 * FRESH}, TODAY, [Doubt.STALE]),
        (DAY, None, [Doubt.UNCHECKED]),
        (DAY | {"source": "unconfirmed"}, TODAY, [Doubt.UNCONFIRMED]),
        (DAY | {"source": "the press, unconfirmed"}, None, [Doubt.UNCONFIRMED]),
        (DAY | {"status": "proposed"}, TODAY, [Doubt.PROPOSED]),
        (DAY | {"status": "proposed"}, TODAY - 2 * FRESH, [Doubt.PROPOSED, Doubt.STALE]),
    ],
)
def test_what_to_look_into(day: dict[str, Any], checked: date | None, expected: list[Doubt]) -> None:
    file = calendar(day, checked=checked)
    found = [one for one in doubtful(file, TODAY) if one.fact.path != "base"]
    assert [one.doubt for one in found] == expected
    assert all(one.words.vi != one.words.en for one in found)


def told(before: CalendarFile, after: CalendarFile) -> list[tuple[str | None, int, Change]]:
    return [(one.agency, one.day.day, one.change) for one in changes(before, after)]


def test_a_proposal_that_is_decided_is_told_so() -> None:
    before, after = calendar(*SWAP), calendar(*decided(*SWAP))
    found = changes(before, after)
    assert [(one.day.day, one.change) for one in found] == [(23, Change.DECIDED), (28, Change.DECIDED)]
    assert found[0].words.en == "Mon 2026-11-23: only proposed until now, is decided: a day off"


def test_every_other_change_is_told() -> None:
    plain = calendar()
    short = {"date": "2026-12-24", "kind": "short", "hours": ["07:00-11:30"], "source": "early"}
    assert told(plain, plain) == []
    assert told(plain, calendar(*SWAP)) == [(None, 23, Change.PROPOSED), (None, 28, Change.PROPOSED)]
    assert told(calendar(*SWAP), plain) == [(None, 23, Change.WITHDRAWN), (None, 28, Change.WITHDRAWN)]
    assert told(plain, calendar(DAY)) == [(None, 4, Change.CLOSES)]
    assert told(calendar(DAY), plain) == [(None, 4, Change.OPENS)]
    assert told(plain, calendar(short)) == [(None, 24, Change.HOURS)]
    moved = SWAP[0] | {"kind": "short", "hours": ["07:00-11:30"]}
    assert told(calendar(SWAP[0]), calendar(moved)) == [(None, 23, Change.PROPOSED)]


def test_a_day_of_an_agency_is_told_once_and_names_it() -> None:
    plain = calendar()
    assert told(plain, calendar(DAY, agency="H01")) == [("H01", 4, Change.CLOSES)]
    raw = calendar(DAY).model_dump(mode="json")
    raw["overlays"].append({"agency": "H01", "days": [{"date": "2026-12-07", "kind": "off", "source": "its own"}]})
    found = changes(plain, CalendarFile.model_validate(raw))
    assert [(one.agency, one.day.day) for one in found] == [(None, 4), ("H01", 7)]
    assert found[1].words.en == "H01: Mon 2026-12-07: a working day until now, becomes a day off"


def test_beyond_the_validity_of_one_the_base_is_what_changes() -> None:
    longer = calendar(
        {"date": "2027-02-04", "kind": "working", "source": "not decided"},
        {"date": "2027-02-04", "kind": "off", "status": "proposed", "source": "asked about"},
        valid_until="2027-02-28",
    )
    found = changes(calendar(), longer)
    assert [(one.day, one.change) for one in found] == [
        (date(2027, 2, 4), Change.OPENS),
        (date(2027, 2, 4), Change.PROPOSED),
    ]


LAST: Final = date(2027, 12, 31)
CALENDAR: Final = Calendar(
    code="vn", version="2026-12", valid_from=date(2026, 1, 1), valid_until=LAST, week=Week().days()
)


@pytest.mark.parametrize(
    ("left", "health", "words"),
    [
        (61, None, ""),
        (60, Health.WARN, "vn@2026-12 ends on 2027-12-31, days left: 60"),
        (0, Health.WARN, "vn@2026-12 ends on 2027-12-31, days left: 0"),
        (-1, Health.FAIL, "vn@2026-12 ended on 2027-12-31, days ago: 1"),
    ],
)
def test_the_doctor_tells_of_a_calendar_that_ends(left: int, health: Health | None, words: str) -> None:
    found = list(ending(CALENDAR, LAST - timedelta(days=left)))
    assert [one.health for one in found] == ([health] if health else [])
    assert all(words in one.what.en and one.fix and "motcua calendar publish" in one.fix.en for one in found)
