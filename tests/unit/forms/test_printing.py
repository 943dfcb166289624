"""Forms as PDF: all that was entered is there and can be read, nothing is cut off, the same twice."""

import re
import subprocess
import sys
from pathlib import Path

import pypdfium2 as pdfium  # type: ignore[import-untyped]  # it has no types
import pytest

from activities.forms.printing import printed
from rules.forms.named import forms_of
from rules.forms.sheet import Sheet, blank, filled_in
from schemas.errors import RefusalError
from schemas.filing.submission import signed_digest
from schemas.publishing.procedure import FieldKind
from tests.conftest import ROOT
from tests.printed import Margins, codes, outside, overlapping, pages, raw_text
from tests.unit.forms.dossiers import AT, FILES, MARKED, NAME, RESIDENCE_FILE, procedure, residence
from tests.unit.forms.gallery import prefilled

OF = procedure(RESIDENCE_FILE)
((KEY, PAPER),) = forms_of(OF).items()
CODE = "H01.12-20261127-0000001"
EVERY_LETTER = (
    "aàáảãạăằắẳẵặâầấẩẫậ eèéẻẽẹêềếểễệ iìíỉĩị oòóỏõọôồốổỗộơờớởỡợ uùúủũụưừứửữự yỳýỷỹỵ đ "
    "AÀÁẢÃẠĂẰẮẲẴẶÂẦẤẨẪẬ EÈÉẺẼẸÊỀẾỂỄỆ IÌÍỈĨỊ OÒÓỎÕỌÔỒỐỔỖỘƠỜỚỞỠỢ UÙÚỦŨỤƯỪỨỬỮỰ YỲÝỶỸỴ Đ ₫ m² “”"
)


FOOT = r"\S+ forms/"
MARGINS = Margins(left=27, right=17, top=15, bottom=10)


def form(**changes: object) -> Sheet:
    submission = residence(**changes)
    return filled_in(OF, KEY, PAPER, submission, digest=signed_digest(submission, "declaration"))


def words(made: bytes) -> str:
    """All but what stands below each page."""
    texts = (re.sub(f"{FOOT}.*", "", page.get_textpage().get_text_range(), flags=re.DOTALL) for page in pages(made))
    return " ".join(" ".join(texts).split())


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.name)
def test_every_blank_of_the_catalogue_can_be_printed(file: Path) -> None:
    of = procedure(file)
    for key, paper in forms_of(of).items():
        made = printed(blank(of, key, paper), AT)
        said = words(made)
        assert all(field.label.vi in said and field.label.en in said for field in of.form)
        assert "Mẫu chưa chính thức" in said
        assert not any(outside(page, MARGINS) for page in pages(made))
        assert all(codes(page, 72) == {} for page in pages(made))


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.name)
def test_every_form_of_the_catalogue_is_filled_in_to_its_edges(file: Path) -> None:
    of = procedure(file)
    for key, paper in forms_of(of).items():
        sheet = prefilled(of, key, paper)
        made = printed(sheet, AT)
        said = raw_text(made, FOOT)
        for entry in sheet.entries:
            assert entry.value is None or entry.value in said
        assert said.count(MARKED) >= 2
        assert all(box.name.vi in said for box in sheet.papers)
        for page in pages(made):
            assert not outside(page, MARGINS)
            assert not overlapping(page)
        assert codes(pages(made)[0], 72) == {"QR Code": sheet.digest}


def test_every_vietnamese_letter_can_be_read_again() -> None:
    made = printed(form(form={"address": EVERY_LETTER, "members": 1}), AT)
    assert EVERY_LETTER in words(made)


def test_a_long_word_is_broken_and_lines_are_kept() -> None:
    made = printed(form(form={"address": f"{'W' * 280}\nSố 2 {'V' * 19}", "members": 1}), AT)
    assert "W" * 280 in words(made).replace("W W", "WW")
    assert "V" * 19 in words(made)
    assert not any(outside(page, MARGINS) for page in pages(made))
    assert "\r\nSố 2 V" in pages(made)[0].get_textpage().get_text_range()


def test_forty_rows_run_to_further_pages_and_none_is_lost() -> None:
    field = next(field for field in OF.form if field.kind is FieldKind.TEXT)
    many = OF.model_copy(update={"form": tuple(field.model_copy(update={"code": f"f{n}"}) for n in range(40))})
    given = {f"f{n}": f"{NAME} {n:02}." for n in range(40)}
    made = printed(filled_in(many, KEY, PAPER, residence(form=given)), AT)
    assert len(pages(made)) > 1
    assert all(value in words(made) for value in given.values())
    assert not any(outside(page, MARGINS) for page in pages(made))


def test_a_text_as_long_as_a_page_is_not_cut_off() -> None:
    long = " ".join(f"đoạn{n}" for n in range(600))
    made = printed(form(form={"address": long[:4000], "members": 1}), AT)
    assert long[:4000].strip() in words(made)


def test_the_digest_is_on_every_page_in_the_metadata_and_in_the_qr_code() -> None:
    sheet = form()
    made = printed(sheet, AT)
    document = pdfium.PdfDocument(made)
    assert all(str(sheet.digest) in page.get_textpage().get_text_range() for page in document)
    assert document.get_metadata_value("Keywords") == f"motcua-submission-sha256:{sheet.digest}"
    assert codes(document[0], 72) == {"QR Code": sheet.digest}


def test_a_filing_has_its_dossier_code_for_both_kinds_of_scanner() -> None:
    made = printed(filled_in(OF, KEY, PAPER, residence(), code=CODE), AT)
    assert codes(pages(made)[0], 200) == {"QR Code": CODE, "Code 128": CODE}
    assert pdfium.PdfDocument(made).get_metadata_value("Keywords") == ""


def test_the_same_form_has_the_same_bytes_on_another_machine(tmp_path: Path) -> None:
    sheet = form()
    (tmp_path / "sheet.json").write_text(sheet.model_dump_json(), encoding="utf-8")
    there = (
        "import sys; from datetime import datetime; from pathlib import Path;"
        "from activities.forms.printing import printed; from rules.forms.sheet import Sheet;"
        "sheet = Sheet.model_validate_json(Path(sys.argv[1]).read_bytes());"
        "sys.stdout.buffer.write(printed(sheet, datetime.fromisoformat(sys.argv[2])))"
    )
    environment = {"TZ": "Asia/Ho_Chi_Minh", "LC_ALL": "C", "SOURCE_DATE_EPOCH": "1"}
    script = [sys.executable, "-c", there, str(tmp_path / "sheet.json"), "2026-11-27T08:30:00+07:00"]
    made = subprocess.run(script, cwd=ROOT, env=environment, capture_output=True, check=True, timeout=60).stdout

    assert made == printed(sheet, AT)
    assert b"/Lang(vi)" in made.replace(b" ", b"")


@pytest.mark.parametrize("letter", ["漢", "😀"])
def test_what_the_font_lacks_is_refused_at_its_place_and_not_repeated(letter: str) -> None:
    with pytest.raises(RefusalError) as refused:
        printed(form(form={"address": f"Số 1 {letter}", "members": 1}), AT)
    assert [(one.field, one.rule) for one in refused.value.refusal.problems] == [("form.address", "unprintable")]
    assert letter not in str(refused.value)
