"""A question about the record, for clients that can reach only Temporal.

A question adds six events to the history of its own run, and no event to any other history.
"""

from typing import Any
from uuid import UUID

from temporalio import workflow

with workflow.unsafe.imports_passed_through():
    from pydantic import ValidationError

    from activities.support.refusal import failure
    from activities.views import ANSWER, CHANGED, CHANGES, Views
    from schemas.errors import Refusal, RefusalCode, RefusalError, problem, refused, shape_refusal
    from schemas.identity.statement import message_digest
    from schemas.ids import OFFICERS_QUEUE
    from schemas.reading import QUESTION, Answer, AskChanges, QuestionRequest
    from workflows.stream.asking import answered
    from workflows.stream.recording import single_argument


# Without the sandbox, which takes longer than the answer: it could detect nothing here.
@workflow.defn(name="View", sandboxed=False)
class ViewWorkflow:
    """One question. Input: `{"ask": "filing", "stream": "filing:<uuid>"}`; workflow id `view:<uuid>`."""

    @workflow.run
    async def run(self, *raw: Any) -> Any:
        """Returns the answer as JSON. If the question is refused, fails with the refusal."""
        try:
            asked = _question_request(single_argument(raw), workflow.info())
        except RefusalError as error:
            raise failure(error.refusal) from None
        if isinstance(asked.question, AskChanges) and asked.question.wait:
            given = await answered(CHANGED, Answer, CHANGES, asked)
        else:
            given = await workflow.execute_local_activity_method(Views.answer, asked, **ANSWER)
        if given.refusal is not None:
            raise failure(Refusal.model_validate(given.refusal))
        return given.answer


def _question_request(raw: Any, run: workflow.Info) -> QuestionRequest:
    """Parses the input of a run. Returns the question with the input's digest. Raises `RefusalError`."""
    try:
        question = QUESTION.validate_python(raw)
    except ValidationError as error:
        raise shape_refusal(RefusalCode.BAD_COMMAND, error) from None
    try:
        of_officers = run.task_queue == OFFICERS_QUEUE
        return QuestionRequest(
            question=question, content=message_digest(raw), look=UUID(run.run_id), of_officers=of_officers
        )
    except ValueError:
        raise refused(RefusalCode.BAD_COMMAND, problem("", "not_canonical_json")) from None
