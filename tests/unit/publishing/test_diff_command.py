"""`motcua procedures diff` on files: it needs no database for them."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from publishing.commands.procedure_changes import app

from .broken_procedures import EXTRACT

SOURCE = EXTRACT.read_bytes()


def run(*arguments: str | Path, lang: str = "en") -> Result:
    return CliRunner().invoke(app, ["diff", *map(str, arguments)], env={"LANG": lang})


@pytest.fixture
def new(tmp_path: Path) -> Path:
    file = tmp_path / "new.yaml"
    changed = SOURCE.replace(b'version: "2026-12"', b'version: "2027-01"').replace(b"amount: 8000", b"amount: 10000")
    file.write_bytes(changed.replace(b"copies\n      source: TT 281", b"copies\n      source: TT 2811"))
    return file


VI = (
    "Khoản thu “Phí khai thác, sử dụng thông tin trong cơ sở dữ liệu hộ tịch” (mã extract): "
    "mức thu tăng từ 8.000 đồng lên 10.000 đồng"
)
EN = (
    "Fee item “Charge for the use of information in the civil status database” (code extract): "
    "the amount goes up from 8,000 đồng to 10,000 đồng"
)


def test_changes_stand_in_their_groups(new: Path) -> None:
    ended = run(EXTRACT, new)
    assert ended.exit_code == 0
    title, _, first, second = ended.output.splitlines()
    assert title == "2.000635@2026-12 → 2.000635@2027-01"
    assert re.split("  +", first) == ["Rules", "fee.items[extract].amount", EN]
    assert re.split("  +", second)[:2] == ["Sources", "fee.items[extract].source"]


def test_programs_get_what_was_and_what_is(new: Path) -> None:
    first, second = json.loads(run(EXTRACT, new, "--json").output)
    assert first == {
        "where": "fee.items[extract].amount",
        "kind": "changed",
        "group": "rules",
        "was": 8000,
        "is": 10000,
        "words": {"vi": VI, "en": EN},
    }
    assert (second["where"], second["group"]) == ("fee.items[extract].source", "sources")


def test_no_change_is_said(tmp_path: Path) -> None:
    renamed = tmp_path / "renamed.yaml"
    renamed.write_bytes(SOURCE.replace(b'version: "2026-12"', b'version: "2027-01"'))
    ended = run(EXTRACT, renamed)
    assert (ended.exit_code, ended.output.splitlines()[1:]) == (0, ["nothing is different"])
    assert json.loads(run(EXTRACT, renamed, "--json").output) == []


def test_a_file_with_mistakes_is_refused_and_one_that_is_not_there_is_wrong_usage(tmp_path: Path) -> None:
    bad = tmp_path / "bad.yaml"
    bad.write_bytes(SOURCE.replace(b"level: 4", b"level: 9"))
    refused = run(EXTRACT, bad)
    assert (refused.exit_code, f"{bad}:5  level" in refused.output) == (1, True)
    (mistake,) = json.loads(run(EXTRACT, bad, "--json").output)
    assert (mistake["path"], mistake["rule"]) == ("level", "not_allowed_value")
    assert run(EXTRACT, tmp_path / "none.yaml").exit_code == 2
