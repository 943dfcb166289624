"""The ends of limits, also after pauses, agree with cases computed by hand; hours are Vietnam's (+07:00)."""

import gettext
import json
from collections.abc import Callable, Sequence
from datetime import UTC, date, datetime, time
from pathlib import Path
from typing import Any, Final

import pytest
import yaml
from typer.testing import CliRunner

from benchmarks.__main__ import app
from benchmarks.calendar import MANY
from rules.time import working_time
from rules.time.calendars import expand
from rules.time.office_hours import open_at, pages, worked_minutes, working_days
from rules.time.working_time import TimeError
from schemas.base import Text
from schemas.limit import Limit
from schemas.publishing.calendar import Calendar, CalendarFile, DayStatus, Timeliness
from tests.conftest import ROOT
from tests.unit.time.chances import national
from tests.walking import walked


def at(text: str) -> datetime:
    instant = datetime.fromisoformat(text)
    return (instant if instant.tzinfo else instant.replace(tzinfo=working_time.VIETNAM)).astimezone(UTC)


def limit(text: str) -> Limit:
    return Limit.model_validate(text)


def name(case: dict[str, Any]) -> str:
    pauses = f", {len(case['pauses'])} pauses" if "pauses" in case else ""
    return f"{case['received']} {case['limit']}{pauses} {case.get('agency', '')}"


TABLE: Final[dict[str, Any]] = yaml.load(
    (ROOT / "tests/unit/time/working_time_cases.yaml").read_text(encoding="utf-8"),
    yaml.BaseLoader,  # noqa: S506 -- reads every scalar as its text
)
FILE: Final = CalendarFile.model_validate(TABLE["calendar"])
VN: Final = expand(FILE)


def english(reasoning: Sequence[Text]) -> tuple[str, ...]:
    return tuple(line.en for line in reasoning)


@walked("case", TABLE["cases"], ids=name, exactly=143)
def test_a_limit_ends(case: dict[str, Any]) -> None:
    asked: dict[str, Any] = {
        "pauses": [(at(begins), at(ends)) for begins, ends in case.get("pauses", [])],
        "cut_off": time.fromisoformat(case["cut_off"]) if "cut_off" in case else None,
    }
    arguments = (at(case["received"]), limit(case["limit"]), expand(FILE, case.get("agency")))
    due = working_time.due(*arguments, **asked)
    found = working_time.explain(*arguments, **asked)
    assert due == at(case["due"]), "\n".join([case["why"], *english(found.reasoning)])
    assert due.tzinfo is UTC
    assert found.due == due
    received = at(case["received"]).astimezone(working_time.VIETNAM)
    assert found.receipt_day.isoformat() == case.get("receipt", f"{received:%Y-%m-%d}")
    lines = english(found.reasoning)
    assert case.get("says", lines[-1]) in lines
    assert lines[-1].endswith(f"{case['due'].replace('T', ' ')}.")


@walked(
    ("due", "text", "before", "agency"),
    [
        ("2026-03-13T17:00", "1 working day", "2026-03-12T17:00", None),
        ("2026-02-23T17:00", "1 working day", "2026-02-13T17:00", None),
        ("2026-10-12T17:00", "1 working day", "2026-10-09T11:30", "H01"),
        ("2026-03-13T17:00", "0 working days", "2026-03-13T17:00", None),
        ("2026-10-12T15:00", "1 working day", "2026-10-09T11:30", "H01"),
        ("2026-03-07T12:00", "1 working day", "2026-03-05T17:00", None),
        ("2026-03-05T10:00", "2 working hours", "2026-03-05T08:00", None),
        ("2026-03-05T10:00", "4 working hours", "2026-03-04T16:00", None),
        ("2026-03-09T17:00", "5 calendar days", "2026-03-04T17:00", None),
        ("2026-03-09T10:00", "0 calendar days", "2026-03-09T10:00", None),
        ("2026-03-09T17:00:30", "45 seconds", "2026-03-09T16:59:45", None),
        ("2026-01-05T17:00", "300 working days", "2024-10-23T17:00", None),
    ],
    exactly=12,
)
def test_so_much_before_a_due_instant(due: str, text: str, before: str, agency: str | None) -> None:
    assert working_time.before(at(due), limit(text), expand(FILE, agency)) == at(before)


@walked(
    ("start", "text", "half", "pauses"),
    [
        ("2026-03-04T10:00", "8 working hours", "2026-03-04T16:00", []),
        ("2026-03-04T10:00", "1 working day", "2026-03-05T11:00", []),
        ("2026-03-02T07:00", "1 working day", "2026-03-03T11:00", []),
        ("2026-03-02T07:00", "1 working day", "2026-03-03T15:00", [("2026-03-02T10:00", "2026-03-03T09:00")]),
        ("2026-03-04T14:00", "0 calendar days", "2026-03-04T15:30", []),
        ("2026-03-04T14:00", "0 calendar days", "2026-03-04T16:00", [("2026-03-04T14:30", "2026-03-04T15:00")]),
        ("2026-03-04T10:01", "0 working days", "2026-03-04T14:31", [("2026-03-04T10:00", "2026-03-04T10:00")]),
        ("2026-03-06T10:00", "1 calendar day", "2026-03-09T08:30", []),
        ("2026-03-04T10:00", "8 working hours", "2026-03-05T08:00", [("2026-03-04T14:00", "2026-03-04T16:00")]),
        ("2026-03-04T10:00", "1 calendar day", "2026-03-05T09:30", [("2026-03-05T07:00", "2026-03-05T09:00")]),
        ("2026-03-04T10:00", "10 seconds", "2026-03-04T10:00:05", []),
        ("2026-03-04T10:00", "10 seconds", "2026-03-04T10:00:07", [("2026-03-04T10:00:01", "2026-03-04T10:00:03")]),
    ],
    exactly=12,
)
def test_half_of_a_budget_is_used(start: str, text: str, half: str, pauses: list[tuple[str, str]]) -> None:
    stood = [(at(begins), at(ends)) for begins, ends in pauses]
    assert working_time.halfway(at(start), limit(text), VN, pauses=stood) == at(half)


def test_what_comes_after_the_cut_off_is_half_used_and_reminded_of_a_day_later() -> None:
    asked, half = (at("2026-03-04T16:00"), limit("1 working day")), at("2026-03-06T11:00")
    assert working_time.halfway(*asked, VN, cut_off=time(15)) == half
    reminded = working_time.remind_at(*asked, at("2026-03-06T17:00"), limit("1 working day"), VN, cut_off=time(15))
    assert reminded == half


@walked(
    ("asked", "text", "left"),
    [
        ("2026-03-02T09:00", "5 working days", 2400),
        ("2026-03-03T07:01", "5 working days", 2399),
        ("2026-03-04T10:00", "5 working days", 1740),
        ("2026-03-05T14:00", "5 working days", 1740),
        ("2026-03-11T08:00", "5 working days", 60),
        ("2026-03-02T09:00", "30 calendar days", 30),
        ("2026-03-05T15:00", "30 calendar days", 28),
        ("2026-03-07T15:00", "30 calendar days", 26),
        ("2026-04-02T16:59", "30 calendar days", 0),
        ("2026-03-02T09:00", "0 calendar days", 360),
        ("2026-03-02T08:59", "8 working hours", 480),
        ("2026-03-02T09:00:07.5", "10 seconds", 2),
        ("2026-03-02T09:00:10", "10 seconds", 0),
    ],
    exactly=13,
)
def test_what_is_left(asked: str, text: str, left: int) -> None:
    pauses = [(at("2026-03-04T10:00"), at("2026-03-05T14:00"))]
    assert working_time.remaining(at(asked), at("2026-03-02T09:00"), limit(text), VN, pauses=pauses) == left


@pytest.mark.parametrize(
    ("text", "short"),
    [
        ("0 working days", True),
        ("1 working day", True),
        ("2 working days", False),
        ("8 working hours", True),
        ("9 working hours", False),
        ("100000 seconds", True),
    ],
)
def test_one_working_day_or_less_is_short(text: str, *, short: bool) -> None:
    assert working_time.short(limit(text), VN) is short


@walked(
    ("text", "done", "outcome"),
    [
        ("5 working days", "2026-03-08T23:59", Timeliness.EARLY),
        ("5 working days", "2026-03-09T00:00", Timeliness.ON_TIME),
        ("5 working days", "2026-03-09T23:59:59", Timeliness.ON_TIME),
        ("5 working days", "2026-03-10T00:00", Timeliness.LATE),
        ("8 working hours", "2026-03-09T17:00:00.5", Timeliness.ON_TIME),
        ("8 working hours", "2026-03-09T17:01", Timeliness.LATE),
        ("9 seconds", "2026-03-09T16:59:59.9", Timeliness.EARLY),
        ("9 seconds", "2026-03-09T17:00:00.1", Timeliness.LATE),
    ],
    exactly=8,
)
def test_early_on_time_late(text: str, done: str, outcome: Timeliness) -> None:
    assert working_time.outcome(limit(text), at("2026-03-09T17:00"), at(done)) is outcome


@walked(
    ("pauses", "field", "rule"),
    [
        ([("2026-03-05T10:00", "2026-03-04T10:00")], "pauses[0]", "pause_reversed"),
        ([("2026-03-04T10:00:30", "2026-03-04T10:00:20")], "pauses[0]", "pause_reversed"),
        ([("2026-03-03", "2026-03-04"), ("2026-03-03T23:59", "2026-03-05")], "pauses[1]", "pauses_overlap"),
        ([("2026-03-05", "2026-03-06"), ("2026-03-03", "2026-03-04")], "pauses[1]", "pauses_overlap"),
    ],
    exactly=4,
)
@walked("text", ["5 working days", "8 working hours", "3 calendar days", "9 seconds"], exactly=4)
def test_pauses_stand_in_order_and_apart(pauses: list[tuple[str, str]], field: str, rule: str, text: str) -> None:
    stood = [(at(begins), at(ends)) for begins, ends in pauses]
    for ask in (working_time.due, working_time.explain, working_time.halfway):
        with pytest.raises(TimeError) as refused:
            ask(at("2026-03-02T09:00"), limit(text), VN, pauses=stood)
        assert (refused.value.problem.field, refused.value.problem.rule) == (field, rule)


@pytest.mark.parametrize(
    ("start", "text", "field"),
    [
        ("1999-12-31T23:59", "1 working day", "received"),
        ("2026-03-02T09:00", "999999 working days", "limit"),
        ("2026-03-02T09:00", "999999 working hours", "limit"),
        ("2026-03-02T09:00", "999999 calendar days", "limit"),
    ],
)
def test_what_lies_beyond_every_known_holiday_is_refused(start: str, text: str, field: str) -> None:
    with pytest.raises(TimeError, match="2000 to 2099") as refused:
        working_time.due(at(start), limit(text), VN)
    assert (refused.value.problem.field, refused.value.problem.rule) == (field, "out_of_reach")


def test_far_away_is_not_slow_and_not_wrong() -> None:
    assert working_time.due(at("2026-03-02T09:00"), limit("20000 calendar days"), VN) == at("2080-12-03T17:00")
    assert working_time.due(at("2001-03-01T09:00"), limit("1 working day"), VN) == at("2001-03-02T17:00")


def test_nothing_is_read_from_the_disk_once_it_is_imported(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object, **__: object) -> None:
        pytest.fail("the sandbox of a workflow would refuse this")

    monkeypatch.setattr(gettext, "find", refuse)
    monkeypatch.setattr(Path, "open", refuse)
    pages.cache_clear()
    assert working_time.due(at("2046-02-02T09:00"), limit("1 working day"), VN) == at("2046-02-12T17:00")


def test_a_limit_in_seconds_is_kept_as_it_is() -> None:
    start = at("2026-03-04T10:00:30.5")
    assert working_time.due(start, limit("45 seconds"), VN) == at("2026-03-04T10:01:15.5")
    pauses = [
        (at("2026-03-04T10:00:20"), at("2026-03-04T10:00:31.5")),
        (at("2026-03-04T10:01"), at("2026-03-04T10:02")),
        (at("2026-03-04T10:02:16.5"), at("2026-03-04T11:02")),
    ]
    found = working_time.explain(start, limit("45 seconds"), VN, pauses=pauses)
    assert found.due == at("2026-03-04T10:02:16.5") == working_time.due(start, limit("45 seconds"), VN, pauses=pauses)
    assert found.receipt_day == date(2026, 3, 4)
    assert english(found.reasoning)[1:] == ("45 seconds, pauses not counted.", "Due 2026-03-04T10:02:16.500000+07:00.")


def test_a_pause_is_a_line_of_its_own() -> None:
    pauses = [(at("2026-03-04T10:00"), at("2026-03-05T14:00")), (at("2026-03-11T10:00"), at("2026-03-13T18:00"))]
    lines = working_time.explain(at("2026-03-02T09:00"), limit("5 working days"), VN, pauses=pauses).reasoning
    assert english(lines) == (
        "Received Mon 2026-03-02 09:00, Vietnam time.",
        "Day of receipt: Mon 2026-03-02.",
        "5 working days after it: the first is Tue 2026-03-03, the last Mon 2026-03-09, which closes at 17:00.",
        "Regular days off are not counted.",
        "Budget: 2400 working minutes from Tue 2026-03-03 07:00 on.",
        "Pause 1, Wed 2026-03-04 10:00 to Thu 2026-03-05 14:00: 1740 working minutes left when it begins.",
        "They run out Wed 2026-03-11 09:00, inside of a day that closes at 17:00.",
        "Regular days off are not counted.",
        "Pause 2, Wed 2026-03-11 10:00 to Fri 2026-03-13 18:00: 0 working minutes left when it begins.",
        "Without any left it is the day of resume or the next working day, Mon 2026-03-16.",
        "Due Mon 2026-03-16 17:00.",
    )


def explained(start: str, text: str, *pauses: tuple[str, str], agency: str | None = None) -> tuple[str, ...]:
    stood = [(at(begins), at(ends)) for begins, ends in pauses]
    return english(working_time.explain(at(start), limit(text), expand(FILE, agency), pauses=stood).reasoning)


def test_the_closed_days_that_hours_cross_are_named() -> None:
    assert explained("2026-02-12T13:30", "16 working hours") == (
        "Received Thu 2026-02-12 13:30, Vietnam time.",
        "16 working hours, 960 working minutes, run out Mon 2026-02-23 11:30.",
        "Regular days off are not counted.",
        "Closed, so not counted: Mon 2026-02-16, Tue 2026-02-17, Wed 2026-02-18, Thu 2026-02-19, Fri 2026-02-20.",
        "Due Mon 2026-02-23 11:30.",
    )
    assert explained("2026-10-08T15:00", "8 working hours", agency="H01")[2:4] == (
        "Regular days off are not counted.",
        "With other hours: Fri 2026-10-09 (07:00-11:30).",
    )
    assert len(explained("2026-03-04T10:00", "8 working hours")) == 3


@pytest.mark.parametrize(
    "text", ["5 days", "-1 working days", "five working days", "5", "", "1.5 working hours", "５ working days"]
)
def test_anything_else_is_no_limit(text: str) -> None:
    with pytest.raises(ValueError, match="a time limit is one of"):
        Limit.model_validate(text)


def test_a_pause_in_a_limit_in_days_of_the_calendar_is_told_in_days() -> None:
    lines = explained("2026-03-02T09:00", "10 calendar days", ("2026-03-04T10:00", "2026-03-05T14:00"))
    assert lines[-4:-2] == (
        "Pause 1, Wed 2026-03-04 10:00 to Thu 2026-03-05 14:00: 8 days left when it begins.",
        "Reckoned from Thu 2026-03-05: Fri 2026-03-13.",
    )


def test_a_working_day_before_an_opening_is_before_a_close_and_pauses_end() -> None:
    assert working_time.before(at("2026-03-04T07:00"), limit("1 working day"), VN) == at("2026-03-02T17:00")
    assert working_time.before(at("2026-03-04T07:01"), limit("1 working day"), VN) == at("2026-03-03T07:01")
    stood = [(at("2026-03-04T10:00"), at("2026-03-04T11:00"))]
    asked = (at("2026-03-02T09:00"), limit("5 working days"), VN)
    left = [working_time.remaining(at(now), *asked, pauses=stood) for now in ("2026-03-04T10:59", "2026-03-04T11:00")]
    assert left == [working_time.remaining(at("2026-03-04T10:00"), *asked)] * 2


def test_what_is_out_of_reach_is_named() -> None:
    known, far = at("2026-03-02T09:00"), at("2100-01-01T00:00")
    asked: list[tuple[str, Callable[[], object]]] = [
        ("received", lambda: working_time.due(at("1999-12-31T23:59:59"), limit("1 working day"), VN)),
        ("received", lambda: working_time.due(far, limit("9 seconds"), VN)),
        ("received", lambda: working_time.applicant_due(far, limit("1 working day"), VN)),
        ("pauses", lambda: working_time.due(known, limit("1 working day"), VN, pauses=[(far, far)])),
        ("since", lambda: worked_minutes(far, far, VN)),
        ("until", lambda: working_days(known, far, VN)),
        ("instant", lambda: open_at(far, VN)),
        ("pauses", lambda: working_time.due(known, limit("1 working day"), VN, pauses=[(known, far)])),
        ("at", lambda: working_time.remaining(far, known, limit("1 working day"), VN)),
        ("due", lambda: working_time.before(far, limit("1 working day"), VN)),
        ("limit", lambda: working_time.before(known, limit("999999 working days"), VN)),
        ("limit", lambda: working_time.halfway(known, limit("999999 working days"), VN)),
    ]
    for field, ask in asked:
        with pytest.raises(TimeError) as refused:
            ask()
        assert refused.value.problem.field == field


NATIONAL: Final[list[dict[str, Any]]] = yaml.load(
    (ROOT / "tests/unit/time/national_cases.yaml").read_text(encoding="utf-8"),
    yaml.BaseLoader,  # noqa: S506 -- reads every scalar as its text
)


@walked("case", NATIONAL, ids=name, exactly=33)
def test_a_limit_ends_on_the_national_calendar(case: dict[str, Any]) -> None:
    pauses = [(at(begins), at(ends)) for begins, ends in case.get("pauses", [])]
    found = working_time.explain(at(case["received"]), limit(case["limit"]), expand(national()), pauses=pauses)
    assert found.due == at(case["due"]), case["why"]
    assert found.receipt_day.isoformat() == case.get("receipt", case["received"][:10])


def swap(status: DayStatus | None) -> Calendar:
    """Returns a calendar that swaps 23/11/2026 and Saturday 28/11, decided or proposed by `status`; None: no swap."""
    days = [
        {"date": "2026-11-23", "kind": "off", "source": "a test", "status": status},
        {"date": "2026-11-28", "kind": "makeup", "replaces": "2026-11-23", "source": "a test", "status": status},
    ]
    return expand(
        CalendarFile.model_validate(
            {
                "code": "vn",
                "version": "1",
                "valid_from": "2026-11-01",
                "valid_until": "2026-12-31",
                "overlays": [{"days": days}] if status else [],
            }
        )
    )


@pytest.mark.parametrize(
    ("received", "amount", "proposed", "decided"),
    [
        ("2026-11-20T09:00", "1 working day", "2026-11-23T17:00", "2026-11-25T17:00"),
        ("2026-11-20T09:00", "3 calendar days", "2026-11-23T17:00", "2026-11-25T17:00"),
        ("2026-11-26T09:00", "2 working days", "2026-11-30T17:00", "2026-11-28T17:00"),
    ],
)
def test_a_day_that_is_only_proposed_moves_nothing_and_the_same_day_decided_does(
    received: str, amount: str, proposed: str, decided: str
) -> None:
    asked = (at(received), limit(amount))
    assert working_time.due(*asked, swap(DayStatus.PROPOSED)) == at(proposed)
    assert working_time.due(*asked, swap(None)) == at(proposed)
    assert working_time.due(*asked, swap(DayStatus.DECIDED)) == at(decided)


# `python -m benchmarks calendar`: it runs, and says how fast due dates are projected.


def test_it_says_how_long_a_hundred_thousand_due_dates_take_a_core(tmp_path: Path) -> None:
    file = tmp_path / "out.json"
    ended = CliRunner().invoke(app, ["calendar", "--json", str(file)])
    assert ended.exit_code == 0, ended.output
    measured = json.loads(file.read_text(encoding="utf-8"))
    assert measured["cases"] == MANY == 100_000
    assert measured["seconds"] > 0
    assert len(measured["rounds"]) == 5
    assert f"100,000 due dates in {measured['seconds']:.2f} s of one core" in ended.stdout
