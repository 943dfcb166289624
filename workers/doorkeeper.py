"""Who stands before every Update of every workflow: what nobody registered has signed is refused unseen.

A validator runs when a message comes in and never again in a replay, so it may ask what this process knows.

And before every activity: Temporal lets whoever reaches it ask for one by its queue, past every workflow. What writes
the record and what reads it for somebody is done only for the workflow that runs here, and has asked who speaks; what
is done outside, such as giving money back, for a workflow that the platform's workers run.
"""

from __future__ import annotations

from typing import Any, Final

from pydantic import ValidationError
from temporalio import activity, workflow
from temporalio.client import Client
from temporalio.exceptions import ApplicationError, ApplicationErrorCategory
from temporalio.worker import (
    ActivityInboundInterceptor,
    ExecuteActivityInput,
    ExecuteWorkflowInput,
    HandleUpdateInput,
    Interceptor,
    WorkflowInboundInterceptor,
    WorkflowInterceptorClassInput,
)

from activities.identity import Guard
from activities.refusing import failure
from activities.results.printing import PRINT
from schemas.errors import RefusalCode, RefusalError, problem, refused
from schemas.identity import SUBMIT, Message, message_digest
from schemas.ids import TASK_QUEUE
from schemas.people import Actor
from schemas.stream.checkpoint import MAKE
from schemas.stream.healing import HEAL
from schemas.stream.restart import PROVE
from workflows.stream.recording import single_argument

BY_QUEUE: Final = frozenset(
    {
        HEAL,
        MAKE,
        PRINT,
        "calendar.page",
        "papers.confirm",
        "parcel.cancel",
        "parcel.news",
        "parcel.send",
        "payment.close",
        "payment.late_money",
        "payment.money",
        "payment.order",
        "payment.refund",
        "reception.examine",
        "reception.scan",
        "result.prepare",
        "result.prove",
        "result.sign",
        "view.changes",
    }
)
"""The activities for which workflows ask by a queue, because partners may keep them waiting."""

FOR_ANYBODY: Final = frozenset({"view.changes"})
"""Those of them that ask by themselves who speaks."""


REMEMBERED: Final = 10_000
"""Runs, those that came last. Each question is one too, so the server is asked again of one that goes on for days."""

BORNE_OUT: Final = "adopt_calendar"
"""The Update that says nothing but what the record does: a calendar is adopted if it was published and is in force."""


class Doorkeeper(Interceptor):
    """Lets an Update come to its validator only with a statement that holds, and nobody past the workflows."""

    def __init__(self, guard: Guard, client: Client) -> None:
        self._guard = guard
        self._ours = Runs(client)

    def intercept_activity(self, next: ActivityInboundInterceptor) -> ActivityInboundInterceptor:  # noqa: A002 -- its name
        """Each activity is asked for by whom it may be."""
        return _Inner(next, self._ours)

    def workflow_interceptor_class(self, given: WorkflowInterceptorClassInput) -> type[WorkflowInboundInterceptor]:
        """Each workflow gets one of its own, that knows the guard."""
        guard, ours = self._guard, self._ours
        given.unsafe_extern_functions[PROVE] = guard.proof_of_run

        class Door(WorkflowInboundInterceptor):
            async def execute_workflow(self, input: ExecuteWorkflowInput) -> Any:  # noqa: A002 -- its name
                with workflow.unsafe.sandbox_unrestricted():
                    ours.add(workflow.info().run_id)
                return await super().execute_workflow(input)

            def handle_update_validator(self, update: HandleUpdateInput) -> None:
                if update.update == BORNE_OUT:
                    super().handle_update_validator(update)
                    return
                with workflow.unsafe.sandbox_unrestricted(), workflow.unsafe.imports_passed_through():
                    try:
                        _ask(guard, update.update, single_argument(tuple(update.args)))
                    except RefusalError as error:
                        raise failure(error.refusal) from None
                    except (ValueError, RecursionError):  # its text would reach the caller, with what was sent
                        raise failure(_UNREADABLE.refusal) from None
                super().handle_update_validator(update)

        return Door


class Runs:
    """The runs of workflows that the platform's workers run: those that run here, and those that the server says.

    A run never changes its queue, so what was once found holds. Those that came first are forgotten first.
    """

    def __init__(self, client: Client) -> None:
        self._client = client
        self._known: dict[str, None] = {}

    def add(self, run_id: str) -> None:
        """One that runs here."""
        self._known[run_id] = None
        if len(self._known) > REMEMBERED:
            del self._known[next(iter(self._known))]

    async def has(self, workflow_id: str, run_id: str) -> bool:
        """Raises `RPCError` where the server has no answer."""
        if run_id not in self._known:
            handle = self._client.get_workflow_handle(workflow_id, run_id=run_id)
            if (await handle.describe()).task_queue != TASK_QUEUE:
                return False
            self.add(run_id)
        return True


class _Inner(ActivityInboundInterceptor):
    def __init__(self, inner: ActivityInboundInterceptor, ours: Runs) -> None:
        super().__init__(inner)
        self._ours = ours

    async def execute_activity(self, input: ExecuteActivityInput) -> Any:  # noqa: A002 -- its name
        asked = activity.info()
        if not (asked.is_local or await self._is_ours(asked)):
            raise ApplicationError(
                f"{asked.activity_type} is asked for by the workflows of this platform alone",
                type=RefusalCode.NOT_AUTHORISED,
                non_retryable=True,
                category=ApplicationErrorCategory.BENIGN,
            )
        return await super().execute_activity(input)

    async def _is_ours(self, asked: activity.Info) -> bool:
        """Whether a workflow asks for it by its queue that may."""
        if asked.workflow_id is None or asked.workflow_run_id is None or asked.activity_type not in BY_QUEUE:
            return False
        return asked.activity_type in FOR_ANYBODY or await self._ours.has(asked.workflow_id, asked.workflow_run_id)


def _ask(guard: Guard, update: str, raw: Any) -> None:
    """Raise `RefusalError` if nobody who may has signed this."""
    said: dict[str, Any] = raw if isinstance(raw, dict) else {}
    life = workflow.instance().life
    known = life.has_begun if update == SUBMIT else life.may_hold(_text(said.get("command_id")) or "")
    guard.verified(said.get("statement"), _message(life, update, said), now=workflow.now(), fresh=not known)


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
