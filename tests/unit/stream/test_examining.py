"""The examination of a message's files: repeated until there is an answer, and refused while the scanner is silent."""

from typing import Any, Final

import pytest
from temporalio import workflow
from temporalio.exceptions import ApplicationError

from rules.filing.evidence import examined
from schemas.base import Model
from schemas.errors import Problem, Refusal, RefusalCode, problem
from schemas.files import ScanState, files_named
from schemas.filing.commands import Withdraw
from schemas.filing.submission import Examined
from schemas.ids import filing_workflow
from schemas.stream.ledger import Found
from tests.unit.filing.lives import APPLICANT, FILE, VIA, submission
from tests.unit.stream.shell import FILING, NOW, Engine, InTurn
from workflows.stream.basis import Basis, pause_after
from workflows.stream.examining import Examination, examine

SUBMITTED: Final = submission()
WITHDRAWN: Final = Withdraw(command_id="w", actor=APPLICANT, via=VIA, reason="-", request=FILE)
PENDING: Final = Examined(scan=ScanState.PENDING)
BROKEN: Final = Examined(problems=(problem("request", "required"),))
SILENT: Final = problem("request", "scanner_silent")
NOT_QUICKLY: Final = ApplicationError("no answer in time")


async def given(
    engine: Engine, patch: pytest.MonkeyPatch, message: Model, quickly: Examined | Exception, *patiently: object
) -> Examination:
    """Returns the examination of a message's files, if the quick attempt and then the patient ones end so."""

    async def quick(_: object, request: Any, **__: object) -> Examined:
        engine.asked.append(("quickly", request))
        if isinstance(quickly, Exception):
            raise quickly
        return quickly

    patch.setattr(workflow, "execute_local_activity_method", quick)
    engine.answers = InTurn({"examine": [*patiently]})
    return await examine(FILING, message, "2026-12")


@pytest.mark.parametrize(
    ("message", "answer", "problems"),
    [
        (SUBMITTED, PENDING, []),
        (WITHDRAWN, PENDING, [SILENT]),
        (WITHDRAWN, Examined(scan=ScanState.CLEAN), []),
        (WITHDRAWN, BROKEN, [*BROKEN.problems]),
    ],
)
async def test_files_with_a_problem_are_refused_and_only_a_submission_precedes_its_scan(
    engine: Engine, monkeypatch: pytest.MonkeyPatch, message: Model, answer: Examined, problems: list[Problem]
) -> None:
    found = await given(engine, monkeypatch, message, answer)
    refused = Refusal(code=RefusalCode.NOT_ALLOWED, problems=tuple(problems)) if problems else None
    assert (found.refusal, [*found.answer.problems]) == (refused, problems)
    filed = SUBMITTED if message is SUBMITTED else None
    finding = examined(files_named(message), filed, "2026-12", answer)
    proof = Found(stream=filing_workflow(FILING), kind=finding.kind, id=finding.id)
    assert found.basis == Basis(findings=(proof,))
    [(_, request)] = engine.asked
    assert (request.filing_id, request.submission, request.at) == (FILING, filed, NOW)


async def test_an_examination_is_repeated_with_longer_pauses_until_there_is_an_answer(
    engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    found = await given(engine, monkeypatch, WITHDRAWN, NOT_QUICKLY, "nonsense", "nonsense", BROKEN)
    assert found.answer == BROKEN
    assert engine.slept == [pause_after(1), pause_after(2)]
    assert [name for name, _ in engine.asked] == ["quickly", "examine"] * 3
    assert {request for _, request in engine.asked} == {engine.asked[0][1]}


async def test_a_message_without_files_is_not_examined(engine: Engine) -> None:
    message = WITHDRAWN.model_copy(update={"request": None})
    assert (await examine(FILING, message), engine.asked) == (Examination(), [])
