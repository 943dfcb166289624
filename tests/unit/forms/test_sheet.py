"""The content of a form: every field in a blank form, the given values in a filled one."""

import hashlib
import json
import re
from pathlib import Path
from typing import Any
from unicodedata import normalize

import pypdfium2 as pdfium  # type: ignore[import-untyped]  # it has no types
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from jsonschema import Draft202012Validator, FormatChecker

from activities.forms.printing import printed
from rules.filing.submission.admission import dossier_problems
from rules.forms.json_schema import json_schema
from rules.forms.sheet import Entry, Sheet, blank, filled_in, forms_of, is_form_of
from schemas.errors import RefusalError
from schemas.filing.submission import signed_content, signed_digest
from schemas.publishing.procedure import FieldKind, FieldRule, Procedure
from schemas.publishing.procedure_rules import rules_of
from tests.printed import Margins, codes, outside, overlapping, pages, printed_elsewhere, raw_text
from tests.tiers import examples
from tests.unit.forms.dossiers import ADDRESS, AT, FILES, MARKED, NAME, RESIDENCE, RESIDENCE_FILE, procedure, residence
from tests.unit.forms.gallery import prefilled

OF = procedure(RESIDENCE_FILE)
((KEY, PAPER),) = forms_of(OF).items()


def entries(sheet: Sheet) -> dict[str, Entry]:
    return {entry.place: entry for entry in sheet.entries}


def ticked(entry: Entry) -> list[str]:
    return [box.name.vi for box in entry.boxes if box.ticked]


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.name)
def test_a_blank_asks_for_every_field_and_lists_every_other_paper(file: Path) -> None:
    of = procedure(file)
    for key, paper in forms_of(of).items():
        assert is_form_of(of.code, key)
        sheet = blank(of, key, paper)
        asked = entries(sheet)
        assert [place for place in asked if place.startswith("form.")] == [f"form.{field.code}" for field in of.form]
        assert len(sheet.papers) == len(of.papers) - (paper is not None)
        assert not any(ticked(entry) or entry.value for entry in asked.values())
        assert not any(box.ticked for box in sheet.papers)


def test_a_blank_says_what_a_field_depends_on() -> None:
    asked = entries(blank(OF, KEY, PAPER))
    note = asked["form.owner_name"].note
    assert note is not None
    assert note.vi == "từ 2 đến 120 ký tự; khi “Loại chỗ ở hợp pháp” là nhà thuê hoặc nhà mượn, ở nhờ"
    assert note.en == "from 2 to 120 characters; when “Kind of lawful dwelling” is rented or borrowed"
    assert asked["form.dwelling"].note is None
    assert (asked["form.address"].lines, asked["form.members"].lines) == (5, 1)


def test_what_was_filled_in_stands_at_its_place() -> None:
    sheet = filled_in(OF, KEY, PAPER, residence(), digest="d")
    given = entries(sheet)
    assert (given["applicant.name"].value, given["form.address"].value) == (NAME, ADDRESS)
    assert given["form.members"].value == "2"
    assert ticked(given["form.dwelling"]) == ["nhà thuê"]
    assert ticked(given["applicant.kind"]) == ["cá nhân"]
    assert ticked(given["result_channel"]) == ["qua dịch vụ bưu chính công ích"]
    assert given["address"].value == f"{NAME}, 0912 345 678, {ADDRESS}, 11308"
    assert [(box.ticked, box.note and box.note.vi) for box in sheet.papers] == [(True, "tệp điện tử")]
    assert (sheet.digest, sheet.filled) == ("d", True)


def test_a_result_as_filed_is_offered_by_the_way_of_filing() -> None:
    of = procedure(next(file for file in FILES if file.name.startswith("3.000333")))
    ((key, paper),) = forms_of(of).items()
    notes = [(box.name.vi, box.note and box.note.vi) for box in entries(blank(of, key, paper))["result_channel"].boxes]
    by_hand = "khi nộp hồ sơ tại Bộ phận Một cửa hoặc qua dịch vụ bưu chính công ích"
    assert [note for _, note in notes] == ["khi nộp hồ sơ trực tuyến", by_hand, by_hand]
    for channel, offered in (("online", notes[:1]), ("counter", notes[1:])):
        given = entries(filled_in(of, key, paper, residence(channel=channel)))
        assert [box.name.vi for box in given["result_channel"].boxes] == [name for name, _ in offered]


def test_what_is_filled_in_is_written_as_people_write_and_nothing_else() -> None:
    given = entries(filled_in(OF, KEY, PAPER, residence(address=None, result_channel="online")))
    assert given.keys().isdisjoint({"form.in_database", "address", "actor"})
    of = procedure(next(file for file in FILES if file.name.startswith("1.013833")))
    key, paper = next(iter(forms_of(of).items()))
    given = entries(filled_in(of, key, paper, residence(form={"close_relative": True, "contract_date": "2026-02-01"})))
    assert given["form.contract_date"].value == "01/02/2026"
    assert ticked(given["form.close_relative"]) == ["có"]


FILE = {"key": "files/x", "sha256": "1" * 64, "size": 9}
SIGNED_FORM = {"code": "declaration", "file": FILE}
PAPERS = RESIDENCE["papers"]
SIGNED = signed_digest(residence(), "declaration")


def test_what_is_signed_is_plain_canonical_json_with_defaults_and_without_nulls() -> None:
    content = json.loads(signed_content(residence(), "declaration"))
    assert content == {
        "client_id": "portal-1",
        "submission_id": "s-1",
        "procedure": "1.004222",
        "agency": "H01.12",
        "channel": "online",
        "applicant": RESIDENCE["applicant"] | {"kind": "person"},
        "form": RESIDENCE["form"],
        "papers": [{"code": "owner_consent", "file": PAPERS[0]["file"] | {"media_type": "application/pdf"}}],
        "result_channel": "post",
        "address": RESIDENCE["address"],
    }
    seen = signed_content(residence())
    assert seen == json.dumps(content, ensure_ascii=False, sort_keys=True, separators=(",", ":")).encode()
    assert hashlib.sha256(signed_content(residence(), "declaration")).hexdigest() == SIGNED


@pytest.mark.parametrize(
    "same",
    [
        {"signature": FILE},
        {"actor": {"subject": "citizen-2", "role": "representative"}},
        {"papers": [*PAPERS, SIGNED_FORM]},
        {"papers": [{"code": "declaration"}, *PAPERS]},
        {"applicant": RESIDENCE["applicant"] | {"name": normalize("NFD", NAME)}},
    ],
    ids=str,
)
def test_what_comes_with_the_signature_is_not_signed(same: dict[str, Any]) -> None:
    assert signed_digest(residence(**same), "declaration") == SIGNED


@pytest.mark.parametrize(
    "other",
    [
        {"version": "2026-12"},
        {"level": 3},
        {"form": RESIDENCE["form"] | {"members": 3}},
        {"papers": [{"code": "owner_consent", "file": FILE}]},
        {"papers": [*PAPERS, {"code": "kinship", "file": FILE}]},
        {"authorisation": FILE},
        {"applicant": RESIDENCE["applicant"] | {"id_number": "001099012346"}},
    ],
    ids=str,
)
def test_everything_else_is(other: dict[str, Any]) -> None:
    assert signed_digest(residence(**other), "declaration") != SIGNED


def test_a_form_that_is_no_paper_leaves_all_papers_in() -> None:
    assert signed_digest(residence(papers=[*PAPERS, SIGNED_FORM])) != SIGNED


FORMS = FormatChecker(["date"])
VALUES: dict[FieldKind, list[Any]] = {
    FieldKind.TEXT: ["", " ", "ab", "Đường số 5, phường 2", "x" * 121, "x" * 4000, 5],
    FieldKind.INTEGER: [-1, 0, 1, 2, 20, 21, 10**6, True, "1"],
    FieldKind.DATE: ["2026-02-28", "2026-02-30", "28/02/2026", "2026-2-8", ""],
    FieldKind.BOOLEAN: [True, False, 1, "true"],
    FieldKind.CHOICE: ["no_such", 1],
    FieldKind.COMMUNE: ["00004", "4", "000045", "Hồng Hà", "0000a", "٠٠٠٠٤", 10000],
}


def in_form_alone(of: Procedure) -> bool:
    return all(
        condition.field is not None and condition.at_least_days_ago is None and condition.at_most_days_ago is None
        for field in of.form
        for condition in field.when
    )


def values(field: FieldRule) -> st.SearchStrategy[Any]:
    return st.sampled_from([*field.choices, *field.choices, *VALUES[field.kind]])


def forms(of: Procedure) -> st.SearchStrategy[dict[str, Any]]:
    known = {field.code: values(field) for field in of.form}
    return st.fixed_dictionaries({}, optional=known | {"no_such_field": st.just("x")})


EVERY = [procedure(file) for file in FILES]
TOLD = [of for of in EVERY if of.form and in_form_alone(of)]


@pytest.mark.parametrize("of", TOLD, ids=lambda of: f"{of.code}@{of.version}")
@settings(max_examples=examples(60), deadline=None)
@given(data=st.data())
def test_it_says_what_the_rules_say(of: Procedure, data: st.DataObject) -> None:
    form = data.draw(forms(of))
    rules = rules_of(of, "0" * 64)
    wrong = [one for one in dossier_problems(rules, residence(form=form), AT.date()) if one.field.startswith("form.")]
    assert Draft202012Validator(json_schema(of), format_checker=FORMS).is_valid(form) is (not wrong), wrong


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.name)
def test_every_field_has_its_words_in_both_languages(file: Path) -> None:
    of = procedure(file)
    schema = json_schema(of)
    Draft202012Validator.check_schema(schema)
    for field in of.form:
        found = schema["properties"][field.code]
        assert found["title"].startswith(field.label.vi)
        assert (found["x-vi"]["title"], found["x-en"]["title"]) == (field.label.vi, field.label.en)
        assert ("description" in found) == ("description" in found["x-vi"]) == ("description" in found["x-en"])
        assert [one["const"] for one in found.get("oneOf", ())] == list(field.choices)


def test_a_field_of_another_channel_is_neither_asked_for_nor_refused() -> None:
    of = procedure(RESIDENCE_FILE)
    address, members = (field.model_dump() for field in of.form if field.code in {"address", "members"})
    online = of.model_validate(of.model_dump() | {"form": [address | {"when": [{"channel": "counter"}]}, members]})
    valid = Draft202012Validator(json_schema(online)).is_valid
    assert valid({"members": 1})
    assert valid({"members": 1, "address": "Số 1 phố Huế"})


# Forms as PDF: all that was entered is there and can be read, nothing is cut off, the same twice.

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
    """Returns the text of all pages, without the footers."""
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


def test_every_letter_is_read_again_and_long_words_are_broken() -> None:
    made = printed(form(form={"address": EVERY_LETTER, "members": 1}), AT)
    assert EVERY_LETTER in words(made)
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
    assert long[:4000].strip() in words(printed(form(form={"address": long[:4000], "members": 1}), AT))


def test_the_digest_is_on_every_page_in_the_metadata_and_in_the_qr_code() -> None:
    sheet = form()
    document = pdfium.PdfDocument(printed(sheet, AT))
    assert all(str(sheet.digest) in page.get_textpage().get_text_range() for page in document)
    assert document.get_metadata_value("Keywords") == f"motcua-submission-sha256:{sheet.digest}"
    assert codes(document[0], 72) == {"QR Code": sheet.digest}


def test_a_filing_has_its_dossier_code_for_both_kinds_of_scanner() -> None:
    made = printed(filled_in(OF, KEY, PAPER, residence(), code=CODE), AT)
    assert codes(pages(made)[0], 200) == {"QR Code": CODE, "Code 128": CODE}
    assert pdfium.PdfDocument(made).get_metadata_value("Keywords") == ""


def test_the_same_form_has_the_same_bytes_on_another_machine(tmp_path: Path) -> None:
    sheet = form()
    made = printed_elsewhere(tmp_path, "activities.forms.printing", sheet, AT, "Asia/Ho_Chi_Minh")
    assert made == printed(sheet, AT)
    assert b"/Lang(vi)" in made.replace(b" ", b"")


@pytest.mark.parametrize("letter", ["漢", "😀"])
def test_what_the_font_lacks_is_refused_at_its_place_and_not_repeated(letter: str) -> None:
    with pytest.raises(RefusalError) as refused:
        printed(form(form={"address": f"Số 1 {letter}", "members": 1}), AT)
    assert [(one.field, one.rule) for one in refused.value.refusal.problems] == [("form.address", "unprintable")]
    assert letter not in str(refused.value)
