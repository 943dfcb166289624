"""Faults of files: by type, number, size and key; by the scanner's result; by an officer's judgement of a signature."""

from typing import Any, Final

import pytest

from rules.filing.submission.files import file_problems
from schemas.errors import RefusalCode, RefusalError, problem
from schemas.files import LARGEST_FILE, LARGEST_FILING, MOST_FILES, FileRef, Paper, ScanState, file_key, files_named
from schemas.filing import commands as cm
from schemas.filing.state import Stage
from schemas.filing.submission import Examined, Submission
from schemas.ids import filing_id
from schemas.people import SYSTEM, Actor
from schemas.signature import SignatureOutcome, SignatureRecord
from tests.unit.filing import lives
from tests.unit.filing.lives import (
    APPLICANT,
    FILE,
    LEADER,
    MANDATE,
    RECEPTION,
    REFUSING,
    REPRESENTATIVE,
    SPECIALIST,
    START,
    VIA,
    Life,
    procedure,
    submission,
)
from tests.walking import walked

FILING: Final = filing_id("portal", "1")
PAPERS: Final = [{"code": f"paper_{n}", "required": False} for n in range(100)]
QUOTA: Final = [("papers", "files_over_quota")]


def wrong(accepts: list[str] | None = None, **changes: Any) -> list[tuple[str, str]]:
    identity = {"code": "identity", "required": True} | ({"accepts": accepts} if accepts else {})
    return lives.wrong(procedure(papers=[identity, *PAPERS]), **changes)


def given(media_type: str) -> dict[str, Any]:
    return {"papers": (Paper(code="identity", file=FILE.model_copy(update={"media_type": media_type})),)}


NOT_TAKEN: Final = [("papers[0].file.media_type", "file_type_not_accepted")]


@walked("media_type", ["application/pdf", "image/jpeg", "image/png"], exactly=3)
def test_a_paper_is_a_document_or_a_picture_and_of_no_other_type(media_type: str) -> None:
    assert wrong(**given(media_type)) == []
    for other in ("text/plain", "application/pkcs7-signature", "image/gif", media_type.upper(), ""):
        assert wrong(**given(other)) == NOT_TAKEN


def test_the_procedure_says_of_each_paper_which_types_it_takes() -> None:
    assert wrong(["image/png"], **given("image/png")) == []
    with pytest.raises(RefusalError) as refused:
        Life(procedure(papers=[{"code": "identity", "accepts": ["image/jpeg", "image/png"], "required": True}]))
    [problem] = refused.value.refusal.problems
    assert (problem.field, problem.rule) == ("papers[0].file.media_type", "file_type_not_accepted")
    assert problem.message.en == "this paper is taken as JPEG, PNG; send it as one of these"


def sized(size: int, papers: int) -> tuple[Paper, ...]:
    file = FILE.model_copy(update={"size": size})
    return tuple(Paper(code=code, file=file) for code in ["identity", *(f"paper_{n}" for n in range(papers - 1))])


def test_so_many_files_and_bytes_are_taken_and_no_more_also_by_a_supplement() -> None:
    assert (MOST_FILES, LARGEST_FILING) == (100, 200_000_000)
    assert wrong(papers=sized(1, 99)) == []
    assert wrong(papers=sized(1, 100)) == QUOTA  # and the authorisation
    assert wrong(papers=sized(1, 99), signature=FILE) == QUOTA
    assert wrong(papers=sized(1, 99), channel="counter", actor=RECEPTION, assisted=FILE) == QUOTA
    light: dict[str, Any] = {"authorisation": MANDATE.model_copy(update={"size": 1})}
    most = (*sized(LARGEST_FILE, 9), *sized(LARGEST_FILE - 1, 10)[9:])
    assert sum(paper.file.size for paper in most if paper.file) + 1 == LARGEST_FILING
    assert wrong(papers=most, **light) == []
    assert wrong(papers=sized(LARGEST_FILE, 10), **light) == QUOTA
    rules = procedure(papers=[{"code": "identity", "required": True}, *PAPERS])
    life = Life(rules).supplement_requested(RECEPTION, *[("paper", paper.code) for paper in sized(1, 11)])
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


PENDING = Examined(scan=ScanState.PENDING)
DOUBTFUL = Examined(
    scan=ScanState.CLEAN,
    signature=SignatureRecord(outcome=SignatureOutcome.UNDETERMINED, rules=("revocation_unknown",), judged_at=START),
)
INSTANT = {"standing_order": "01/QĐ-UBND", "standing_officer": "leader-1"}
OTHER_FILE = FileRef(key="papers/3.pdf", sha256="e" * 64, size=5)
ASKING = {"items": [{"target": "paper", "code": "identity", "note": "mờ"}], "legal_basis": "Đ15"}
JUDGED = {"accepted": True, "reason": "đã gọi điện xác minh"}


def scanned(life: Life, *infected: str, of: FileRef | None = None) -> Life:
    """Records the scanner's result for one file, or for all files that wait for the scanner."""
    waiting = [paper.file.sha256 for paper in life.filing.to_scan if paper.file]
    return life.do("record_scan", SYSTEM, scanned=waiting if of is None else [of.sha256], infected=list(infected))


def supplied(life: Life, scan: ScanState, file: FileRef = OTHER_FILE, actor: Actor = APPLICANT) -> Life:
    """Gives the filing a supplement, as its workflow does once the files have been examined."""
    said: dict[str, Any] = {"papers": [{"code": "identity", "file": file}], "scan": scan}
    life.give(cm.ExaminedSupplement(command_id=f"s{len(life.log)}", actor=actor, via=VIA, **said))
    return life


# What the scanner says of them, and an officer of a signature.


@pytest.mark.parametrize("scan", [ScanState.CLEAN, ScanState.UNSCANNED, None])
def test_what_is_clean_or_was_not_to_be_scanned_is_taken_in(scan: ScanState | None) -> None:
    life = Life(examined=Examined(scan=scan))
    assert (life.filing.scan, life.filing.to_scan) == (scan, ())
    assert life.accepted().stage is Stage.REVIEW


@pytest.mark.parametrize("actor", [RECEPTION, SYSTEM])
def test_nobody_takes_in_what_the_scanner_has_not_spoken_of(actor: Actor) -> None:
    life = Life(procedure(**INSTANT), PENDING)
    assert [paper.code for paper in life.filing.to_scan] == ["identity", "authorisation"]
    assert life.refusal("accept", actor) == [("papers", "scan_pending")]
    assert "accept" not in life.tasks("intake")[0][1]
    assert "refuse_intake" in life.tasks("intake")[0][1]
    assert scanned(life).filing.scan is ScanState.CLEAN
    assert life.refusal("accept", actor) == []


def test_what_the_scanner_never_saw_is_not_clean_and_files_beside_the_papers_are_scanned() -> None:
    life = Life(examined=Examined(scan=ScanState.UNSCANNED))
    life.supplement_requested(RECEPTION, ("paper", "identity"))
    assert supplied(life, ScanState.PENDING).filing.scan is ScanState.PENDING
    assert scanned(life).filing.scan is ScanState.UNSCANNED
    life = Life(examined=PENDING, signature=OTHER_FILE)
    assert [paper.code for paper in life.filing.to_scan] == ["identity", "signature", "authorisation"]


def test_the_system_asks_for_another_file_than_one_with_a_virus_and_no_officer_loses_a_round_by_it() -> None:
    life = scanned(Life(procedure(supplement_rounds=1), PENDING), "identity")
    assert life.kinds[-2:] == ["files_scanned", "supplement_requested"]
    assert life.stage is Stage.SUPPLEMENT
    assert life.filing.supplement is not None
    assert [(item.target, item.code) for item in life.filing.supplement.items] == [("paper", "identity")]
    assert (life.filing.supplement.officer, life.filing.officer) == (SYSTEM.subject, None)
    assert life.refusal("cancel_supplement", LEADER, reason="-") == [("", "requested_by_the_system")]
    supplied(life, ScanState.CLEAN)
    assert (life.filing.scan, life.filing.infected, life.stage) == (ScanState.CLEAN, (), Stage.INTAKE)
    life.supplement_requested(RECEPTION, ("paper", "identity"))
    assert life.refusal("accept", RECEPTION) == [("", "wrong_stage")]
    supplied(life, ScanState.CLEAN)
    assert life.refusal("request_supplement", RECEPTION, **ASKING) == [("", "supplement_rounds_used")]
    assert life.accepted().stage is Stage.REVIEW


def test_an_infected_signature_can_only_be_refused() -> None:
    life = scanned(Life(examined=PENDING, signature=OTHER_FILE), "signature", of=OTHER_FILE)
    assert (life.filing.infected, life.filing.scan) == (("signature",), ScanState.PENDING)
    scanned(life)
    assert life.kinds[-1] == "files_scanned"
    assert life.refusal("accept", RECEPTION) == [("papers", "files_infected")]
    assert life.do("refuse_intake", RECEPTION, **REFUSING).status == 3


def test_the_scanner_says_nothing_of_what_has_been_replaced_meanwhile() -> None:
    life = Life(examined=PENDING).supplement_requested(RECEPTION, ("paper", "identity"))
    asked_of = [paper.file.sha256 for paper in life.filing.to_scan if paper.file]
    supplied(life, ScanState.PENDING).do("record_scan", SYSTEM, scanned=asked_of, infected=["identity"])
    assert (life.filing.scan, life.filing.infected) == (ScanState.PENDING, ())
    assert [paper.file for paper in life.filing.to_scan] == [OTHER_FILE]
    scanned(life, of=OTHER_FILE)
    assert life.filing.scan is ScanState.CLEAN
    assert life.refusal("record_scan", SYSTEM, scanned=[]) == [("", "nothing_to_scan")]


def test_a_virus_found_in_review_is_asked_about_there_and_nothing_is_approved_meanwhile() -> None:
    life = Life(examined=Examined(scan=ScanState.CLEAN)).accepted().do("claim", SPECIALIST)
    supplied(life.supplement_requested(SPECIALIST, ("paper", "identity")), ScanState.PENDING)
    rounds = life.filing.supplements_in_review
    life.do("propose", SPECIALIST, outcome="approved").do("claim", LEADER)
    assert life.refusal("decide", LEADER, outcome="approved") == [("papers", "scan_pending")]
    assert life.refusal("decide", LEADER, outcome="refused", **REFUSING) == []
    scanned(life, "identity", of=OTHER_FILE)
    assert (life.kinds[-1], life.stage) == ("supplement_requested", Stage.SUPPLEMENT)
    assert (life.filing.officer, life.filing.supplements_in_review) == (LEADER.subject, rounds)
    supplied(life, ScanState.CLEAN, FILE)
    assert life.do("decide", LEADER, outcome="approved").filing.decision is not None


def test_a_virus_found_once_it_was_decided_asks_nobody_for_anything() -> None:
    life = Life(examined=Examined(scan=ScanState.CLEAN)).accepted().do("claim", SPECIALIST)
    supplied(life.supplement_requested(SPECIALIST, ("paper", "identity")), ScanState.PENDING)
    life.do("propose", SPECIALIST, outcome="refused", **REFUSING).do("claim", LEADER)
    life.do("decide", LEADER, outcome="refused", **REFUSING)
    scanned(life, "identity", of=OTHER_FILE)
    assert (life.kinds[-1], life.filing.scan, life.filing.supplement) == ("files_scanned", ScanState.INFECTED, None)


def test_an_officer_says_whether_a_signature_counts_that_could_not_be_checked_to_the_end() -> None:
    life = Life(procedure(**INSTANT), DOUBTFUL)
    for actor in (RECEPTION, SYSTEM):
        assert life.refusal("accept", actor) == [("signature", "signature_undetermined")]
    assert "judge_signature" in life.tasks("intake")[0][1]
    assert life.refusal("judge_signature", SPECIALIST, **JUDGED) == [("actor.role", "role_not_allowed")]
    life.do("judge_signature", RECEPTION, **JUDGED | {"accepted": False})
    assert life.refusal("accept", RECEPTION) == [("signature", "signature_not_accepted")]
    assert life.refusal("judge_signature", RECEPTION, **JUDGED | {"accepted": False}) == [
        ("accepted", "judged_so_already")
    ]
    life.do("judge_signature", RECEPTION, **JUDGED)
    assert life.accepted().stage is Stage.REVIEW
    assert life.refusal("judge_signature", RECEPTION, **JUDGED) == [("", "wrong_stage")]


@pytest.mark.parametrize("outcome", [SignatureOutcome.VALID, None])
def test_a_signature_that_was_checked_needs_no_officer(outcome: SignatureOutcome | None) -> None:
    record = None if outcome is None else SignatureRecord(outcome=outcome, judged_at=START)
    life = Life(examined=Examined(signature=record))
    assert life.refusal("judge_signature", RECEPTION, **JUDGED) == [("", "signature_not_in_doubt")]
    assert life.accepted().filing.signature_check == record


def test_what_is_wrong_with_files_stands_beside_everything_else_that_is_wrong() -> None:
    wrong = problem("papers[0].file", "file_not_in_store")
    with pytest.raises(RefusalError) as no:
        Life(examined=Examined(problems=(wrong,)), papers=[], result_channel="online", level=4)
    assert no.value.refusal.code is RefusalCode.BAD_SUBMISSION
    assert {one.rule for one in no.value.refusal.problems} == {"file_not_in_store", "paper_required"}
