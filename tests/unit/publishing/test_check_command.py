"""`motcua procedures check` tells mistakes from what is stale or unconfirmed, and fails for mistakes only."""

import json
import re
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import yaml
from typer.testing import CliRunner, Result

from publishing.commands.procedure_page import rows
from publishing.commands.procedures import app
from rules.source.published import published_procedure
from rules.wording.prose import filled
from schemas.limit import Limit
from schemas.publishing.procedure import Procedure
from schemas.publishing.time_limits import LIMIT_SOURCES, Limits

from .broken_procedures import FACT, VERIFIED, good

LONG_AGO = (datetime.now(UTC) - timedelta(days=400)).date().isoformat()


def run(*arguments: str | Path, lang: str = "en") -> Result:
    return CliRunner().invoke(app, [str(argument) for argument in arguments], env={"COLUMNS": "400", "LANG": lang})


@pytest.fixture
def raw() -> dict[str, Any]:
    """A good file with one fact that is stale and one that is unconfirmed."""
    text = json.dumps(good()).replace("unconfirmed", "Law")
    raw: dict[str, Any] = json.loads(text)
    raw["papers"][1]["checked"] = LONG_AGO
    raw["review"][0]["source"] = "Law; the limit unconfirmed"
    return raw


def written(folder: Path, raw: dict[str, Any]) -> Path:
    file = folder / "file.yaml"
    file.write_text(yaml.safe_dump(raw, allow_unicode=True, sort_keys=False), encoding="utf-8")
    return file


def printed(ended: Result) -> list[list[str]]:
    """The cells of each row below the titles, without the empty ones."""
    return [re.split("  +", row) for row in ended.output.splitlines()[1:]]


def line(file: Path, path: str) -> int:
    """The line on which an entry of a list begins."""
    part, _, n = path.rstrip("]").partition("[")
    lines = file.read_text("utf-8").split("\n")
    begins = [k for k in range(lines.index(f"{part}:") + 1, len(lines)) if lines[k].startswith("- ")]
    return begins[int(n)] + 1


def test_what_is_doubtful_is_listed_by_file_line_and_place_and_fails_nothing(tmp_path: Path, raw: Any) -> None:
    file = written(tmp_path, raw)

    ended = run("check", file)

    assert ended.exit_code == 0, ended.output
    correct = [str(file), "1 stale, 1 unconfirmed", "ok"]
    assert printed(ended) == [
        [f"{file}:{line(file, 'review[0]')}", "review[0]", "unconfirmed", "confirmed by no source"],
        [f"{file}:{line(file, 'papers[1]')}", "papers[1]", "stale", "checked more than a year ago"],
        correct,
    ]
    assert "chưa được nguồn nào xác nhận" in run("check", file, lang="vi").output
    assert printed(run("check", file, "--quiet")) == [correct]


def test_mistakes_come_first_and_fail(tmp_path: Path, raw: Any) -> None:
    raw["name"]["vi"] = "Trong 5 ngày"
    raw["checked"] = "2999-01-01"
    file = written(tmp_path, raw)

    ended = run("check", file)

    assert ended.exit_code == 1
    assert [row[2] for row in printed(ended)] == ["checked_in_future", "time_in_text", "unconfirmed", "stale"]

    groups = json.loads(run("check", file, "--json").output)
    assert [(entry["path"], entry["rule"]) for entry in groups["mistakes"]] == [
        ("checked", "checked_in_future"),
        ("name.vi", "time_in_text"),
    ]
    assert groups["stale"] == [{"file": str(file), "path": "papers[1]", "line": line(file, "papers[1]")}]
    assert groups["unconfirmed"] == [{"file": str(file), "path": "review[0]", "line": line(file, "review[0]")}]


def test_a_file_from_before_facts_were_dated_is_read_as_checked_when_it_was_published() -> None:
    raw = good()
    del raw["checked"]
    raw["limits_source"] = "Law"
    raw["level"] = 4.0
    procedure = published_procedure(yaml.safe_dump(raw).encode(), date(2026, 7, 1))
    assert procedure.checked == date(2026, 7, 1)
    assert procedure.limits_source == dict.fromkeys(raw["limits"], "Law")
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
    assert shown["limits.intake"] == ("8 working hours", "Law art. 1")
    assert shown["limits.appeal"] == ("90 calendar days", "Law art. 2")
    assert shown["limits.transfer"] == ("1 working day", "unconfirmed")
    assert shown["limits.notice"][1] == "NĐ 61/2018/NĐ-CP Đ19 k9"
    left_out = {name for name, field in Limits.model_fields.items() if isinstance(field.default, Limit)}
    assert left_out == set(LIMIT_SOURCES)
