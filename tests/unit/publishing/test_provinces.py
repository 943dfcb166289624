"""Provinces: their published files, the procedures composed from these, drafts from a table, new versions."""

import json
import re
from copy import deepcopy
from datetime import date, timedelta
from functools import cache
from pathlib import Path
from typing import Any, Final, TypeAlias

import pytest
import yaml
from typer.testing import CliRunner, Result

from publishing.authoring.procedure_file import check_bytes as check_file
from publishing.authoring.procedures import PROCEDURES, check_bytes, demo_variant
from publishing.authoring.provinces import PROVINCES, Checked, check_province, compose, known_from
from publishing.checks.provinces import Base, Known, misfits
from publishing.commands.procedures import app
from publishing.effects.what_if import anew
from rules.source import parse
from schemas.publishing.procedure_rules import rules_of
from tests.conftest import ROOT
from tests.unit.filing.lives import START, Life, fee, procedure
from tests.words.mistakes import mistakes_in

from .provincial_table import BAD, CODE, Good, of_excel_alone, provincial

Raw: TypeAlias = dict[str, Any]
EXTRACT: Final = "2.000635"
OWN: Final = "1.001029.000.00.00.H29"
SOURCE: Final = (PROCEDURES / f"{EXTRACT}@2026-12.yaml").read_bytes()


@cache
def catalogue() -> Known:
    return known_from(file.read_bytes() for file in sorted(PROCEDURES.glob("*.yaml")))


def good() -> Raw:
    """Returns the content of a province's file with every part that it may have."""
    fee = deepcopy(parse(SOURCE).value["fee"])
    fee["items"][0]["amount"] = 5000
    return {
        "province": "H29",
        "version": "2026-12",
        "checked": "2026-11-27",
        "name": {"vi": "Tỉnh", "en": "Province"},
        "fees": {EXTRACT: fee},
        "own": [{"code": OWN, "source": "unconfirmed"}],
        "desks": [{"agency": "H29.01", "receives_for": ["H29.16", "H29.17"], "source": "unconfirmed"}],
    }


def checked(raw: object) -> Checked:
    known = catalogue()._replace(agencies=frozenset({"H29.01", "H29.16", "H29.17"}))
    return check_province(yaml.safe_dump(raw, allow_unicode=True, sort_keys=False).encode(), known, date(2026, 12, 1))


@pytest.mark.parametrize("file", sorted(PROVINCES.glob("*.yaml")), ids=lambda file: file.name)
def test_the_real_provinces_pass(file: Any) -> None:
    found = check_province(file.read_bytes(), catalogue())
    assert found.mistakes == []
    assert found.overlay is not None
    assert file.name == f"{found.overlay.province}@{found.overlay.version}.yaml"


def test_a_province_with_every_part_passes() -> None:
    assert checked(good()).mistakes == []


OWNED: Final[Raw] = {"code": OWN, "source": "unconfirmed"}
DESK: Final[Raw] = {"agency": "H29.01", "receives_for": ["*"], "source": "unconfirmed"}
BROKEN: Final[list[tuple[str, Any, str | None, str]]] = [
    # where what is written, the place of the mistake if it is another one, and its rule
    ("province", "h29", None, "wrong_form"),
    ("limits", {}, None, "unknown_key"),
    ("checked", "2026-12-02", None, "checked_in_future"),
    ("fees", {"9.999999": good()["fees"][EXTRACT]}, "fees.9.999999", "unknown_procedure"),
    (f"fees/{EXTRACT}/items/0/per", "rooms", None, "per_unknown_field"),
    (f"fees/{EXTRACT}/channels", ["counter"], None, "fee_must_offer_online"),
    ("version", "2026-12-of-the-province-1", f"fees.{EXTRACT}", "composed_version_too_long"),
    ("own/0/code", "1.001029.000.00.00.H24", None, "of_another_province"),
    ("own/0/code", "1.000001.H29", None, "unknown_procedure"),
    ("own", [OWNED, dict(OWNED)], "own[1].code", "duplicate_code"),
    ("desks/0/agency", "H29.99", None, "unknown_agency"),
    ("desks/0/receives_for/1", "H01.12", None, "unknown_agency"),
    ("desks", [DESK, deepcopy(DESK)], "desks[1].agency", "desk_twice"),
]


@pytest.mark.parametrize(("where", "value", "at", "rule"), BROKEN)
def test_what_is_wrong_is_found_at_its_line(where: str, value: Any, at: str | None, rule: str) -> None:
    raw = good()
    *way, last = [int(key) if key.isdigit() else key for key in where.split("/")]
    part: Any = raw
    for key in way:
        part = part[key]
    part[last] = value
    [mistake] = checked(raw).mistakes
    assert (mistake.path, mistake.rule) == (at or re.sub(r"/(\d+)(?=/|$)", r"[\1]", where).replace("/", "."), rule)
    line = yaml.safe_dump(raw, allow_unicode=True, sort_keys=False).split("\n")[(mistake.line or 0) - 1]
    assert any(word in line for word in (mistake.path.rpartition(".")[2], str(value)))


def test_every_rule_is_tested() -> None:
    unseen = mistakes_in("province") - {rule for *_, rule in BROKEN}
    assert unseen == {"does_not_fit_province"}  # tests/integration/operations/test_publish.py


@pytest.mark.parametrize("data", [b"", b"[]", b"H24"])
def test_what_is_no_mapping_is_refused(data: bytes) -> None:
    assert [mistake.rule for mistake in check_province(data, catalogue()).mistakes] == ["not_a_mapping"]


def test_what_is_composed_is_the_procedure_with_the_fee_of_the_province() -> None:
    fee = good()["fees"][EXTRACT]
    base = Base(parse(SOURCE).value)
    made = compose(base, "H29", "2026-12", fee)
    seen = (made.procedure, made.version, made.province, made.base)
    assert seen == (EXTRACT, "2026-12.H29.2026-12", "H29", "2026-12")
    read = check_bytes(made.source.encode())
    assert read.mistakes == []
    assert read.procedure is not None
    assert read.sha256 == made.sha256
    assert made.rules == rules_of(read.procedure, made.sha256).model_dump_json()
    assert {**parse(made.source.encode()).value, "version": "2026-12", "fee": base.raw["fee"]} == base.raw
    assert read.procedure.fee is not None
    assert read.procedure.fee.items[0].amount == 5000
    assert made == compose(base, "H29", "2026-12", fee)


def test_a_demonstration_is_composed_and_the_bases_mistakes_are_not_the_provinces() -> None:
    made = compose(Base(parse(demo_variant(SOURCE)).value, demo=True), "H29", "2026-12", good()["fees"][EXTRACT])
    assert (made.version, made.demo) == ("2026-12-demo.H29.2026-12", True)
    assert check_bytes(made.source.encode(), allow_seconds=True).mistakes == []
    wrong = {**parse(SOURCE).value, "level": 4.0}
    assert misfits(Base(wrong), wrong) == []
    assert [entry.rule for entry in misfits(Base(wrong), {**wrong, "version": "?"})] == ["wrong_form"]


# `motcua procedures import`: a province's table of 200 procedures becomes drafts, and each bad row says why.

TABLE: Final = provincial()
SMALL: Final = TABLE._replace(rows=TABLE.rows[:40])
IN_EXCEL: Final = {row for row, (_, rule) in TABLE.bad.items() if rule != "unreadable_character"}
"""Rows with a fault that no workbook can contain: in a workbook they are good."""


def run(*arguments: str | Path) -> Result:
    return CliRunner().invoke(app, ["import", *(str(argument) for argument in arguments)], env={"LANG": "vi"})


def output_of(*arguments: str | Path, code: int) -> Any:
    ended = run(*arguments, "--json")
    assert ended.exit_code == code, ended.output
    return json.loads(ended.stdout)


def written(tmp_path: Path, name: str, data: bytes) -> Path:
    tmp_path.mkdir(exist_ok=True)
    file = tmp_path / name
    file.write_bytes(data)
    return file


def test_every_good_row_becomes_a_draft_and_every_bad_one_says_why(tmp_path: Path) -> None:
    answer = output_of(written(tmp_path, "ha-noi.csv", TABLE.csv()), "--into", tmp_path / "drafts", code=1)
    assert {entry["row"]: (entry["column"], entry["rule"]) for entry in answer["refused"]} == TABLE.bad
    assert len(answer["refused"]) == len(TABLE.bad) == len(BAD)
    assert [draft["row"] for draft in answer["drafts"]] == list(TABLE.good)
    assert {draft["outcome"] for draft in answer["drafts"]} == {"written"}
    assert answer["unknown_columns"] == ["Ghi chú"]
    assert answer["skipped"][0] == {"row": 4, "words": "IV LĨNH VỰC HỘ TỊCH"}
    assert len(answer["skipped"]) == 4
    for n, draft in enumerate(answer["drafts"]):
        data = Path(draft["file"]).read_bytes()
        assert as_said(yaml.load(data, yaml.CSafeLoader)) == TABLE.good[draft["row"]]
        if n % 10 == 0:  # every draft was checked as it was made; these as whoever completes them does
            assert check_file(data).mistakes == []


def as_said(raw: dict[str, Any]) -> Good:
    return Good(
        code=raw["code"],
        level=raw["level"],
        kinds=raw["decided_by"]["kinds"] if "decided_by" in raw else None,
        limit=raw["limits"]["processing"],
        amounts=[item["amount"] for item in raw["fee"]["items"]] if "fee" in raw else [],
        required=[paper.get("required", True) for paper in raw.get("papers", [])],
    )


def test_a_workbook_gives_the_same_drafts_and_refuses_what_only_it_can_hold(tmp_path: Path) -> None:
    alone = list(of_excel_alone())
    first = len(TABLE.rows) + 1
    table = TABLE._replace(rows=TABLE.rows + [cells for cells, _, _ in alone])
    from_csv = output_of(written(tmp_path, "bang.csv", TABLE.csv(delimiter=";")), "--into", tmp_path / "csv", code=1)
    from_excel = output_of(written(tmp_path, "bang.xlsx", table.xlsx()), "--into", tmp_path / "xlsx", code=1)
    refused = {entry["row"]: (entry["column"], entry["rule"]) for entry in from_excel["refused"]}
    expected = {row: TABLE.bad[row] for row in IN_EXCEL}
    assert refused == expected | {first + n: (column, rule) for n, (_, column, rule) in enumerate(alone)}
    rows = {draft["row"]: Path(draft["file"]) for draft in from_excel["drafts"]}
    for draft in from_csv["drafts"]:
        same = rows[draft["row"]].read_text(encoding="utf-8").replace("bang.xlsx", "bang.csv")
        assert Path(draft["file"]).read_text(encoding="utf-8") == same


def test_the_same_again_changes_nothing_and_what_somebody_wrote_is_kept(tmp_path: Path) -> None:
    file, into = written(tmp_path, "a.csv", SMALL.csv()), tmp_path / "drafts"
    first = output_of(file, "--into", into, code=1)
    edited, *others = (Path(draft["file"]) for draft in first["drafts"])
    edited.write_text("code: mine\n", encoding="utf-8")
    again = output_of(file, "--into", into, code=1)
    assert {draft["outcome"] for draft in again["drafts"]} == {"unchanged"}
    assert [draft["file"] for draft in again["drafts"]] == [str(path) for path in others]
    (kept,) = (entry for entry in again["refused"] if entry["rule"] == "draft_exists")
    assert kept["row"] == first["drafts"][0]["row"]
    assert str(edited) in kept["message"]["en"]
    assert edited.read_text(encoding="utf-8") == "code: mine\n"


def test_a_dry_run_writes_nothing(tmp_path: Path) -> None:
    answer = output_of(written(tmp_path, "a.csv", SMALL.csv()), "--into", tmp_path / "new", "--dry-run", code=1)
    assert {draft["outcome"] for draft in answer["drafts"]} == {"not_written"}
    assert not (tmp_path / "new").exists()


def row(tmp_path: Path, **changes: str) -> tuple[dict[str, Any], str, Any]:
    """Returns the draft of one good row with these cells changed: its content, its text, and the command's report."""
    titles = TABLE.rows[2]
    cells = dict(zip(titles, TABLE.rows[4], strict=True)) | {"Mức độ DVC": "Toàn trình"} | changes
    one = TABLE._replace(rows=[titles, list(cells.values())])
    (draft,) = output_of(written(tmp_path, "mot.csv", one.csv()), "--into", tmp_path / "one", code=0)["drafts"]
    text = Path(draft["file"]).read_text(encoding="utf-8")
    return yaml.safe_load(text), text, draft


def test_a_draft_names_the_table_and_the_row_and_says_unconfirmed_for_the_rest(tmp_path: Path) -> None:
    raw, text, _ = row(tmp_path, **{"Thành phần hồ sơ": "Tờ khai", "Cơ quan thực hiện": "UBND cấp xã"})
    assert (raw["version"], raw["papers"][0]["source"]) == ("0-draft", "mot.csv, dòng 2; en: unconfirmed")
    assert raw["decided_by"]["source"] == "mot.csv, dòng 2"
    for part in (raw["result"], raw["signature"], raw["supplement"], *raw["review"]):
        assert part["source"] == "unconfirmed"
    assert {entry["source"] for entry in raw["information"].values() if isinstance(entry, dict)} == {"unconfirmed"}
    assert text.startswith("# Bản thảo được lập từ mot.csv, dòng 2. / A draft made of mot.csv, row 2.\n")
    assert "# - Cơ quan thực hiện: UBND cấp xã\n" in text


def test_a_fee_for_each_and_a_fee_by_case_ask_the_form(tmp_path: Path) -> None:
    raw, _, _ = row(tmp_path, **{"Phí, lệ phí (đồng)": "Cấp mới: 8.000 đồng/bản; Cấp lại: 5.000 đồng/bản"})
    assert [field["code"] for field in raw["form"]] == ["so_ban", "fee_case"]
    assert raw["form"][1]["choices"] == ["cap_moi", "cap_lai"]
    assert [(item["per"], item["when"]) for item in raw["fee"]["items"]] == [
        ("so_ban", [{"field": "fee_case", "one_of": ["cap_moi"]}]),
        ("so_ban", [{"field": "fee_case", "one_of": ["cap_lai"]}]),
    ]


def test_what_costs_nothing_in_a_case_is_no_item(tmp_path: Path) -> None:
    fee = "Phí, lệ phí (đồng)"
    raw, _, _ = row(tmp_path / "1", **{fee: "Trực tuyến: 0 đồng; trực tiếp: 10.000 đồng"})
    assert [(item["amount"], item["when"]) for item in raw["fee"]["items"]] == [(10_000, [{"channel": "counter"}])]
    raw, _, _ = row(tmp_path / "2", **{fee: "Cấp mới: 0 đồng; cấp lại: 10.000 đồng"})
    assert raw["form"][0]["choices"] == ["cap_moi", "cap_lai"]
    assert [item["code"] for item in raw["fee"]["items"]] == ["cap_lai"]
    raw, _, _ = row(tmp_path / "3", **{fee: "Cấp mới: 0 đồng; cấp lại: 0 đồng"})
    assert {"fee", "form"}.isdisjoint(raw)


def test_a_number_of_time_in_a_text_becomes_a_figure(tmp_path: Path) -> None:
    papers = "02 ảnh chụp không quá 06 tháng\nGiấy khám sức khỏe trong 12 (mười hai) tháng"
    raw, _, _ = row(tmp_path, **{"Thành phần hồ sơ": papers, "Tên thủ tục hành chính": "Cấp thẻ 6 tháng, giảm 50%"})
    assert raw["name"]["vi"] == "Cấp thẻ {figure.months_6}, giảm {figure.percent_50}"
    seen = [paper["name"]["en"] for paper in raw["papers"]]
    assert seen == ["02 ảnh chụp không quá {figure.months_6}", "Giấy khám sức khỏe trong {figure.months_12}"]
    assert [(f["amount"], f["unit"], f["source"]) for f in raw["figures"]] == [
        (6, "months", "mot.csv, dòng 2"),
        (50, "percent", "mot.csv, dòng 2"),
        (12, "months", "mot.csv, dòng 2"),
    ]


def test_people_are_told_in_their_language(tmp_path: Path) -> None:
    file = written(tmp_path, "a.csv", TABLE.csv())
    ended = run(file, "--into", tmp_path / "drafts")
    assert ended.exit_code == 1
    assert re.search(rf"{file}:{min(TABLE.bad)} +{CODE} +code_lost_digits +mã thiếu chữ số", ended.stdout)
    assert "đã ghi" in ended.stdout
    assert "cột không dùng: Ghi chú" in ended.stdout
    assert "4: IV LĨNH VỰC HỘ TỊCH" in ended.stdout
    assert f"bản thảo: {len(TABLE.good)}; dòng bị từ chối: {len(BAD)}" in ended.stdout


def test_the_example_of_the_documentation_is_what_happens(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    page = (ROOT / "docs" / "import.md").read_text(encoding="utf-8")
    table, said = (re.findall(rf"^```{kind}\n(.*?)^```$", page, re.MULTILINE | re.DOTALL) for kind in ("csv", "text"))
    written(tmp_path, "bang.csv", table[0].encode())
    monkeypatch.chdir(tmp_path)
    assert run("bang.csv").stdout == said[0]


def test_a_file_that_is_no_table_is_refused_whole(tmp_path: Path) -> None:
    file = written(tmp_path, "a.csv", b"x")
    answer = output_of(file, "--into", tmp_path / "drafts", code=1)
    assert [entry["rule"] for entry in answer["refused"]] == ["table_without_headings"]
    assert "table_without_headings" in run(file).stdout
    assert not (tmp_path / "drafts").exists()


# What would be otherwise for a filing under another version of its procedure.

OWN_RULES: Final = procedure(fee=fee())
NAME: Final = {"code": "name", "kind": "text", "required": True, "minimum": 2, "maximum": 20}
COPIES: Final = {"code": "copies", "kind": "integer", "required": False, "minimum": 0, "maximum": 50}
IDENTITY: Final = {"code": "identity", "required": True}


def dearer(amount: int, **when: Any) -> dict[str, Any]:
    rule = fee()
    rule["items"] = [rule["items"][0] | {"amount": amount} | when]
    return {"fee": rule}


def under(life: Life | None = None, **changes: Any) -> tuple[int, int, str, str, list[tuple[str, str]], bool]:
    found = anew((life or Life(OWN_RULES)).filing, procedure(**{"version": "2027-01", "fee": fee()} | changes), START)
    problems = [(one.field, one.rule) for one in found.problems]
    return (found.fee, found.fee_then, str(found.processing), str(found.processing_then), problems, found.differs)


FIVE: Final = "5 working days"


def test_the_same_rules_under_another_name_change_nothing() -> None:
    assert under() == (16_000, 16_000, FIVE, FIVE, [], False)


@pytest.mark.parametrize(
    ("changes", "fee_then"),
    [(dearer(10_000), 20_000), (dearer(10_000, when=[{"channel": "counter"}]), 0), ({"fee": None}, 0)],
)
def test_another_fee_is_that_of_what_was_filed(changes: dict[str, Any], fee_then: int) -> None:
    assert under(**changes) == (16_000, fee_then, FIVE, FIVE, [], True)


@pytest.mark.parametrize(
    ("changes", "problems"),
    [
        ({"papers": [IDENTITY, {"code": "photo", "required": True}]}, [("papers.photo", "paper_required")]),
        ({"papers": [IDENTITY, {"code": "photo", "required": True, "when": [{"field": "copies", "at_least": 3}]}]}, []),
        ({"papers": []}, [("papers[0].code", "unknown_paper")]),
        (
            {"form": [NAME, COPIES, {"code": "purpose", "kind": "text", "required": True}]},
            [("form.purpose", "field_required")],
        ),
        ({"form": [NAME, COPIES | {"when": [{"channel": "post"}]}]}, [("form.copies", "field_not_applicable")]),
    ],
)
def test_what_would_be_missing_or_unfit_is_named(changes: dict[str, Any], problems: list[tuple[str, str]]) -> None:
    *_, found, differs = under(**changes)
    assert (found, differs) == (problems, bool(problems))


@pytest.mark.parametrize(("days", "fee_then"), [(0, 0), (9, 0), (10, 20_000)])
def test_days_are_counted_to_the_day_on_which_it_would_be_received_anew(days: int, fee_then: int) -> None:
    life = Life(OWN_RULES, form={"name": "An", "copies": 2, "born": START.date().isoformat()})
    late = dearer(10_000, when=[{"field": "born", "at_least_days_ago": 10}])
    found = anew(life.filing, procedure(**late), START + timedelta(days=days))
    assert (found.fee, found.fee_then) == (16_000, fee_then)


def test_amounts_are_those_of_their_time_and_limits_of_the_case() -> None:
    own = procedure(**dearer(8_000, valid_until="2026-12-31"))
    found = anew(Life(own).filing, own, START + timedelta(days=60))
    assert (found.fee, found.fee_then) == (16_000, 0)
    case = {"code": "many", "processing": "9 working days", "when": [{"field": "copies", "at_least": 2}]}
    assert under(cases=[case]) == (16_000, 16_000, FIVE, "9 working days", [], True)
