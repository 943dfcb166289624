"""Who stands before every Update of every workflow: what nobody registered has signed is refused unseen.

A validator runs when a message comes in and never again in a replay, so it may ask what this process knows.
"""

from __future__ import annotations

from typing import Any, Final

from pydantic import ValidationError
from temporalio import workflow
from temporalio.exceptions import ApplicationError
from temporalio.worker import (
    HandleUpdateInput,
    Interceptor,
    WorkflowInboundInterceptor,
    WorkflowInterceptorClassInput,
)

from activities.identity import Guard
from activities.refusing import failure
from schemas.errors import Refusal, RefusalCode, RefusalError, problem, refused
from schemas.identity import SUBMIT, Message, message_digest
from schemas.people import Actor
from schemas.stream.restart import PROVE
from workflows.stream.recording import single_argument

BORNE_OUT: Final = "adopt_calendar"
"""The Update that says nothing but what the record does: a calendar is adopted if it was published and is in force."""


class Doorkeeper(Interceptor):
    """Lets an Update come to its validator only with a statement that holds."""

    def __init__(self, guard: Guard) -> None:
        self._guard = guard

    def workflow_interceptor_class(self, given: WorkflowInterceptorClassInput) -> type[WorkflowInboundInterceptor]:
        """Each workflow gets one of its own, that knows the guard."""
        guard = self._guard
        given.unsafe_extern_functions[PROVE] = guard.proof_of_run

        class Door(WorkflowInboundInterceptor):
            def handle_update_validator(self, update: HandleUpdateInput) -> None:
                if update.update == BORNE_OUT:
                    super().handle_update_validator(update)
                    return
                with workflow.unsafe.sandbox_unrestricted(), workflow.unsafe.imports_passed_through():
                    try:
                        unheard = _ask(guard, update.update, single_argument(tuple(update.args)))
                    except RefusalError as error:
                        raise failure(error.refusal) from None
                    except (ValueError, RecursionError):  # its text would reach the caller, with what was sent
                        raise failure(_UNREADABLE.refusal) from None
                try:
                    super().handle_update_validator(update)
                except ApplicationError as error:
                    if unheard is None or error.type == RefusalCode.SAME_ID_OTHER_CONTENT:
                        raise
                    raise failure(unheard) from None  # whoever may not speak is told nothing else

        return Door


def _ask(guard: Guard, update: str, raw: Any) -> Refusal | None:
    """Raise `RefusalError` if nobody has signed this, or nobody who may what the log can't hold.

    What it may hold is let in to be found there, and if it is not, to be refused there: for the reason that is returned
    if it can't be new. `submit` records nothing and names no command: whoever asks may be late with it, no more.
    """
    said: dict[str, Any] = raw if isinstance(raw, dict) else {}
    life, submits = workflow.instance().life, update == SUBMIT
    statement, message, now = said.get("statement"), _message(life, update, said), workflow.now()
    try:
        guard.verified(statement, message, now=now, fresh=not submits)
    except RefusalError as error:
        if submits or not life.may_hold(message.command_id or ""):
            raise
        guard.verified(statement, message, now=now, known=True)
        return error.refusal
    return None


def _message(life: Any, update: str, said: dict[str, Any]) -> Message:
    """What the statement has to be about. What does not fit here is refused by the validator behind, in its words."""
    procedure, filed_by = life.spoken_of()
    return Message(
        act=update,
        actor=_actor(said.get("actor")),
        on_behalf_of=_text(said.get("on_behalf_of")),
        stream=workflow.info().workflow_id,
        command_id=_text(said.get("command_id")),
        content=_content(update, said),
        procedure=procedure,
        filed_by=filed_by,
    )


def _content(update: str, said: dict[str, Any]) -> str:
    """Of `submit` the digest of the submission, which it names; of a command its own."""
    if update == SUBMIT:
        return _text(said.get("content")) or ""
    try:
        return message_digest(said)
    except ValueError:
        return ""


def _actor(said: Any) -> Actor | None:
    try:
        return Actor.model_validate(said)
    except ValidationError:
        return None


def _text(said: Any) -> str | None:
    return said if isinstance(said, str) else None


_UNREADABLE: Final = refused(RefusalCode.BAD_COMMAND, problem("", "unreadable"))
