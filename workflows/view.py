"""A question about the record, for whoever has only Temporal: six events, and no running workflow is touched."""

from __future__ import annotations

from typing import Any

from temporalio import workflow

with workflow.unsafe.imports_passed_through():
    from pydantic import ValidationError

    from activities.views import ANSWER, CHANGES, Views
    from schemas.errors import Refusal, RefusalCode, shape_refusal
    from schemas.reading import QUESTION, AskChanges
    from workflows.stream.recording import failure, single_argument


# Without the sandbox, which takes longer than the answer: there is nothing here that it could find.
@workflow.defn(name="View", sandboxed=False)
class ViewWorkflow:
    """One question. Input: `{"ask": "filing", "stream": "filing:<uuid>"}`; workflow id `view:<uuid>`."""

    @workflow.run
    async def run(self, *raw: Any) -> Any:
        """The answer as JSON. Fails with a refusal where there is none."""
        try:
            question = QUESTION.validate_python(single_argument(raw))
        except ValidationError as error:
            raise failure(shape_refusal(RefusalCode.BAD_COMMAND, error).refusal) from None
        if isinstance(question, AskChanges) and question.wait:
            given = await workflow.execute_activity_method(Views.changes, question, **CHANGES)
        else:
            given = await workflow.execute_local_activity_method(Views.answer, question, **ANSWER)
        if given.refusal is not None:
            raise failure(Refusal.model_validate(given.refusal))
        return given.answer
