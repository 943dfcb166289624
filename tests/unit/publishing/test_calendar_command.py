"""`motcua calendar`: due times of one case or of a file of cases, checks of calendars; `motcua procedures check`."""

import json
import re
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any, Final

import pytest
import yaml
from typer.testing import CliRunner, Result

from publishing.authoring.calendars import CALENDARS
from publishing.commands.calendar import app
from publishing.commands.procedures import app as procedures_app
from publishing.commands.procedures import rows
from rules.source import published_procedure
from rules.time.working_time import VIETNAM
from rules.wording.rule_words import filled
from schemas.limit import Limit
from schemas.publishing.procedure import Procedure
from schemas.publishing.time_limits import LIMIT_SOURCES, Limits

from .broken_procedures import FACT, VERIFIED, good

CASE: Final = ("--received", "2026-02-13T16:05+07:00", "--limit", "5 working days")
ANSWER: Final = {
    "due": "2026-02-27T17:00:00+07:00",
    "receipt_day": "2026-02-13",
    "calendar": "vn",
    "calendar_version": "2026-12",
    "proposed": [],
}


def run(*arguments: str | Path, stdin: str | None = None) -> Result:
    return CliRunner().invoke(app, [str(argument) for argument in arguments], input=stdin, env={"LANG": "vi"})


def due(*arguments: str | Path) -> Any:
    ended = run("due", *arguments, "--json")
    assert ended.exit_code == 0, ended.output
    return json.loads(ended.stdout)


def error(*arguments: str | Path) -> tuple[str, str]:
    ended = run("due", *arguments, "--json")
    assert ended.exit_code == 1
    found = json.loads(ended.stdout)["error"]
    assert found["message"].keys() == {"vi", "en"}
    return found["field"], found["rule"]


@pytest.fixture
def own(tmp_path: Path) -> Path:
    file = tmp_path / "own.yaml"
    file.write_text(
        "code: own\nversion: 1\nvalid_from: 2026-01-01\nvalid_until: 2026-12-31\noverlays:\n"
        "  - agency: H01\n    days: [{ date: 2026-03-05, kind: off, source: a test }]\n",
        encoding="utf-8",
    )
    return file


def test_a_case_is_answered_with_its_reasons() -> None:
    found = due(*CASE)
    reasons = found.pop("reasoning")
    assert found == ANSWER
    assert reasons[0] == {
        "vi": "Nhận lúc 16 giờ 05 thứ Sáu, 13/02/2026, giờ Việt Nam.",
        "en": "Received Fri 2026-02-13 16:05, Vietnam time.",
    }
    assert reasons[-1] == {"vi": "Hết hạn lúc 17 giờ 00 thứ Sáu, 27/02/2026.", "en": "Due Fri 2026-02-27 17:00."}
    assert run("due", *CASE).stdout.splitlines() == [*(line["vi"] for line in reasons), found["due"]]


def test_a_day_that_is_only_proposed_is_named_with_its_weekday() -> None:
    found = due("--received", "2027-02-03T09:00+07:00", "--limit", "1 working day")
    assert found["reasoning"][-2] == {
        "vi": "Thay đổi về lịch chỉ mới được đề xuất nên chưa được áp dụng: thứ Năm, 04/02/2027.",
        "en": "Only proposed, not counted: Thu 2027-02-04.",
    }


def test_pauses_are_begin_and_end() -> None:
    first, second = "2026-02-24T07:00+07:00/2026-02-24T17:00+07:00", "2026-02-25T00:00Z/2026-02-26T00:00Z"
    assert due(*CASE, *("--pause", first, "--pause", second))["due"] == "2026-03-03T17:00:00+07:00"


def test_a_calendar_is_named_or_a_file_and_an_agency_has_its_own_days(own: Path) -> None:
    case = ("--received", "2026-03-04T10:00+07:00", "--limit", "1 working day", "--calendar", own)
    assert due(*case)["due"] == "2026-03-05T17:00:00+07:00"
    there = {"due": "2026-03-06T17:00:00+07:00", "calendar": "own", "calendar_version": "1"}
    assert due(*case, "--agency", "H01.12").items() >= there.items()


@pytest.mark.parametrize(
    ("arguments", "field", "rule"),
    [
        (["--received", "2026-02-13T16:05"], "received", "timezone_aware"),
        (["--received", "1770973500"], "received", "datetime_parsing"),
        (["--received", "1999-02-13T16:05+07:00"], "received", "out_of_reach"),
        (["--limit", "5 months"], "limit", "limit_form"),
        (["--limit", "999999 working days"], "limit", "out_of_reach"),
        (["--agency", "h01"], "agency", "string_pattern_mismatch"),
        (["--calendar", "../procedures"], "calendar", "unknown_calendar"),
        (["--pause", "2026-02-14T10:00+07:00"], "pauses[0][1]", "missing"),
        (["--pause", "2026-02-15T10:00+07:00/2026-02-14T10:00+07:00"], "pauses[0]", "pause_reversed"),
        (
            ["--pause", "2026-02-14T10:00Z/2026-02-16T10:00Z", "--pause", "2026-02-15T10:00Z/2026-02-17T10:00Z"],
            "pauses[1]",
            "pauses_overlap",
        ),
    ],
)
def test_a_bad_case_is_refused_with_its_field_and_rule(arguments: list[str], field: str, rule: str) -> None:
    assert error(*CASE, *arguments) == (field, rule)
    said = run("due", *CASE, *arguments)
    assert (said.exit_code, said.stdout) == (1, "")
    assert field in said.stderr
    assert f"[{rule}]" in said.stderr


def test_without_an_instant_or_a_limit_there_is_nothing_to_answer() -> None:
    assert error("--limit", "5 working days") == ("received", "missing")
    assert error("--received", "2026-02-13T16:05Z") == ("limit", "missing")


def test_a_calendar_with_mistakes_answers_nothing(own: Path) -> None:
    own.write_text(own.read_text(encoding="utf-8").replace("kind: off", "kind: no"), encoding="utf-8")
    assert error(*CASE, "--calendar", own) == ("calendar", "calendar_has_mistakes")
    for said in (run("due", *CASE, "--calendar", own).stderr, run("due", *CASE, "--calendar", own, "--json").stdout):
        assert f"{own}:7 overlays[0].days[0].kind (not_allowed_value)" in said.replace("\n", "")


LINES: Final = [
    ('{"received": "2026-02-13T16:05+07:00", "limit": "5 working days"}', ANSWER["due"]),
    ('{"received": "2026-02-13T16:05", "limit": "5 working days"}', ("received", "timezone_aware")),
    ('{"received": "2026-03-04T03:00Z", "limit": "8 working hours", "calendar": "vn"}', "2026-03-05T10:00:00+07:00"),
    ('{"received": "2026-03-04T03:00Z", "limit": {"amount": 5, "unit": "working days"}}', ("limit", "limit_form")),
    ('{"received": "2026-03-04T03:00Z", "limit": "5 working days", "more": 1}', ("more", "extra_forbidden")),
    ("", ("", "json_invalid")),
    ("[" * 100_000, ("", "json_invalid")),
    (
        '{"received": "2026-03-04T03:00Z", "limit": "5 working days", "limit": "1 working day"}',
        ("limit", "duplicate_key"),
    ),
    (
        '{"received": "2026-03-02T02Z", "limit": "30 calendar days", "pauses": [["2026-03-16T01Z", "2026-03-20T01Z"]]}',
        "2026-04-06T17:00:00+07:00",
    ),
    (
        '{"received": "2026-03-02T02Z", "limit": "9 working days", "pauses": [["2026-03-16T01Z", "2026-03-02T01Z"]]}',
        ("pauses[0]", "pause_reversed"),
    ),
]


def test_a_file_is_answered_line_by_line_and_a_bad_line_in_its_place(tmp_path: Path) -> None:
    file = tmp_path / "cases.jsonl"
    file.write_text("\n".join(line for line, _ in LINES), encoding="utf-8")
    for ended in (
        run("due", "--from", file, "--json"),
        run("due", "--from", "-", "--json", stdin=file.read_text("utf-8")),
    ):
        assert ended.exit_code == 0, ended.output
        answers = [json.loads(line) for line in ended.stdout.splitlines()]
        assert [
            answer["due"] if "due" in answer else (answer["error"]["field"], answer["error"]["rule"])
            for answer in answers
        ] == [expected for _, expected in LINES]
    assert answers[0] == due(*CASE)
    said = run("due", "--from", file).stdout.splitlines()
    assert said[0] == ANSWER["due"]
    assert said[1].startswith("error: received: ")


def test_lines_have_the_calendar_of_the_command_unless_they_name_one(tmp_path: Path, own: Path) -> None:
    file = tmp_path / "cases.jsonl"
    case = {"received": "2026-03-04T10:00+07:00", "limit": "1 working day"}
    file.write_text("\n".join(json.dumps(each) for each in (case, case | {"calendar": "vn"})), encoding="utf-8")
    ended = run("due", "--from", file, "--calendar", own, "--agency", "H01", "--json")
    answers = [json.loads(line) for line in ended.stdout.splitlines()]
    assert [answer["calendar"] for answer in answers] == ["own", "vn"]
    assert [answer["due"][:10] for answer in answers] == ["2026-03-06", "2026-03-05"]


def test_a_file_and_a_case_are_not_asked_at_once(tmp_path: Path) -> None:
    file = tmp_path / "cases.jsonl"
    file.write_text("", encoding="utf-8")
    assert run("due", "--from", file, *CASE).exit_code == 2
    assert run("due", "--from", tmp_path / "none").exit_code == 2


def test_a_file_is_checked(own: Path) -> None:
    assert run("check", CALENDARS / "vn.yaml", own).exit_code == 0
    own.write_text(own.read_text(encoding="utf-8") + "week: { monday: [13:30-17:00, 07:00-11:30] }\n", encoding="utf-8")
    ended = run("check", CALENDARS / "vn.yaml", own)
    assert ended.exit_code == 1
    assert re.search(rf"^{own}:8 +week\.monday\[1\] +hours_overlap ", ended.stdout, re.MULTILINE)
    told = json.loads(run("check", own, "--json").stdout)
    assert told["facts"] == []
    (row,) = told["mistakes"]
    assert (row["file"], row["path"], row["rule"], row["line"]) == (str(own), "week.monday[1]", "hours_overlap", 8)
    assert "chồng nhau" in run("check", own).stdout


def test_what_to_look_into_is_listed_and_is_no_mistake(own: Path) -> None:
    """The agency's unchecked 5 March and the national days that are only proposed are listed, but are no mistakes."""
    today = f"{datetime.now(VIETNAM):%Y-%m-%d}"
    proposed = ("2027-02-04", "2027-02-11", "2027-02-12", "2027-09-01", "2027-09-03")
    ended = run("check", CALENDARS / "vn.yaml", own, "--json")
    assert ended.exit_code == int(proposed[0] <= today)
    told = json.loads(ended.stdout)
    assert told["mistakes"] == []
    national = [fact for fact in told["facts"] if fact["file"] != str(own)]
    assert [(fact["date"], fact["doubt"]) for fact in national] == [
        (day, "undecided" if day <= today else "proposed") for day in proposed
    ]
    source = (CALENDARS / "vn.yaml").read_text(encoding="utf-8").splitlines()
    assert all(fact["date"] in "".join(source[fact["line"] - 1 : fact["line"] + 1]) for fact in national)
    (unchecked,) = [fact for fact in told["facts"] if fact["doubt"] == "unchecked"]
    assert (unchecked["date"], unchecked["agency"], unchecked["line"]) == ("2026-03-05", "H01", 7)
    said = run("check", own)
    assert said.exit_code == 0
    assert re.search(rf"^{own}:7 +05/03/2026 +unchecked +chưa ghi ngày kiểm tra", said.stdout, re.MULTILINE)


@pytest.mark.parametrize(("year", "exits"), [(2026, 1), (2099, 0)])
def test_a_day_that_came_undecided_fails_the_check(tmp_path: Path, year: int, exits: int) -> None:
    file, day = tmp_path / "own.yaml", f"{{date: {year}-11-23, kind: off, status: proposed, source: asked about}}"
    ends = f"valid_from: {year}-01-01, valid_until: {year}-12-31"
    file.write_text(f"{{code: vn, version: 1, {ends}, overlays: [{{days: [{day}]}}]}}")
    assert run("check", file).exit_code == exits, run("check", file).stdout


def test_a_calendar_is_shown_with_what_is_only_proposed() -> None:
    ended = run("show", "vn", "--json")
    assert ended.exit_code == 0
    shown = json.loads(ended.stdout)
    assert (shown["calendar"], shown["valid_until"]) == ("vn@2026-12", "2027-12-31")
    of = {(one["date"], one["status"]): one for one in shown["days"]}
    assert len(of) == len(shown["days"])
    assert of["2026-11-24", "decided"]["source"] == "Ngày Văn hóa Việt Nam, Nghị quyết 28/2026/QH16"
    assert of["2027-02-04", "decided"]["hours"] == ["07:00-11:30", "13:30-17:00"]
    assert of["2027-02-04", "proposed"]["hours"] == []
    said = " ".join(run("show").stdout.split())
    assert "04/02/2027 nghỉ mới là đề xuất, chưa tính vào lịch" in said
    assert "library" not in said
    assert run("show", "nowhere").exit_code == 1


# `motcua procedures check` tells mistakes from what is stale or unconfirmed, and fails for mistakes only.


def check(*arguments: str | Path, lang: str = "en") -> Result:
    return CliRunner().invoke(
        procedures_app, [str(argument) for argument in arguments], env={"COLUMNS": "400", "LANG": lang}
    )


@pytest.fixture
def raw() -> dict[str, Any]:
    """A valid procedure file with one outdated fact and one unconfirmed fact."""
    raw: dict[str, Any] = json.loads(json.dumps(good()).replace("unconfirmed", "Law"))
    raw["papers"][1]["checked"] = (datetime.now(UTC) - timedelta(days=400)).date().isoformat()
    raw["review"][0]["source"] = "Law; the limit unconfirmed"
    return raw


def written(folder: Path, raw: dict[str, Any]) -> Path:
    file = folder / "file.yaml"
    file.write_text(yaml.safe_dump(raw, allow_unicode=True, sort_keys=False), encoding="utf-8")
    return file


def printed(ended: Result) -> list[list[str]]:
    """Returns the non-empty cells of each row below the headings."""
    return [re.split("  +", row) for row in ended.output.splitlines()[1:]]


def line(file: Path, path: str) -> int:
    """Returns the line on which an entry of a list begins."""
    part, _, n = path.rstrip("]").partition("[")
    lines = file.read_text("utf-8").split("\n")
    return [k for k in range(lines.index(f"{part}:") + 1, len(lines)) if lines[k].startswith("- ")][int(n)] + 1


def test_what_is_doubtful_is_listed_by_file_line_and_place_and_fails_nothing(tmp_path: Path, raw: Any) -> None:
    file = written(tmp_path, raw)
    ended = check("check", file)
    assert ended.exit_code == 0, ended.output
    correct = [str(file), "1 stale, 1 unconfirmed", "ok"]
    assert printed(ended) == [
        [f"{file}:{line(file, 'review[0]')}", "review[0]", "unconfirmed", "confirmed by no source"],
        [f"{file}:{line(file, 'papers[1]')}", "papers[1]", "stale", "checked more than a year ago"],
        correct,
    ]
    assert "chưa được nguồn nào xác nhận" in check("check", file, lang="vi").output
    assert printed(check("check", file, "--quiet")) == [correct]


def test_mistakes_come_first_and_fail(tmp_path: Path, raw: Any) -> None:
    raw["name"]["vi"] = "Trong 5 ngày"
    raw["checked"] = "2999-01-01"
    file = written(tmp_path, raw)
    ended = check("check", file)
    assert ended.exit_code == 1
    assert [row[2] for row in printed(ended)] == ["checked_in_future", "time_in_text", "unconfirmed", "stale"]
    groups = json.loads(check("check", file, "--json").output)
    seen = [(entry["path"], entry["rule"]) for entry in groups["mistakes"]]
    assert seen == [("checked", "checked_in_future"), ("name.vi", "time_in_text")]
    assert groups["stale"] == [{"file": str(file), "path": "papers[1]", "line": line(file, "papers[1]")}]
    assert groups["unconfirmed"] == [{"file": str(file), "path": "review[0]", "line": line(file, "review[0]")}]


def test_a_file_from_before_facts_were_dated_is_read_as_checked_when_it_was_published() -> None:
    raw = good() | {"limits_source": "Law", "level": 4.0}
    del raw["checked"]
    procedure = published_procedure(yaml.safe_dump(raw).encode(), date(2026, 7, 1))
    sources = dict.fromkeys(raw["limits"], "Law")
    assert (procedure.checked, procedure.limits_source) == (date(2026, 7, 1), sources)
    assert filled(procedure).information.how.vi.startswith("Nộp trực tuyến")


def page() -> dict[str, tuple[str, str]]:
    raw = good()
    raw["limits_source"] = {"intake": "Law art. 1", "appeal": "Law art. 2", "suspension": "Law art. 3"} | dict.fromkeys(
        ("processing", "issue", "delivery", "pickup"), "unconfirmed"
    )
    raw["cases"] = [VERIFIED]
    raw["result"]["postage"] = {"amount": 25_000, "source": "QĐ 45/2016 Đ12"}
    raw["information"]["how"] = FACT | {"vi": "Nộp {channels.filing}.", "en": "File {channels.filing}."}
    procedure = Procedure.model_validate_json(json.dumps(raw))
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("LANG", "en")
        return {row.where: (row.what, row.source) for row in rows(procedure)}


def test_each_limit_has_a_source_of_the_file_or_of_the_platform() -> None:
    shown = page()
    assert [shown[f"limits.{name}"] for name in ("intake", "appeal", "transfer")] == [
        *(("8 working hours", "Law art. 1"), ("90 calendar days", "Law art. 2"), ("1 working day", "unconfirmed"))
    ]
    assert shown["limits.notice"][1] == "NĐ 61/2018/NĐ-CP Đ19 k9"
    left_out = {name for name, field in Limits.model_fields.items() if isinstance(field.default, Limit)}
    assert left_out == set(LIMIT_SOURCES)
