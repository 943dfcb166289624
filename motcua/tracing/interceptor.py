"""Traces calls to Temporal, activities, and the steps of workflows.

A workflow's spans are made outside the workflow, and never in a replay. They add no command to its history: a traced
history replays without traces, and an untraced one with them.
"""
# The names of parameters are ours, where the SDK's hide a builtin; the SDK passes them by position.

from collections.abc import Awaitable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any, ClassVar
from uuid import UUID

from opentelemetry.trace import SpanContext, SpanKind
from temporalio import activity, client, worker, workflow
from temporalio.exceptions import FailureError

from .spans import Spans, carried, carrying, filing_of, part, root

_current: ContextVar[SpanContext | None] = ContextVar("current", default=None)
"""The context of the present workflow step: the parent of the spans of the activities that the step requests."""


class Tracing(client.Interceptor, worker.Interceptor):
    """Makes spans for a client's calls and for its workers' tasks."""

    def __init__(self, spans: Spans) -> None:
        self._spans = spans

    def intercept_client(self, inner: client.OutboundInterceptor) -> client.OutboundInterceptor:
        """Wraps every call."""
        return _Calls(inner, self._spans)

    def intercept_activity(self, inner: worker.ActivityInboundInterceptor) -> worker.ActivityInboundInterceptor:
        """Wraps every activity."""
        return _Activities(inner, self._spans)

    def workflow_interceptor_class(self, _: worker.WorkflowInterceptorClassInput) -> type["_Steps"]:
        """Returns a class of workflow interceptors that make spans by this object's `Spans`."""
        return type("Steps", (_Steps,), {"spans": self._spans})


class _Calls(client.OutboundInterceptor):
    def __init__(self, inner: client.OutboundInterceptor, spans: Spans) -> None:
        super().__init__(inner)
        self._spans = spans

    @contextmanager
    def _call(self, stream: str, name: str, *sent: Any) -> Iterator[None]:
        with self._spans.around(stream, name, SpanKind.CLIENT) as own:
            for each in sent:
                each.headers = carrying(each.headers, own)
            yield

    async def start_workflow(self, call: client.StartWorkflowInput) -> client.WorkflowHandle[Any, Any]:
        verb = "SignalWithStartWorkflow" if call.start_signal else "StartWorkflow"
        with self._call(call.id, f"{verb}:{call.workflow}", call):
            return await super().start_workflow(call)

    async def signal_workflow(self, call: client.SignalWorkflowInput) -> None:
        with self._call(call.id, f"SignalWorkflow:{call.signal}", call):
            await super().signal_workflow(call)

    async def start_workflow_update(self, call: client.StartWorkflowUpdateInput) -> client.WorkflowUpdateHandle[Any]:
        with self._call(call.id, f"UpdateWorkflow:{call.update}", call):
            return await super().start_workflow_update(call)

    async def start_update_with_start_workflow(
        self, call: client.StartWorkflowUpdateWithStartInput
    ) -> client.WorkflowUpdateHandle[Any]:
        start, update = call.start_workflow_input, call.update_workflow_input
        with self._call(start.id, f"UpdateWithStartWorkflow:{update.update}", start, update):
            return await super().start_update_with_start_workflow(call)


class _Activities(worker.ActivityInboundInterceptor):
    def __init__(self, inner: worker.ActivityInboundInterceptor, spans: Spans) -> None:
        super().__init__(inner)
        self._spans = spans

    async def execute_activity(self, task: worker.ExecuteActivityInput) -> Any:
        info = activity.info()
        name = f"RunActivity:{info.activity_type}"
        with self._spans.around(info.workflow_id or "", name, SpanKind.SERVER, carried(task.headers)):
            return await super().execute_activity(task)


class _Steps(worker.WorkflowInboundInterceptor):
    spans: ClassVar[Spans]

    def init(self, outbound: worker.WorkflowOutboundInterceptor) -> None:
        self._signals = 0
        super().init(_Requests(outbound))

    async def execute_workflow(self, run: worker.ExecuteWorkflowInput) -> Any:
        own, kind, near = _run(run), workflow.info().workflow_type, carried(run.headers)
        self._note(own, f"RunWorkflow:{kind}", workflow.time_ns(), near)
        _current.set(own)
        return await self._step(_own("end"), f"CompleteWorkflow:{kind}", own or near, super().execute_workflow(run))

    def handle_update_validator(self, update: worker.HandleUpdateInput) -> None:
        try:
            super().handle_update_validator(update)
        except FailureError as error:
            name, near = f"RefuseUpdate:{update.update}", carried(update.headers)
            self._note(_own("refused", update.id), name, workflow.time_ns(), near, error)
            raise

    async def handle_update_handler(self, update: worker.HandleUpdateInput) -> Any:
        own, name, near = _own("update", update.id), f"HandleUpdate:{update.update}", carried(update.headers)
        _current.set(own)
        return await self._step(own, name, near, super().handle_update_handler(update))

    async def handle_signal(self, signal: worker.HandleSignalInput) -> None:
        self._signals += 1
        own, name = _own("signal", str(self._signals)), f"HandleSignal:{signal.signal}"
        _current.set(own)
        await self._step(own, name, carried(signal.headers), super().handle_signal(signal))

    async def _step(self, own: SpanContext | None, name: str, near: SpanContext, step: Awaitable[Any]) -> Any:
        """Makes the span of a step only at the step's end, since a step that waits may end in another process."""
        start = workflow.time_ns()
        try:
            result = await step
        except FailureError as error:
            self._note(own, name, start, near, error)
            raise
        self._note(own, name, start, near)
        return result

    def _note(
        self, own: SpanContext | None, name: str, start: int, near: SpanContext, error: FailureError | None = None
    ) -> None:
        """Makes a span that ends now; makes none in a replay, or for a workflow that belongs to no filing."""
        if own is None or workflow.unsafe.is_replaying():
            return
        with workflow.unsafe.sandbox_unrestricted(), workflow.unsafe.imports_passed_through():
            self.spans.note(own, name, (start, workflow.time_ns()), near, error)


class _Requests(worker.WorkflowOutboundInterceptor):
    """Sends the context of the current step with each activity. Workflows derive their trace from their own id."""

    def start_activity(self, request: worker.StartActivityInput) -> workflow.ActivityHandle[Any]:
        request.headers = carrying(request.headers, _current.get())
        return super().start_activity(request)

    def start_local_activity(self, request: worker.StartLocalActivityInput) -> workflow.ActivityHandle[Any]:
        request.headers = carrying(request.headers, _current.get())
        return super().start_local_activity(request)


def _own(*names: str) -> SpanContext | None:
    """Returns the context of a span of this run; None if the workflow belongs to no filing."""
    info = workflow.info()
    filing = filing_of(info.workflow_id)
    return None if filing is None else part(filing, info.run_id, *names)


def _run(run: worker.ExecuteWorkflowInput) -> SpanContext | None:
    """Returns the context of the run itself, which is the root of the trace if the run begins a filing."""
    own, given = _own("run"), run.args[0] if run.args else None
    begins = isinstance(given, dict) and "submission" in given and workflow.info().continued_run_id is None
    return own if own is None or not begins else root(UUID(int=own.trace_id))
