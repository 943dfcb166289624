"""`motcua procedures import`: a province's table of 200 procedures becomes drafts, and each bad row says why."""

import json
import re
from pathlib import Path
from typing import Any, Final

import pytest
import yaml
from typer.testing import CliRunner, Result

from publishing.authoring.procedure_file import check_bytes
from publishing.commands.importing import app
from tests.conftest import ROOT

from .provincial_table import BAD, CODE, Good, of_excel_alone, provincial

TABLE: Final = provincial()
SMALL: Final = TABLE._replace(rows=TABLE.rows[:40])
IN_EXCEL: Final = {row for row, (_, rule) in TABLE.bad.items() if rule != "unreadable_character"}
"""What no workbook can hold is good there."""


def run(*arguments: str | Path) -> Result:
    return CliRunner().invoke(app, ["import", *(str(argument) for argument in arguments)], env={"LANG": "vi"})


def told(*arguments: str | Path, code: int) -> Any:
    ended = run(*arguments, "--json")
    assert ended.exit_code == code, ended.output
    return json.loads(ended.stdout)


def written(tmp_path: Path, name: str, data: bytes) -> Path:
    tmp_path.mkdir(exist_ok=True)
    file = tmp_path / name
    file.write_bytes(data)
    return file


def test_every_good_row_becomes_a_draft_and_every_bad_one_says_why(tmp_path: Path) -> None:
    file = written(tmp_path, "ha-noi.csv", TABLE.csv())
    answer = told(file, "--into", tmp_path / "drafts", code=1)

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
            assert check_bytes(data).mistakes == []


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
    from_csv = told(written(tmp_path, "bang.csv", TABLE.csv(delimiter=";")), "--into", tmp_path / "csv", code=1)
    from_excel = told(written(tmp_path, "bang.xlsx", table.xlsx()), "--into", tmp_path / "xlsx", code=1)

    refused = {entry["row"]: (entry["column"], entry["rule"]) for entry in from_excel["refused"]}
    expected = {row: TABLE.bad[row] for row in IN_EXCEL}
    assert refused == expected | {first + n: (column, rule) for n, (_, column, rule) in enumerate(alone)}
    rows = {draft["row"]: Path(draft["file"]) for draft in from_excel["drafts"]}
    for draft in from_csv["drafts"]:
        same = rows[draft["row"]].read_text(encoding="utf-8").replace("bang.xlsx", "bang.csv")
        assert Path(draft["file"]).read_text(encoding="utf-8") == same


def test_the_same_again_changes_nothing_and_what_somebody_wrote_is_kept(tmp_path: Path) -> None:
    file, into = written(tmp_path, "a.csv", SMALL.csv()), tmp_path / "drafts"
    first = told(file, "--into", into, code=1)
    edited, *others = (Path(draft["file"]) for draft in first["drafts"])
    edited.write_text("code: mine\n", encoding="utf-8")
    again = told(file, "--into", into, code=1)

    assert {draft["outcome"] for draft in again["drafts"]} == {"unchanged"}
    assert [draft["file"] for draft in again["drafts"]] == [str(path) for path in others]
    (kept,) = (entry for entry in again["refused"] if entry["rule"] == "draft_exists")
    assert kept["row"] == first["drafts"][0]["row"]
    assert str(edited) in kept["message"]["en"]
    assert edited.read_text(encoding="utf-8") == "code: mine\n"


def test_a_dry_run_writes_nothing(tmp_path: Path) -> None:
    answer = told(written(tmp_path, "a.csv", SMALL.csv()), "--into", tmp_path / "new", "--dry-run", code=1)
    assert {draft["outcome"] for draft in answer["drafts"]} == {"not_written"}
    assert not (tmp_path / "new").exists()


def row(tmp_path: Path, **changes: str) -> tuple[dict[str, Any], str, Any]:
    """The draft of one good row with these cells changed: its content, its text, and what was told of it."""
    titles = TABLE.rows[2]
    cells = dict(zip(titles, TABLE.rows[4], strict=True)) | {"Mức độ DVC": "Toàn trình"} | changes
    one = TABLE._replace(rows=[titles, list(cells.values())])
    answer = told(written(tmp_path, "mot.csv", one.csv()), "--into", tmp_path / "one", code=0)
    (draft,) = answer["drafts"]
    text = Path(draft["file"]).read_text(encoding="utf-8")
    return yaml.safe_load(text), text, draft


def test_a_draft_names_the_table_and_the_row_and_says_unconfirmed_for_the_rest(tmp_path: Path) -> None:
    raw, text, _ = row(tmp_path, **{"Thành phần hồ sơ": "Tờ khai", "Cơ quan thực hiện": "UBND cấp xã"})
    assert raw["version"] == "0-draft"
    assert raw["papers"][0]["source"] == "mot.csv, dòng 2; en: unconfirmed"
    assert raw["decided_by"]["source"] == "mot.csv, dòng 2"
    for part in (raw["result"], raw["signature"], raw["supplement"], *raw["review"]):
        assert part["source"] == "unconfirmed"
    assert {entry["source"] for entry in raw["information"].values() if isinstance(entry, dict)} == {"unconfirmed"}
    assert text.startswith("# Bản thảo làm từ mot.csv, dòng 2. / A draft made of mot.csv, row 2.\n")
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
    assert [paper["name"]["en"] for paper in raw["papers"]] == [
        "02 ảnh chụp không quá {figure.months_6}",
        "Giấy khám sức khỏe trong {figure.months_12}",
    ]
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
    answer = told(file, "--into", tmp_path / "drafts", code=1)
    assert [entry["rule"] for entry in answer["refused"]] == ["table_without_headings"]
    assert "table_without_headings" in run(file).stdout
    assert not (tmp_path / "drafts").exists()
