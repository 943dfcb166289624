"""Representatives by law, in addition to mandates: permitted grounds, their proof; certified mandates."""

from typing import Any, Final

import pytest

from activities.signature.submitted import signatories
from rules.filing import projections
from schemas.filing.submission import LegalRepresentative
from tests.unit.filing.lives import (
    APPLICANT,
    FILE,
    HANDOVER,
    MANDATE,
    PAPER,
    RECEPTION,
    REPRESENTATIVE,
    Life,
    procedure,
    submission,
    wrong,
)

GROUNDS: Final = {"representation": [{"code": "parent"}, {"code": "guardian", "paper": "mandate"}]}
BY_LAW: Final = LegalRepresentative(ground="parent", name="Trần Văn Bình", id_number="001099000002")
GUARDIAN: Final = BY_LAW.model_copy(update={"ground": "guardian"})
PROVED: Final = [{"code": code, "file": FILE} for code in ("identity", "mandate")]


def refused(by_law: LegalRepresentative = BY_LAW, **changes: Any) -> list[tuple[str, str]]:
    return wrong(procedure(**GROUNDS), authorisation=None, by_law=by_law, **changes)


def test_a_parent_files_without_any_authorisation_and_withdraws() -> None:
    assert refused() == []
    life = Life(procedure(**GROUNDS), authorisation=None, by_law=BY_LAW)
    assert projections.view(life.filing, life.now, life.now).by_law == BY_LAW
    assert projections.dossier(life.filing).by_law == BY_LAW
    assert life.refusal("revoke_mandate", APPLICANT) == [("", "represented_by_law")]
    assert life.do("withdraw", REPRESENTATIVE, reason="đổi ý").status == 7


def test_a_parent_signs_what_they_file() -> None:
    signed = signatories(submission(authorisation=None, by_law=BY_LAW))
    assert {one.number for one in signed} == {"001099000001", BY_LAW.id_number}


def test_a_guardian_proves_it_by_the_paper_that_the_procedure_names() -> None:
    assert refused(GUARDIAN) == [("papers.mandate", "paper_required")]
    assert refused(GUARDIAN, papers=PROVED) == []
    on_paper = Life(procedure(**GROUNDS), authorisation=None, by_law=GUARDIAN, **PAPER)
    assert [need.code for need in on_paper.filing.missing] == ["mandate"]


@pytest.mark.parametrize(
    ("changes", "problem"),
    [
        ({"by_law": BY_LAW.model_copy(update={"ground": "neighbour"})}, ("by_law.ground", "unknown_ground")),
        ({"authorisation": MANDATE}, ("authorisation", "authorisation_beside_law")),
        ({"by_law": BY_LAW.model_copy(update={"id_number": "001099000001"})}, ("by_law", "represents_nobody_else")),
        ({"by_law": None}, ("authorisation", "authorisation_required")),
    ],
)
def test_what_is_no_representation_by_law_is_refused(changes: dict[str, Any], problem: tuple[str, str]) -> None:
    assert wrong(procedure(**GROUNDS), **({"authorisation": None, "by_law": BY_LAW} | changes)) == [problem]


def test_without_grounds_in_the_procedure_there_are_none() -> None:
    assert wrong(authorisation=None, by_law=BY_LAW) == [("by_law.ground", "unknown_ground")]


def test_a_mandate_is_certified_where_the_procedure_says_so() -> None:
    certified = procedure(certified_mandate=True, **GROUNDS)
    assert wrong(certified) == [("authorisation.certification", "certification_required")]
    numbered = MANDATE.model_copy(update={"certification": "1234/2026/CCGD"})
    assert wrong(certified, authorisation=numbered) == []
    assert wrong(certified, authorisation=None, by_law=BY_LAW) == [], "nothing to certify"


def test_a_filing_by_mandate_is_taken_on_paper_only_where_the_procedure_says_so() -> None:
    rules = procedure(mandate_on_paper=True, **GROUNDS)
    assert wrong(rules) == [("channel", "mandate_on_paper")]
    assert wrong(rules, authorisation=None, by_law=BY_LAW) == []
    assert wrong(rules, **PAPER) == []


def test_the_result_goes_to_a_representative_by_law_whose_number_fits() -> None:
    life = Life(procedure(**GROUNDS), authorisation=None, by_law=BY_LAW, result_channel="counter")
    life.do("accept", RECEPTION).decided().issued()
    said = {"receiver": "representative", "recipient": BY_LAW.name, "signed_on_paper": True}
    theirs = {"document": "citizen_card", "number": BY_LAW.id_number}
    other = theirs | {"number": "001099000009"}
    assert life.refusal("hand_over", HANDOVER, identity=other, **said) == [("identity.number", "identity_differs")]
    passport = {"document": "passport", "number": "C1234567", "citizen_number": BY_LAW.id_number}
    stranger = said | {"recipient": "Người lạ"}
    assert life.refusal("hand_over", HANDOVER, identity=passport, **stranger) == [("recipient", "recipient_differs")]
    assert life.do("hand_over", HANDOVER, identity=theirs, **said).status == 10
