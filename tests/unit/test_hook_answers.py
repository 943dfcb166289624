"""The answers of an agency's hooks: an invalid one is reported by its field, in one line, without its content."""

import logging
import sys
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any, Final

import pytest
from obstore.store import MemoryStore
from temporalio.exceptions import ApplicationError
from temporalio.testing import ActivityEnvironment
from typer.testing import CliRunner, Result

from motcua import AnswerRequest, BackOffice, CheckRequest, Document, Outcome, PartDecision, testing
from motcua.backoffice import _Work
from motcua.cli.app import build
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
    """Returns the answer of a hook's activity, if the hook returns or raises this `answer`."""

    async def answer_hook(_: Any) -> Any:
        if isinstance(answer, Exception):
            raise answer
        return answer

    office = BackOffice()
    setattr(office, hook, answer_hook)
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
        [record] = caplog.records
        line = logging.Formatter().format(record)
        assert line == "backoffice.failed"
        assert str(record.__dict__["place"]).startswith("unit/test_hook_answers.py:")
        about = (record.__dict__["hook"], record.__dict__["filing"], record.__dict__["error"])
        assert about == ("issue", str(DOSSIER.filing_id), known)
        assert name not in f"{record.__dict__}{raised.value}"


OFFICE: Final = """
import time
from motcua import BackOffice, Outcome, PartDecision, testing

class Office(BackOffice):
    async def check(self, dossier):
        time.sleep(1.5)
        return dossier.form["child_sex"] == "female"

    def issue(self, request):
        return testing.PAPER if request.outcome is Outcome.APPROVED else "no"

    async def answer(self, request):
        raise LookupError("no such part")
"""


def test_an_office_is_tried_on_a_dossier_without_a_platform(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "path", [*sys.path])
    (tmp_path / "tried_office.py").write_text(OFFICE)
    (tmp_path / "dossier.json").write_text(DOSSIER.model_dump_json(exclude_none=True))
    (tmp_path / "unfit.json").write_text("{}")

    def ended(*words: str) -> Result:
        return CliRunner().invoke(build({}), ["back-office", "--lang", "en", "--try", *words])

    tried = ended("dossier.json", "tried_office:Office")
    assert (tried.exit_code, [" ".join(line.split()) for line in tried.stdout.splitlines()[1:]]) == (
        1,
        [
            "ok check the dossier is complete (True)",
            f"ok issue (approved) application/pdf, pages: 1, {len(testing.PAPER)} bytes",
            "fail issue (refused) the answer is wrong at result: must be of the type bytes | Document",
            f"fail answer LookupError: no such part ({tmp_path.name}/tried_office.py:14 in answer)",
        ],
    )
    assert [record.__dict__["hook"] for record in caplog.records if "blocks" in record.message][:1] == ["check"]
    assert ended("dossier.json").exit_code == 0, "the default office"
    assert ended("unfit.json").exit_code == 2
