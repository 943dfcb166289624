"""No internal code appears on an official paper, in the register, or on a result that the platform prints."""

import re
from collections.abc import Iterator
from dataclasses import replace
from enum import StrEnum
from typing import Final
from uuid import uuid4

from rules.papers.register import COLUMNS, EFFORT, Known, entry, shown
from rules.papers.result import ResultSource, result_sheet
from rules.papers.sheet import sheet
from rules.papers.sheets.made import plain
from schemas.backoffice import Dossier, IssueRequest
from schemas.base import Text
from schemas.filing.events import EFFECTS, Outcome
from schemas.papers.sheet import Rows, Sheet, texts_of
from schemas.people import Applicant
from schemas.publishing.procedure import FieldKind, FieldRule, Procedure
from schemas.text import FormValue
from tests.conftest import ROOT
from tests.unit.filing import lives
from tests.unit.forms.dossiers import procedure
from tests.unit.papers import sources
from tests.unit.papers.endings import ended

NUMBERS: Final = re.compile(r"H\d\d\.\d\d-20\d{6}-\d{7}|H\d\d\.\d\d-20\d\d-[A-Z]+\d{7}|\S+@\S+")
"""The codes that papers contain by their nature: dossier code, number of a result or receipt, e-mail address."""
CODE: Final = re.compile(
    r"\b(?:H\d\d(?:\.\d\d)*|[a-z]+(?:_[a-z]+)+|[\w.]*[a-z]+-\d+|[0-9a-f]{8}-[0-9a-f-]{27}|0000\d)\b"
)
"""The code of an agency, of a step or an event; a login, an id, the code of a commune."""
WORDS: Final = {str(one) for kind in StrEnum.__subclasses__() for one in kind if kind.__module__.startswith("schemas")}
ENUMS: Final = {one for one in WORDS | {*EFFECTS} if re.fullmatch(r"[a-z]{4,}", one)}
NAMES: Final = dict.fromkeys((f"{role}-1" for role in ("reception", "specialist", "leader", "handover")), "Lê Thị Ước")


def codes(texts: Iterator[str]) -> list[str]:
    """Returns the internal codes in these texts."""
    found = []
    for text in texts:
        rest = NUMBERS.sub("", text)
        found += [one[0] for one in CODE.finditer(rest)] + sorted(ENUMS & set(re.findall(r"[\w]+", rest)))
    return found


def read(paper: Sheet) -> Iterator[str]:
    """Yields every text that a reader sees on a paper, in Vietnamese."""
    shown = (paper.title, paper.dated, paper.issuer, paper.to or "", paper.body, paper.law, paper.signatories)
    yield from (text for _, text in texts_of(shown))
    yield from (row.label.vi for block in paper.body if isinstance(block, Rows) for row in block.rows)


def test_the_search_finds_each_kind_of_code() -> None:
    said = ("H01.12", "leader-1", "h01.12-clerk-1", "owner_consent", "online", str(uuid4()), "00004")
    assert [one for one in said if not codes(iter([f"đã duyệt: {one}."]))] == []


def test_no_paper_has_a_code_in_it() -> None:
    found = {}
    for name, (kind, source) in sources.paper_sources().items():
        paper = sheet(kind, replace(source, officers=NAMES))
        if wrong := codes(read(paper)):
            found[name] = wrong
    assert found == {}


def test_no_cell_of_the_register_has_a_code_in_it() -> None:
    names = {code: head.name for code, head in sources.AGENCIES.items()}
    for place, act, filed in ended():
        filing = filed.filing.model_copy(update={"code": sources.CODE})
        line = entry(1, filed.log, filing, Known(sources.PLAIN.name, 1), filed.now).model_copy(
            update={"agencies": names}
        )
        cells = (shown(column.cell(line)) for column in (*COLUMNS, *EFFORT))
        assert codes(cells) == [], (place, act)


def values(field: FieldRule) -> FormValue:
    match field.kind:
        case FieldKind.CHOICE:
            return field.choices[-1]
        case FieldKind.BOOLEAN:
            return True
        case FieldKind.DATE:
            return "2026-11-25"
        case FieldKind.COMMUNE:
            return "00004"
        case FieldKind.INTEGER:
            return 2
        case _:
            return "Thôn Đoài"


def results(of: Procedure) -> Iterator[Sheet]:
    dossier = Dossier(
        filing_id="f6fae566-a33a-5e3d-be63-33acc1539c0f",
        code=sources.CODE,
        agency=lives.AGENCY,
        procedure=of.code,
        version=of.version,
        level=4,
        applicant=Applicant(subject="a", name="Nguyễn Thị Ước", id_number="001085000001"),
        form={field.code: values(field) for field in of.form},
        papers=(),
    )
    for outcome in (Outcome.APPROVED, Outcome.REFUSED):
        asked = {"request_id": "issue:1", "dossier": dossier, "outcome": outcome, "officer": "leader-1"}
        request = IssueRequest.model_validate(asked | {"reason": "Thiếu điều kiện."})
        head, name = sources.AGENCIES[lives.AGENCY], Text(vi="phường Hồng Hà", en="Hong Ha Ward")
        title = plain("CHỦ TỊCH")
        yield result_sheet(ResultSource(request, of, head, "Lê Thị Ước", title, None, {"00004": name}, lives.START))


def test_no_result_of_our_own_layout_has_a_code_in_it() -> None:
    found = {}
    for file in sorted((ROOT / "procedures").glob("*.yaml")):
        for paper in results(procedure(file)):
            if wrong := codes(read(paper)):
                found[file.name] = wrong
    assert found == {}
