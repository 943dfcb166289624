"""What an agency's hooks answer: what does not fit is named by its field, in one line, without what it is about."""

import logging
from datetime import UTC, date, datetime
from typing import Any, Final

import pytest
from obstore.store import MemoryStore
from temporalio.exceptions import ApplicationError, ApplicationErrorCategory
from temporalio.testing import ActivityEnvironment

from motcua import AnswerRequest, BackOffice, CheckRequest, Document, Outcome, PartDecision, testing
from motcua.backoffice import _Work
from motcua.files.store import Store
from motcua.office.hooks import Hooks
from motcua.payloads.converter import as_sent
from schemas.base import Model
from schemas.files import LARGEST_FILE
from tests.walking import walked

DOSSIER: Final = testing.dossier()
REQUESTS: Final[dict[str, Model]] = {
    "check": CheckRequest(request_id="check:1", dossier=DOSSIER),
    "issue": testing.issue_request(dossier=DOSSIER),
    "answer": AnswerRequest(request_id="answer:1", dossier=DOSSIER, part="tax", lead="H56.30"),
}
PAGELESS: Final = testing.PAPER.replace(b"/Kids [3 0 R] /Count 1", b"/Kids []      /Count 0")
REFUSED: Final = PartDecision(outcome=Outcome.REFUSED, officer="leader-1", reason="thiếu căn cứ")


async def answered(hook: str, answer: Any) -> Any:
    """What the activity of a hook says, if the hook answers or raises so."""

    async def said(_: Any) -> Any:
        if isinstance(answer, Exception):
            raise answer
        return answer

    office = BackOffice()
    setattr(office, hook, said)
    with Hooks() as hooks:
        work = _Work(office, Store(MemoryStore()), hooks)
        return await ActivityEnvironment().run(getattr(work, hook), as_sent(REQUESTS[hook]))


@walked(
    ("hook", "answer", "field"),
    [
        ("check", "yes", "complete"),
        ("check", 1, "complete"),
        ("check", None, "complete"),
        ("issue", "a text", "result"),
        ("issue", None, "result"),
        ("issue", Document("a text"), "data"),  # type: ignore[arg-type]
        ("issue", b"", "size"),
        ("issue", Document(b"x" * (LARGEST_FILE + 1), "text/plain"), "size"),
        ("issue", b"PDF", "data"),
        ("issue", testing.PAPER[:-60], "data"),
        ("issue", PAGELESS, "data"),
        ("issue", Document(b"x", None), "media_type"),  # type: ignore[arg-type]
        ("issue", Document(b"x", "text/plain", copies=0), "copies"),
        ("issue", Document(b"x", "text/plain", copies=True), "copies"),
        ("issue", Document(b"x", "text/plain", expires_on="2027-01-01"), "expires_on"),  # type: ignore[arg-type]
        ("issue", Document(b"x", "text/plain", expires_on=datetime.now(UTC)), "expires_on"),
        ("answer", True, "decision"),
        ("answer", {"outcome": "approved", "officer": "leader-1"}, "decision"),
        ("answer", REFUSED, "decision.legal_basis"),
    ],
    exactly=19,
)
async def test_an_answer_that_does_not_fit_is_named_by_its_field(hook: str, answer: Any, field: str) -> None:
    with pytest.raises(ApplicationError) as raised:
        await answered(hook, answer)
    assert raised.value.type == f"bad_answer.{field}"
    assert field in raised.value.message


async def test_an_answer_that_fits_is_passed_on() -> None:
    assert [(await answered("check", said)).complete for said in (True, False)] == [True, False]
    document = Document(testing.PAPER, expires_on=date(2027, 1, 1), copies=2)
    made = await answered("issue", document)
    assert (made.result.size, made.expires_on, made.copies) == (len(testing.PAPER), document.expires_on, 2)
    assert (await answered("answer", None)).decision is None
    whole = REFUSED.model_copy(update={"legal_basis": "Điều 5"})
    assert (await answered("answer", whole)).decision == whole


async def test_a_failure_is_one_line_without_its_text(caplog: pytest.LogCaptureFixture) -> None:
    name = DOSSIER.applicant.name
    for error, final in (
        (KeyError(name), False),
        (ApplicationError(name, type="NoRegister", non_retryable=True), True),
    ):
        caplog.clear()
        with pytest.raises(ApplicationError) as raised:
            await answered("issue", error)
        known = "NoRegister" if final else "KeyError"
        assert (raised.value.type, raised.value.non_retryable) == (known, final)
        assert raised.value.category is ApplicationErrorCategory.BENIGN, "else the SDK logs text and traceback"
        [record] = caplog.records
        line = logging.Formatter().format(record)
        assert line == "backoffice.failed"
        assert str(record.__dict__["place"]).startswith("unit/test_hook_answers.py:")
        about = (record.__dict__["hook"], record.__dict__["filing"], record.__dict__["error"])
        assert about == ("issue", str(DOSSIER.filing_id), known)
        assert name not in f"{record.__dict__}{raised.value}"
