"""Calendar files: each refusal with its place, each fact with its source, and the differences of two versions."""

import copy
import json
from datetime import date, timedelta
from typing import Any, Final

import pytest

from operations.doctor.check import Health
from operations.doctor.record.tables import ending, overdue
from publishing.authoring.calendars import CALENDARS, check_bytes
from publishing.calendars.calendar_changes import Change as Difference
from publishing.calendars.calendar_changes import Doubt, changes, doubtful, facts
from publishing.calendars.calendar_mistakes import problems
from publishing.checks.facts import FRESH
from rules.time.calendars import base_year, expand, proposed
from schemas.base import Text
from schemas.publishing.calendar import AFTERNOON, MORNING, WEEKDAYS, Calendar, CalendarFile, DayStatus, Hours, Week
from tests.walking import walked
from tests.words.mistakes import mistakes_in

from .changing import Broken, Change, drop, put, wrong

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


def day(date: str, kind: str, overlay: int = 0, **facts: Any) -> Change:
    place = f"overlays[{overlay}].days[{len(GOOD['overlays'][overlay]['days'])}]"
    facts = {"source": "a test", "date": date, "kind": kind, **facts}
    return Change(place, lambda raw: raw["overlays"][overlay]["days"].append(facts))


def makeup(date: str, replaces: str, overlay: int = 0) -> Change:
    return day(date, "makeup", overlay, replaces=replaces)


def proposed_off(date: str) -> Change:
    return day(date, "off", 3, status="proposed")


TODAY: Final = date(2026, 11, 27)
BROKEN: Final = [
    wrong("no code", "required", drop("code")),
    wrong("no date", "date_form", put("valid_from", "1/1/2026")),
    wrong("a day that is none", "date_form", put("valid_from", "2026-02-30")),
    wrong("no time", "time_form", put("cut_off", "3pm")),
    wrong("no hours", "hours_form", put("week.monday", ["7-11"]), below="[0]"),
    wrong("reversed hours", "hours_reversed", put("week.monday", ["11:30-07:00"]), below="[0]"),
    wrong("overlapping", "hours_overlap", put("week.friday", ["07:00-12:00", "11:30-17:00"]), below="[1]"),
    wrong("out of order", "hours_overlap", put("week.friday", ["13:30-17:00", "07:00-11:30"]), below="[1]"),
    wrong("validity reversed", "validity_reversed", put("valid_until", "2025-12-31")),
    wrong("too long", "validity_too_long", put("valid_until", "2031-01-01")),
    wrong("too early", "validity_out_of_reach", put("valid_from", "1999-12-31")),
    wrong("closed all week", "no_working_day", put("week", {name: [] for name in WEEKDAYS})),
    wrong("valid for a Sunday", "outside_validity", put("valid_from", "2026-12-31"), at="overlays[0].days[0].date"),
    wrong("bad agency", "wrong_form", put("overlays[1].agency", "h01")),
    wrong("before the validity", "outside_validity", day("2025-12-31", "off"), below=".date"),
    wrong("twice", "duplicate_date", day("2026-01-02", "off"), below=".date"),
    wrong("twice for an agency", "duplicate_date", day("2026-08-31", "off", 2), below=".date"),
    wrong("short without hours", "hours_required", day("2026-12-25", "short"), below=".hours"),
    wrong("hours of a day off", "hours_not_for_kind", day("2026-12-25", "off", hours=["07:00-11:30"]), below=".hours"),
    wrong("make-up of nothing", "replaces_required", day("2026-12-26", "makeup"), below=".replaces"),
    wrong("replacing off", "replaces_not_for_kind", day("2026-12-25", "off", replaces="2026-12-24"), below=".replaces"),
    wrong("make-up on a holiday", "makeup_on_holiday", makeup("2026-04-26", "2026-01-02"), below=".date"),
    wrong("make-up on a day off", "makeup_on_holiday", makeup("2026-01-02", "2026-01-01", 1), below=".date"),
    wrong("make-up on a working day", "makeup_on_working_day", makeup("2026-03-04", "2026-01-02"), below=".date"),
    wrong("make-up of a day that works", "replaced_day_works", makeup("2026-12-26", "2026-12-28"), below=".replaces"),
    wrong("make-up for an agency", "replaced_day_works", makeup("2026-12-26", "2026-08-31", 1), below=".replaces"),
    wrong("make-up of a Sunday", "replaced_day_has_no_hours", makeup("2026-12-26", "2026-12-27"), below=".replaces"),
    wrong("make-up with hours of its own", "hours_not_for_kind", put("overlays[0].days[1].hours", ["07:00-11:30"])),
    wrong("made up twice", "replaced_twice", makeup("2026-01-17", "2026-01-02"), below=".replaces"),
    wrong("made up again for an agency", "replaced_twice", makeup("2026-01-17", "2026-01-02", 1), below=".replaces"),
    wrong("short on a Sunday", "short_on_day_off", day("2026-12-27", "short", hours=["07:00-11:30"]), below=".date"),
    wrong("short on a holiday", "short_on_day_off", day("2026-09-02", "short", hours=["07:00-11:30"]), below=".date"),
    wrong(
        "short into lunch",
        "short_hours_outside",
        day("2026-12-25", "short", hours=["07:00-09:00", "10:00-12:00"]),
        below=".hours[1]",
    ),
    wrong("working on a working day", "working_anyway", day("2026-12-25", "working"), below=".date"),
    wrong("working on a Sunday", "working_without_hours", day("2026-12-27", "working"), below=".date"),
    wrong("proposed by nobody", "proposed_by_nobody", put("overlays[3].days[0].source", "Unconfirmed, as ever")),
    wrong("proposed twice", "duplicate_date", proposed_off("2026-11-23"), below=".date"),
    wrong("proposed, although the base has it", "proposed_anyway", proposed_off("2026-09-01"), below=".date"),
    wrong("decided", "proposed_anyway", put("overlays[3].days[2].kind", "off"), at="overlays[3].days[3].date"),
    wrong(
        "proposed make-up without its day off",
        "replaced_day_works",
        put("overlays[3].days[0]", {"date": "2026-12-25", "kind": "off", **ASKED}),
        at="overlays[3].days[1].replaces",
    ),
    wrong(
        "proposed make-up of a day off that was decided",
        "swap_half_decided",
        drop("overlays[3].days[0].status"),
        at="overlays[3].days[1].replaces",
    ),
    wrong("proposed make-up on a working day", "makeup_on_working_day", put("overlays[3].days[1].date", "2026-11-27")),
    wrong("checked tomorrow", "checked_in_future", put("checked", "2026-11-28")),
]


def rules_at(raw: object) -> set[tuple[str, str]]:
    return {(entry.path, entry.rule) for entry in problems(raw, TODAY)}


def test_a_file_with_every_kind_of_day_passes() -> None:
    assert rules_at(GOOD) == set()
    CalendarFile.model_validate_json(json.dumps(GOOD), strict=True)


@walked("broken", BROKEN, ids=lambda broken: broken.name, exactly=43)
def test_a_broken_calendar_is_refused_at_the_place_of_its_mistake(broken: Broken) -> None:
    raw = copy.deepcopy(GOOD)
    broken.change(raw)
    assert (broken.path, broken.rule) in rules_at(raw)


def test_every_rule_is_tested() -> None:
    assert {broken.rule for broken in BROKEN} >= mistakes_in("calendar")


def test_a_calendar_that_is_closed_for_one_agency_names_its_overlay() -> None:
    raw = copy.deepcopy(GOOD) | {"valid_from": "2026-12-28", "valid_until": "2026-12-28"}
    raw["overlays"] = [{"agency": "H01", "days": [{"date": "2026-12-28", "kind": "off", "source": "a test"}]}]
    assert rules_at(raw) == {("overlays[0]", "no_working_day")}
    assert rules_at(raw | {"overlays": [], "valid_from": "2026-12-27", "valid_until": "2026-12-27"}) == {
        ("valid_until", "no_working_day")
    }


def test_a_mistake_hides_no_other() -> None:
    raw = copy.deepcopy(GOOD)
    names = {"no code", "make-up of a Sunday", "proposed by nobody"}
    together = [broken for broken in BROKEN if broken.name in names]
    for broken in together:
        broken.change(raw)
    assert {(broken.path, broken.rule) for broken in together} == rules_at(raw)


def test_the_national_calendar_passes_and_is_that_of_the_law() -> None:
    checked = check_bytes((CALENDARS / "vn.yaml").read_bytes())
    assert checked.mistakes == []
    assert checked.calendar is not None
    calendar = expand(checked.calendar)
    assert calendar.week == ((MORNING, AFTERNOON),) * 5 + ((), ())
    assert calendar.off == (*days(2026, OFF_2026), *days(2027, OFF_2027))
    assert calendar.open == {date(2026, 1, 10): (MORNING, AFTERNOON), date(2026, 8, 22): (MORNING, AFTERNOON)}
    assert (calendar.valid_from, calendar.valid_until) == (date(2026, 1, 1), date(2027, 12, 31))
    seen = [day.date for day in proposed(checked.calendar)]
    assert seen == [*days(2027, {2: (4, 11, 12), 9: (1, 3)})]


OFF_2026: Final = {1: (1, 2), 2: (16, 17, 18, 19, 20), 4: (27, 30), 5: (1,), 8: (31,), 9: (1, 2), 11: (24,)}
OFF_2027: Final = {1: (1,), 2: (5, 8, 9, 10), 4: (16, 30), 5: (3,), 9: (2,), 11: (24,)}


def days(year: int, months: dict[int, tuple[int, ...]]) -> list[date]:
    return [date(year, month, number) for month, numbers in months.items() for number in numbers]


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
    assert [(entry.line, entry.path, entry.rule) for entry in check_bytes(data).mistakes] == [
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


def test_a_make_up_day_has_the_hours_of_the_day_that_it_replaces() -> None:
    raw = copy.deepcopy(GOOD) | {"week": {"friday": ["08:00-12:00"]}}
    raw["overlays"] = raw["overlays"][:1]
    assert rules_at(raw) == set()
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


@pytest.mark.parametrize("text", ["7:00-11:30", "07:00-24:00", "07:60-08:00", "07:00-11:30\n", 7])
def test_anything_else_is_no_span_of_hours(text: object) -> None:
    with pytest.raises(ValueError, match=r"07:00-11:30|Input should be"):
        Hours.model_validate(text)


# The facts of a calendar: whence each comes, what to look into, and what another version changes.

SWAP: Final[tuple[dict[str, Any], ...]] = (
    {"date": "2026-11-23", "kind": "off", "status": "proposed", "source": "asked about"},
    {"date": "2026-11-28", "kind": "makeup", "replaces": "2026-11-23", "status": "proposed", "source": "asked about"},
)


def calendar(*days: dict[str, Any], agency: str | None = None, **more: Any) -> CalendarFile:
    raw = {"code": "vn", "version": "1", "valid_from": "2026-11-01", "valid_until": "2026-12-31", **more}
    return CalendarFile.model_validate(raw | {"overlays": [{"agency": agency, "days": list(days)}] if days else []})


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


def differences(before: CalendarFile, after: CalendarFile) -> list[tuple[str | None, int, Difference]]:
    return [(one.agency, one.day.day, one.change) for one in changes(before, after)]


def test_a_proposal_that_is_decided_is_told_so() -> None:
    before, after = calendar(*SWAP), calendar(*decided(*SWAP))
    found = changes(before, after)
    assert [(one.day.day, one.change) for one in found] == [(23, Difference.DECIDED), (28, Difference.DECIDED)]
    assert found[0].words == Text(
        vi="thứ Hai, 23/11/2026: trước đây mới chỉ được đề xuất, nay đã được quyết định là ngày nghỉ",
        en="Mon 2026-11-23: only proposed until now, is decided: a day off",
    )


def test_every_other_change_is_told() -> None:
    plain = calendar()
    short = {"date": "2026-12-24", "kind": "short", "hours": ["07:00-11:30"], "source": "early"}
    assert differences(plain, plain) == []
    assert differences(plain, calendar(*SWAP)) == [(None, 23, Difference.PROPOSED), (None, 28, Difference.PROPOSED)]
    assert differences(calendar(*SWAP), plain) == [(None, 23, Difference.WITHDRAWN), (None, 28, Difference.WITHDRAWN)]
    assert differences(plain, calendar(DAY)) == [(None, 4, Difference.CLOSES)]
    assert differences(calendar(DAY), plain) == [(None, 4, Difference.OPENS)]
    assert differences(plain, calendar(short)) == [(None, 24, Difference.HOURS)]
    moved = SWAP[0] | {"kind": "short", "hours": ["07:00-11:30"]}
    assert differences(calendar(SWAP[0]), calendar(moved)) == [(None, 23, Difference.PROPOSED)]


def test_a_day_of_an_agency_is_told_once_and_names_it() -> None:
    plain = calendar()
    assert differences(plain, calendar(DAY, agency="H01")) == [("H01", 4, Difference.CLOSES)]
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
    seen = [(one.day, one.change) for one in changes(calendar(), longer)]
    assert seen == [(date(2027, 2, 4), Difference.OPENS), (date(2027, 2, 4), Difference.PROPOSED)]


@pytest.mark.parametrize(
    ("today", "late"),
    [("2026-11-22", []), ("2026-11-23", ["2026-11-23"]), ("2026-12-01", ["2026-11-23", "2026-11-28"])],
)
def test_a_proposed_day_that_has_come_undecided_is_an_alarm(today: str, late: list[str]) -> None:
    now = date.fromisoformat(today)
    file = calendar(*SWAP, checked="2026-11-01")
    doubts = {str(one.fact.day): one.doubt for one in doubtful(file, now) if one.fact.source == "asked about"}
    assert doubts == {day: Doubt.UNDECIDED if day in late else Doubt.PROPOSED for day in ("2026-11-23", "2026-11-28")}
    found = list(overdue(file, now))
    assert [one.health for one in found] == [Health.FAIL] * bool(late)
    assert [day in one.what.en for one in found for day in late] == [True] * len(late)


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
