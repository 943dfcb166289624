"""What a form shows: every field when it is blank, what was given when it is filled in."""

from pathlib import Path

import pytest

from rules.forms.named import forms_of, is_form_of
from rules.forms.sheet import Entry, Sheet, blank, filled_in
from tests.unit.forms.dossiers import ADDRESS, FILES, NAME, RESIDENCE_FILE, procedure, residence

OF = procedure(RESIDENCE_FILE)
((KEY, PAPER),) = forms_of(OF).items()


def entries(sheet: Sheet) -> dict[str, Entry]:
    return {entry.place: entry for entry in sheet.entries}


def ticked(entry: Entry) -> list[str]:
    return [box.name.vi for box in entry.boxes if box.ticked]


def test_the_named_forms_of_the_catalogue_are_there() -> None:
    named = {key: paper for file in FILES for key, paper in forms_of(procedure(file)).items() if paper is not None}
    assert named.keys() >= {
        *("forms/1.001029/don-de-nghi.pdf", "forms/1.001612/giay-de-nghi.pdf", "forms/1.004222/ct01.pdf"),
        *("forms/1.004645/thong-bao.pdf", "forms/1.013225/mau-01.pdf", "forms/1.013227/don-gia-han.pdf"),
        *("forms/1.013833/don-dang-ky.pdf", "forms/1.013833/to-khai-thue.pdf", "forms/2.001035/hop-dong.pdf"),
    }


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

    assert given["applicant.name"].value == NAME
    assert given["form.address"].value == ADDRESS
    assert given["form.members"].value == "2"
    assert ticked(given["form.dwelling"]) == ["nhà thuê"]
    assert ticked(given["applicant.kind"]) == ["cá nhân"]
    assert ticked(given["result_channel"]) == ["qua bưu chính công ích"]
    assert given["address"].value == f"{NAME}, 0912 345 678, {ADDRESS}, 11308"
    assert [(box.ticked, box.note and box.note.vi) for box in sheet.papers] == [(True, "tệp điện tử")]
    assert (sheet.digest, sheet.filled) == ("d", True)


def test_what_was_not_filled_in_does_not_stand_there() -> None:
    given = entries(filled_in(OF, KEY, PAPER, residence(address=None, result_channel="online")))
    assert given.keys().isdisjoint({"form.in_database", "address", "actor"})


def test_a_date_and_a_truth_are_written_as_people_write_them() -> None:
    of = procedure(next(file for file in FILES if file.name.startswith("1.013833")))
    key, paper = next(iter(forms_of(of).items()))
    form = {"close_relative": True, "contract_date": "2026-02-01"}
    given = entries(filled_in(of, key, paper, residence(form=form)))
    assert given["form.contract_date"].value == "01/02/2026"
    assert ticked(given["form.close_relative"]) == ["có"]
