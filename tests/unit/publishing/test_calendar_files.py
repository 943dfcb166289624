"""Calendar files: what is refused and where, and what becomes of one that is not."""

from __future__ import annotations

import copy
import json
from collections.abc import Callable
from datetime import date
from typing import Any, Final, NamedTuple

import pytest

from operations.publishing.calendar_file import CALENDARS, check_bytes
from rules.publishing.calendar_mistakes import problems
from rules.time.calendars import expand, proposed
from rules.time.holiday_base import base_year
from schemas.publishing.calendar import AFTERNOON, MORNING, WEEKDAYS, Calendar, CalendarFile, Hours
from tests.walking import walked
from tests.words.mistakes import mistakes_in

CHECKED: Final = {"checked": "2026-11-27"}
ASKED: Final = {"source": "asked about"}
GOOD: Final[dict[str, Any]] = {
    "code": "vn",
    "version": "2026-1",
    "valid_from": "2026-01-01",
    "valid_until": "2026-12-31",
    "checked": "2026-11-27",
    "week": {},
    "cut_off": "15:00",
    "overlays": [
        {
            "days": [
                {"date": "2026-01-02", "kind": "off", "source": "swapped"},
                {"date": "2026-01-10", "kind": "makeup", "replaces": "2026-01-02", "source": "swapped"},
                {"date": "2026-08-22", "kind": "makeup", "replaces": "2026-08-31", "source": "the base has it too"},
                {"date": "2026-08-31", "kind": "off", "source": "the base has it too"},
                {"date": "2026-12-24", "kind": "short", "hours": ["07:00-11:00", "13:30-15:00"], "source": "early"},
            ]
        },
        {
            "agency": "H01",
            "days": [
                {"date": "2026-08-31", "kind": "working", "source": "takes no part in the swap"},
                {"date": "2026-08-22", "kind": "off", "source": "takes no part in the swap"},
            ],
        },
        {"agency": "H01.12", "days": [{"date": "2026-08-31", "kind": "compensatory", "source": "its own day"}]},
        {
            "days": [
                {"date": "2026-11-23", "kind": "off", "status": "proposed", "source": "asked about", **CHECKED},
                {"date": "2026-11-28", "kind": "makeup", "replaces": "2026-11-23", "status": "proposed", **ASKED},
                {"date": "2026-11-24", "kind": "working", "source": "the base is ahead of the decision"},
                {"date": "2026-11-24", "kind": "off", "status": "proposed", **ASKED},
            ]
        },
    ],
}

Change = Callable[[dict[str, Any]], None]


class Broken(NamedTuple):
    """A change that breaks the good file, and what is then said of it."""

    name: str
    change: Change
    path: str
    rule: str


def put(path: str, value: Any) -> Change:
    """Set what stands at a path such as `overlays.0.days.1.kind`; None removes it."""

    def change(raw: dict[str, Any]) -> None:
        part: Any = raw
        *parents, last = (int(key) if key.isdigit() else key for key in path.split("."))
        for key in parents:
            part = part[key]
        if value is None:
            del part[last]
        else:
            part[last] = value

    return change


def day(overlay: int = 0, **facts: Any) -> Change:
    """Add a day to an overlay."""

    def change(raw: dict[str, Any]) -> None:
        raw["overlays"][overlay]["days"].append({"source": "a test", **facts})

    return change


TODAY: Final = date(2026, 11, 27)
CLOSED_WEEK: Final[dict[str, list[str]]] = {name: [] for name in WEEKDAYS}
BROKEN: Final = [
    Broken("no code", put("code", None), "code", "required"),
    Broken("unknown key", put("hours", []), "hours", "unknown_key"),
    Broken("unknown base", put("base", "TH"), "base", "not_allowed_value"),
    Broken("no date", put("valid_from", "1/1/2026"), "valid_from", "date_form"),
    Broken("a day that is none", put("valid_from", "2026-02-30"), "valid_from", "date_form"),
    Broken("no time", put("cut_off", "3pm"), "cut_off", "time_form"),
    Broken("no hours", put("week.monday", ["7-11"]), "week.monday[0]", "hours_form"),
    Broken("reversed hours", put("week.monday", ["11:30-07:00"]), "week.monday[0]", "hours_reversed"),
    Broken("hours of no length", put("week.monday", ["07:00-07:00"]), "week.monday[0]", "hours_reversed"),
    Broken("overlapping", put("week.friday", ["07:00-12:00", "11:30-17:00"]), "week.friday[1]", "hours_overlap"),
    Broken("out of order", put("week.friday", ["13:30-17:00", "07:00-11:30"]), "week.friday[1]", "hours_overlap"),
    Broken(
        "overlapping far apart",
        put("week.friday", ["07:00-16:00", "08:00-09:00", "10:00-11:00"]),
        "week.friday[2]",
        "hours_overlap",
    ),
    Broken("validity reversed", put("valid_until", "2025-12-31"), "valid_until", "validity_reversed"),
    Broken("too long", put("valid_until", "2031-01-01"), "valid_until", "validity_too_long"),
    Broken("too early", put("valid_from", "1999-12-31"), "valid_from", "validity_out_of_reach"),
    Broken("too late", put("valid_until", "2100-01-01"), "valid_until", "validity_out_of_reach"),
    Broken("closed all week", put("week", CLOSED_WEEK), "week", "no_working_day"),
    Broken("valid for a Sunday", put("valid_from", "2026-12-31"), "overlays[0].days[0].date", "outside_validity"),
    Broken("no days", put("overlays.0.days", []), "overlays[0].days", "too_few"),
    Broken("no source", put("overlays.0.days.0.source", None), "overlays[0].days[0].source", "required"),
    Broken("unknown kind", put("overlays.0.days.0.kind", "closed"), "overlays[0].days[0].kind", "not_allowed_value"),
    Broken("bad agency", put("overlays.1.agency", "h01"), "overlays[1].agency", "wrong_form"),
    Broken("agency of an empty group", put("overlays.1.agency", "H01..12"), "overlays[1].agency", "wrong_form"),
    Broken("agency that ends with a dot", put("overlays.1.agency", "H01."), "overlays[1].agency", "wrong_form"),
    Broken("agency that begins with a dot", put("overlays.1.agency", ".H01"), "overlays[1].agency", "wrong_form"),
    Broken("agency of too many characters", put("overlays.1.agency", "H" * 36), "overlays[1].agency", "too_long"),
    Broken(
        "before the validity",
        day(date="2025-12-31", kind="off"),
        "overlays[0].days[5].date",
        "outside_validity",
    ),
    Broken("twice", day(date="2026-01-02", kind="off"), "overlays[0].days[5].date", "duplicate_date"),
    Broken("twice for an agency", day(2, date="2026-08-31", kind="off"), "overlays[2].days[1].date", "duplicate_date"),
    Broken("short without hours", day(date="2026-12-25", kind="short"), "overlays[0].days[5].hours", "hours_required"),
    Broken(
        "hours of a day off",
        day(date="2026-12-25", kind="off", hours=["07:00-11:30"]),
        "overlays[0].days[5].hours",
        "hours_not_for_kind",
    ),
    Broken(
        "make-up of nothing", day(date="2026-12-26", kind="makeup"), "overlays[0].days[5].replaces", "replaces_required"
    ),
    Broken(
        "a day off that replaces",
        day(date="2026-12-25", kind="off", replaces="2026-12-24"),
        "overlays[0].days[5].replaces",
        "replaces_not_for_kind",
    ),
    Broken(
        "make-up on a holiday",
        day(date="2026-04-26", kind="makeup", replaces="2026-01-02"),
        "overlays[0].days[5].date",
        "makeup_on_holiday",
    ),
    Broken(
        "make-up on a holiday of the week",
        day(date="2026-04-30", kind="makeup", replaces="2026-01-02"),
        "overlays[0].days[5].date",
        "makeup_on_holiday",
    ),
    Broken(
        "make-up on a day that the country is off",
        day(1, date="2026-01-02", kind="makeup", replaces="2026-01-01"),
        "overlays[1].days[2].date",
        "makeup_on_holiday",
    ),
    Broken(
        "make-up on a working day",
        day(date="2026-03-04", kind="makeup", replaces="2026-01-02"),
        "overlays[0].days[5].date",
        "makeup_on_working_day",
    ),
    Broken(
        "make-up on the country's make-up day",
        day(1, date="2026-01-10", kind="makeup", replaces="2026-01-02"),
        "overlays[1].days[2].date",
        "makeup_on_working_day",
    ),
    Broken(
        "make-up of a day that works",
        day(date="2026-12-26", kind="makeup", replaces="2026-12-28"),
        "overlays[0].days[5].replaces",
        "replaced_day_works",
    ),
    Broken(
        "make-up of a day that works for this agency",
        day(1, date="2026-12-26", kind="makeup", replaces="2026-08-31"),
        "overlays[1].days[2].replaces",
        "replaced_day_works",
    ),
    Broken(
        "make-up of a Sunday",
        day(date="2026-12-26", kind="makeup", replaces="2026-12-27"),
        "overlays[0].days[5].replaces",
        "replaced_day_has_no_hours",
    ),
    Broken(
        "make-up with hours of its own",
        put("overlays.0.days.1.hours", ["07:00-11:30"]),
        "overlays[0].days[1].hours",
        "hours_not_for_kind",
    ),
    Broken(
        "made up twice",
        day(date="2026-01-17", kind="makeup", replaces="2026-01-02"),
        "overlays[0].days[5].replaces",
        "replaced_twice",
    ),
    Broken(
        "made up again for an agency",
        day(1, date="2026-01-17", kind="makeup", replaces="2026-01-02"),
        "overlays[1].days[2].replaces",
        "replaced_twice",
    ),
    Broken(
        "made up, although the base has done so",
        lambda raw: [put("overlays.0.days.2.date", "2026-08-29")(raw), put("overlays.1", None)(raw)][0],
        "overlays[0].days[2].replaces",
        "replaced_twice",
    ),
    Broken(
        "short on a Sunday",
        day(date="2026-12-27", kind="short", hours=["07:00-11:30"]),
        "overlays[0].days[5].date",
        "short_on_day_off",
    ),
    Broken(
        "short on a holiday",
        day(date="2026-09-02", kind="short", hours=["07:00-11:30"]),
        "overlays[0].days[5].date",
        "short_on_day_off",
    ),
    Broken(
        "short into lunch",
        day(date="2026-12-25", kind="short", hours=["07:00-09:00", "10:00-12:00"]),
        "overlays[0].days[5].hours[1]",
        "short_hours_outside",
    ),
    Broken(
        "short hours overlapping",
        day(date="2026-12-25", kind="short", hours=["07:00-09:00", "08:00-10:00"]),
        "overlays[0].days[5].hours[1]",
        "hours_overlap",
    ),
    Broken(
        "working on a working day",
        day(date="2026-12-25", kind="working"),
        "overlays[0].days[5].date",
        "working_anyway",
    ),
    Broken(
        "working on a Sunday",
        day(date="2026-12-27", kind="working"),
        "overlays[0].days[5].date",
        "working_without_hours",
    ),
    Broken(
        "unknown status", put("overlays.3.days.0.status", "maybe"), "overlays[3].days[0].status", "not_allowed_value"
    ),
    Broken(
        "proposed without a source", put("overlays.3.days.0.source", None), "overlays[3].days[0].source", "required"
    ),
    Broken(
        "proposed by nobody",
        put("overlays.3.days.0.source", "Unconfirmed, as ever"),
        "overlays[3].days[0].source",
        "proposed_by_nobody",
    ),
    Broken(
        "proposed twice",
        day(3, date="2026-11-23", kind="off", status="proposed"),
        "overlays[3].days[4].date",
        "duplicate_date",
    ),
    Broken(
        "proposed after the validity",
        day(3, date="2027-01-04", kind="off", status="proposed"),
        "overlays[3].days[4].date",
        "outside_validity",
    ),
    Broken(
        "proposed, although the base has it",
        day(3, date="2026-09-01", kind="off", status="proposed"),
        "overlays[3].days[4].date",
        "proposed_anyway",
    ),
    Broken(
        "proposed, although it was decided",
        put("overlays.3.days.2.kind", "off"),
        "overlays[3].days[3].date",
        "proposed_anyway",
    ),
    Broken(
        "proposed on a Sunday",
        day(3, date="2026-12-27", kind="off", status="proposed"),
        "overlays[3].days[4].date",
        "proposed_anyway",
    ),
    Broken(
        "proposed make-up without its day off",
        put("overlays.3.days.0", {"date": "2026-12-25", "kind": "off", **ASKED}),
        "overlays[3].days[1].replaces",
        "replaced_day_works",
    ),
    Broken(
        "proposed make-up of a day off that was decided",
        put("overlays.3.days.0.status", None),
        "overlays[3].days[1].replaces",
        "swap_half_decided",
    ),
    Broken(
        "decided make-up of a day that is only proposed off",
        put("overlays.3.days.1.status", "decided"),
        "overlays[3].days[1].replaces",
        "replaced_day_works",
    ),
    Broken(
        "proposed to be made up twice",
        day(3, date="2026-12-05", kind="makeup", replaces="2026-11-23", status="proposed"),
        "overlays[3].days[4].replaces",
        "replaced_twice",
    ),
    Broken(
        "proposed make-up on a working day",
        put("overlays.3.days.1.date", "2026-11-27"),
        "overlays[3].days[1].date",
        "makeup_on_working_day",
    ),
    Broken(
        "proposed make-up on a day that is proposed off",
        put("overlays.3.days.1.date", "2026-11-24"),
        "overlays[3].days[1].date",
        "makeup_on_holiday",
    ),
    Broken("checked tomorrow", put("checked", "2026-11-28"), "checked", "checked_in_future"),
    Broken(
        "a day checked tomorrow",
        put("overlays.3.days.0.checked", "2026-11-28"),
        "overlays[3].days[0].checked",
        "checked_in_future",
    ),
    Broken("checked on no day", put("checked", "27/11/2026"), "checked", "date_form"),
]


def found(raw: object) -> set[tuple[str, str]]:
    return {(entry.path, entry.rule) for entry in problems(raw, TODAY)}


def test_a_file_with_every_kind_of_day_passes() -> None:
    assert found(GOOD) == set()
    CalendarFile.model_validate_json(json.dumps(GOOD), strict=True)


@walked("broken", BROKEN, ids=lambda broken: broken.name, exactly=68)
def test_a_broken_calendar_is_refused_at_the_place_of_its_mistake(broken: Broken) -> None:
    raw = copy.deepcopy(GOOD)
    broken.change(raw)
    assert (broken.path, broken.rule) in found(raw)


def test_every_rule_is_tested() -> None:
    assert {broken.rule for broken in BROKEN} >= mistakes_in("calendar")


def test_a_calendar_that_is_closed_for_one_agency_names_its_overlay() -> None:
    raw = copy.deepcopy(GOOD) | {"valid_from": "2026-12-28", "valid_until": "2026-12-28"}
    raw["overlays"] = [{"agency": "H01", "days": [{"date": "2026-12-28", "kind": "off", "source": "a test"}]}]
    assert found(raw) == {("overlays[0]", "no_working_day")}
    assert found(raw | {"overlays": [], "valid_from": "2026-12-27", "valid_until": "2026-12-27"}) == {
        ("valid_until", "no_working_day")
    }


def test_a_mistake_hides_no_other() -> None:
    raw = copy.deepcopy(GOOD)
    for change in (put("code", 7), put("overlays.0.days.0.source", None), put("cut_off", None)):
        change(raw)
    for broken in BROKEN:
        if broken.name in {"twice", "make-up of a Sunday", "short on a Sunday"}:
            broken.change(raw)
    assert {
        ("code", "quote_it"),
        ("overlays[0].days[0].source", "required"),
        ("overlays[0].days[5].date", "duplicate_date"),
        ("overlays[0].days[6].replaces", "replaced_day_has_no_hours"),
        ("overlays[0].days[7].date", "short_on_day_off"),
    } == found(raw)


@pytest.mark.parametrize("raw", [None, [], "vn", 7])
def test_what_is_no_mapping_is_refused(raw: object) -> None:
    assert found(raw) == {("", "not_a_mapping")}


def test_the_national_calendar_passes_and_is_that_of_the_law() -> None:
    checked = check_bytes((CALENDARS / "vn.yaml").read_bytes())
    assert checked.mistakes == []
    assert checked.calendar is not None
    calendar = expand(checked.calendar)
    assert calendar.week == ((MORNING, AFTERNOON),) * 5 + ((), ())
    assert calendar.off == (*days(2026, OFF_2026), *days(2027, OFF_2027))
    assert calendar.open == {date(2026, 1, 10): (MORNING, AFTERNOON), date(2026, 8, 22): (MORNING, AFTERNOON)}
    assert (calendar.valid_from, calendar.valid_until) == (date(2026, 1, 1), date(2027, 12, 31))
    assert [day.date for day in proposed(checked.calendar)] == [
        *days(2026, {11: (23, 28)}),
        *days(2027, {2: (4, 11, 12), 9: (1, 3)}),
    ]


OFF_2026: Final = {
    1: (1, 2),
    2: (16, 17, 18, 19, 20),
    4: (27, 30),
    5: (1,),
    8: (31,),
    9: (1, 2),
    11: (24,),
}
OFF_2027: Final = {1: (1,), 2: (5, 8, 9, 10), 4: (16, 30), 5: (3,), 9: (2,), 11: (24,)}


def days(year: int, months: dict[int, tuple[int, ...]]) -> list[date]:
    return [date(year, month, number) for month, numbers in months.items() for number in numbers]


def test_what_the_base_has_otherwise_than_the_national_calendar_is_only_what_nobody_has_decided() -> None:
    calendar = check_bytes((CALENDARS / "vn.yaml").read_bytes()).calendar
    assert calendar is not None
    ours = expand(calendar)
    base = {day for year in (2026, 2027) for day in base_year(year).off if day.weekday() < 5}
    assert base - {*ours.off} == {date(2027, 2, 4), date(2027, 9, 3)}
    assert {*ours.off} - base == {date(2026, 1, 2)}
    assert base - {*ours.off} <= {day.date for day in proposed(calendar)}


def test_a_yaml_file_holds_texts_and_each_mistake_has_its_line() -> None:
    data = b"""\
code: vn
version: 2026
valid_from: 2026-01-01
valid_until: 2026-12-31
cut_off: 15:00
overlays:
  - days:
      - { date: 2026-03-04, kind: off, source: 7 }
      - { date: 2026-03-07, kind: makeup, replaces: 2026-03-05, source: on }
      - { date: 2026-03-08, kind: off, source: ~ }
"""
    found = [(entry.line, entry.path, entry.rule) for entry in check_bytes(data).mistakes]
    assert found == [
        (9, "overlays[0].days[1].replaces", "replaced_day_works"),
        (10, "overlays[0].days[2].source", "required"),
    ]
    assert [(entry.line, entry.rule) for entry in check_bytes(b"code: [").mistakes] == [(1, "not_yaml")]


def agency(code: str | None) -> Calendar:
    return expand(CalendarFile.model_validate(GOOD), code)


def test_the_longest_code_that_fits_has_the_last_word() -> None:
    swapped, made_up = date(2026, 8, 31), date(2026, 8, 22)
    assert swapped in agency(None).off
    assert made_up in agency(None).open
    for code in ("H01", "H01.05"):
        assert swapped not in agency(code).off
        assert made_up not in agency(code).open
    assert swapped in agency("H01.12").off
    assert swapped in agency("H01.12.03").off
    assert made_up not in agency("H01.12").open
    assert agency("H02") == agency("H0") == agency("H011") == agency(None)


def test_an_agency_may_make_up_on_another_day_than_the_country() -> None:
    raw = copy.deepcopy(GOOD)
    day(1, date="2026-01-17", kind="makeup", replaces="2026-01-02")(raw)
    day(1, date="2026-01-10", kind="off")(raw)
    assert found(raw) == set()


def test_a_make_up_day_has_the_hours_of_the_day_that_it_replaces() -> None:
    raw = copy.deepcopy(GOOD) | {"week": {"friday": ["08:00-12:00"]}}
    raw["overlays"] = raw["overlays"][:1]
    assert found(raw) == set()
    calendar = expand(CalendarFile.model_validate(raw))
    assert calendar.open[date(2026, 1, 10)] == (Hours.model_validate("08:00-12:00"),)
    assert calendar.open[date(2026, 8, 22)] == (MORNING, AFTERNOON)
    raw["overlays"][0]["days"][1]["hours"] = ["09:00-10:00"]
    assert expand(CalendarFile.model_validate(raw)) == calendar


def test_the_base_has_tet_compensation_and_swaps() -> None:
    weekdays_off = {day for day in base_year(2026).off if day.weekday() < 5}
    assert weekdays_off == {*agency(None).off} - {date(2026, 1, 2)} | {date(2026, 11, 24)}
    assert date(2026, 4, 26) in base_year(2026).off
    assert base_year(2026).makeup == {date(2026, 8, 22): date(2026, 8, 31)}
    assert base_year(2025).makeup == {date(2025, 4, 26): date(2025, 5, 2)}
    assert base_year(2014).makeup[date(2014, 12, 27)] == date(2015, 1, 2)
    assert base_year(1999) == base_year(2100) == (set(), {})
    assert all(len(base_year(year).off) >= 10 for year in range(2014, 2100))


@pytest.mark.parametrize(
    "text",
    ["07:00", "7:00-11:30", "07:00-24:00", "07:00 - 11:30", "07:60-08:00", "07:00-11:30\n", "０7:00-11:30", "", 7],
)
def test_anything_else_is_no_span_of_hours(text: object) -> None:
    with pytest.raises(ValueError, match=r"07:00-11:30|Input should be"):
        Hours.model_validate(text)


def test_hours_are_kept_as_text() -> None:
    assert MORNING.model_dump_json() == '"07:00-11:30"'
    assert Hours.model_validate("07:00-11:30") == MORNING
