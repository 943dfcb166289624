"""Verifies the sender of every Update of every workflow: an Update without a registered signer is refused unread.

A validator runs when a message arrives, and not again in a replay. So it may use state of this process.
"""

from typing import Any, Final

from pydantic import ValidationError
from temporalio import workflow
from temporalio.exceptions import ApplicationError
from temporalio.worker import HandleUpdateInput, Interceptor, WorkflowInboundInterceptor, WorkflowInterceptorClassInput

from activities.ledger.authority.budgets import Work
from activities.ledger.authority.principals import Guard
from activities.support.refusal import failure
from schemas.errors import Refusal, RefusalCode, RefusalError, problem, refused
from schemas.identity.statement import SUBMIT, Message, message_digest
from schemas.people import Actor
from schemas.stream.restart import PROVE
from workflows.stream.recording import single_argument

BORNE_OUT: Final = "adopt_calendar"
"""The Update that needs no signature, since the record decides whether the calendar is published and in force."""


class Doorkeeper(Interceptor):
    """Passes an Update to its validator only if its statement is valid."""

    def __init__(self, guard: Guard) -> None:
        self._guard = guard

    def workflow_interceptor_class(self, given: WorkflowInterceptorClassInput) -> type[WorkflowInboundInterceptor]:
        """Returns a class of interceptors that use the guard of this object. Each workflow gets a class of its own."""
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
                    except (ValueError, RecursionError):  # its text would reach the caller, with the message
                        raise failure(_UNREADABLE.refusal) from None
                try:
                    super().handle_update_validator(update)
                except ApplicationError as error:
                    if unheard is None or error.type == RefusalCode.SAME_ID_OTHER_CONTENT:
                        raise
                    raise failure(unheard) from None  # an unauthorised caller learns nothing else

        return Door


def _ask(guard: Guard, update: str, raw: Any) -> Refusal | None:
    """Returns None if a permitted principal within its budget has signed the Update. Else raises `RefusalError`.

    If the command may be in the log already, an expired statement and a revoked key or grant are tolerated: then
    returns the refusal to send if the log lacks the command. For `submit`, an Update that records nothing, only an
    expired statement is tolerated. A `submit` that begins a filing is charged to the budget elsewhere.
    """
    said: dict[str, Any] = raw if isinstance(raw, dict) else {}
    life, submits = workflow.instance().life, update == SUBMIT
    statement, message, now = said.get("statement"), _message(life, update, said), workflow.now()
    unheard = None
    try:
        proved = guard.verified(statement, message, now=now, fresh=not submits)
    except RefusalError as error:
        if submits or not life.may_hold(message.command_id or ""):
            raise
        proved, unheard = guard.verified(statement, message, now=now, known=True), error.refusal
    if life.has_begun or not submits:
        guard.spend(proved, Work.COMMAND)
    return unheard


def _message(life: Any, update: str, said: dict[str, Any]) -> Message:
    """Returns the message that the statement must cover. The workflow's own validator refuses a malformed message.

    `content` is the digest of the message; for `submit`, the digest of the submission that the message names.
    """
    procedure, filed_by = life.spoken_of()
    texts = {name: value for name, value in said.items() if isinstance(value, str)}
    try:
        actor = Actor.model_validate(said.get("actor"))
    except ValidationError:
        actor = None
    try:
        content = texts.get("content", "") if update == SUBMIT else message_digest(said)
    except ValueError:
        content = ""
    return Message(
        act=update,
        actor=actor,
        on_behalf_of=texts.get("on_behalf_of"),
        stream=workflow.info().workflow_id,
        command_id=texts.get("command_id"),
        content=content,
        procedure=procedure,
        filed_by=filed_by,
    )


_UNREADABLE: Final = refused(RefusalCode.BAD_COMMAND, problem("", "unreadable"))
