"""What is wrong with files by what is said of them: type, number and size, key."""

from __future__ import annotations

from typing import Any, Final

import pytest

from rules.filing.submission.files import file_problems, quota_problems
from schemas.errors import RefusalError
from schemas.files import LARGEST_FILE, LARGEST_FILING, MOST_FILES, FileRef, Paper, file_key, files_named
from schemas.filing.submission import Submission
from schemas.ids import filing_id
from schemas.publishing.procedure_rules import PaperPart
from tests.unit.filing.lives import FILE, MANDATE, RECEPTION, REPRESENTATIVE, Life, procedure, submission

FILING: Final = filing_id("portal", "1")
PAPERS: Final = [{"code": f"paper_{n}", "required": False} for n in range(100)]
QUOTA: Final = [("papers", "files_over_quota")]


def wrong(accepts: list[str] | None = None, **changes: Any) -> list[tuple[str, str]]:
    """Field and rule of everything for which a submission is refused; none if it is filed."""
    identity = {"code": "identity", "required": True} | ({"accepts": accepts} if accepts else {})
    try:
        Life(procedure(papers=[identity, *PAPERS]), **changes)
    except RefusalError as no:
        return [(problem.field, problem.rule) for problem in no.refusal.problems]
    return []


def given(media_type: str) -> dict[str, Any]:
    return {"papers": (Paper(code="identity", file=FILE.model_copy(update={"media_type": media_type})),)}


@pytest.mark.parametrize("media_type", ["application/pdf", "image/jpeg", "image/png"])
def test_a_paper_is_a_document_or_a_picture(media_type: str) -> None:
    assert wrong(**given(media_type)) == []


@pytest.mark.parametrize(
    "media_type", ["text/plain", "application/pkcs7-signature", "image/gif", "application/PDF", ""]
)
def test_of_another_type_it_is_refused(media_type: str) -> None:
    assert wrong(**given(media_type)) == [("papers[0].file.media_type", "file_type_not_accepted")]


def test_the_procedure_says_of_each_paper_which_types_it_takes() -> None:
    assert wrong(["image/png"], **given("image/png")) == []
    with pytest.raises(RefusalError) as refused:
        Life(procedure(papers=[{"code": "identity", "accepts": ["image/jpeg", "image/png"], "required": True}]))
    [problem] = refused.value.refusal.problems
    assert (problem.field, problem.rule) == ("papers[0].file.media_type", "file_type_not_accepted")
    assert problem.message.en == "this paper is taken as JPEG, PNG; send it as one of these"


def test_rules_from_before_the_types_take_all_three() -> None:
    assert PaperPart.model_validate({"code": "identity", "required": True}).accepts == (
        "application/pdf",
        "image/jpeg",
        "image/png",
    )


def test_a_supplement_is_looked_at_in_the_same_way() -> None:
    life = Life().asked(RECEPTION, ("paper", "identity"))
    assert life.refusal("supplement", REPRESENTATIVE, **given("image/gif")) == [
        ("papers[0].file.media_type", "file_type_not_accepted")
    ]
    assert life.refusal("supplement", REPRESENTATIVE, **given("image/png")) == []


def sized(size: int, papers: int) -> tuple[Paper, ...]:
    file = FILE.model_copy(update={"size": size})
    codes = ["identity", *(f"paper_{n}" for n in range(papers - 1))]
    return tuple(Paper(code=code, file=file) for code in codes)


def test_a_hundred_files_are_taken_and_no_more() -> None:
    assert (MOST_FILES, LARGEST_FILING) == (100, 200_000_000)
    assert wrong(papers=sized(1, 99)) == []
    assert wrong(papers=sized(1, 100)) == QUOTA  # and the authorisation
    assert wrong(papers=sized(1, 99), signature=FILE) == QUOTA
    assert wrong(papers=sized(1, 99), channel="counter", actor=RECEPTION, assisted=FILE) == QUOTA


def test_two_hundred_megabytes_are_taken_and_no_more() -> None:
    light: dict[str, Any] = {"authorisation": MANDATE.model_copy(update={"size": 1})}
    most = (*sized(LARGEST_FILE, 9), *sized(LARGEST_FILE - 1, 10)[9:])
    assert sum(paper.file.size for paper in most if paper.file) + 1 == LARGEST_FILING
    assert wrong(papers=most, **light) == []
    assert wrong(papers=sized(LARGEST_FILE, 10), **light) == QUOTA


def test_how_much_is_taken_is_said() -> None:
    [problem] = quota_problems([("papers[0].file", FILE)] * 101)
    assert "at most 100 of them with 200 MB together" in problem.message.en


def test_papers_without_a_file_count_for_nothing() -> None:
    assert wrong(papers=(Paper(code="identity"),), channel="counter", actor=RECEPTION) == []


def test_the_quota_is_that_of_a_supplement_too() -> None:
    rules = procedure(papers=[{"code": "identity", "required": True}, *PAPERS])
    asked = [("paper", paper.code) for paper in sized(1, 11)]
    life = Life(rules).asked(RECEPTION, *asked)
    assert life.refusal("supplement", REPRESENTATIVE, papers=sized(LARGEST_FILE, 11)) == QUOTA
    assert life.refusal("supplement", REPRESENTATIVE, papers=sized(LARGEST_FILE // 2, 11)) == []


def own(sha256: str = "b" * 64) -> FileRef:
    return FILE.model_copy(update={"key": file_key(FILING, sha256), "sha256": sha256})


def handed_in(**changes: Any) -> Submission:
    return submission(**{"authorisation": None, "papers": (Paper(code="identity", file=own()),)} | changes)


@pytest.mark.parametrize(
    ("changes", "place"),
    [
        ({"papers": (Paper(code="mandate"), Paper(code="identity", file=FILE))}, "papers[1].file"),
        ({"authorisation": MANDATE}, "authorisation"),
        ({"signature": FILE}, "signature"),
        ({"assisted": FILE}, "assisted"),
        ({"signature": own().model_copy(update={"sha256": "c" * 64})}, "signature"),
        ({"signature": FILE.model_copy(update={"key": file_key(filing_id("portal", "2"), FILE.sha256)})}, "signature"),
    ],
)
def test_a_file_lies_where_those_of_its_filing_lie(changes: dict[str, Any], place: str) -> None:
    found = [*file_problems(FILING, files_named(handed_in(**changes)))]
    assert [(problem.field, problem.rule) for problem in found] == [(f"{place}.key", "file_key_not_its_own")]
    assert f"must lie at files/{FILING}/" in found[0].message.en


def test_the_files_of_its_own_are_right() -> None:
    assert [*file_problems(FILING, files_named(handed_in(signature=own("c" * 64), assisted=own())))] == []
    assert [*file_problems(FILING, files_named(handed_in()))] == []
