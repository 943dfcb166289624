"""Spans of filings. A filing has one trace for its whole life: the trace's id is the filing's id.

So every process can derive the trace, also after a restart from the log. A span contains the filing's id, names from
our own code, and the type of an error, never the error's text, which may name a person.
"""

import hashlib
import re
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Final
from uuid import UUID

from opentelemetry import trace
from opentelemetry.context import Context
from opentelemetry.trace import Link, NonRecordingSpan, Span, SpanContext, SpanKind, TraceFlags
from pydantic_core import from_json, to_json
from temporalio.api.common.v1 import Payload
from temporalio.exceptions import ApplicationError, ApplicationErrorCategory

from motcua.contract import RefusalCode, StreamId

HEADER: Final = "_tracer-data"
"""The header by which Temporal's SDKs carry a context."""

_LONGEST: Final = 4096
"""The maximum bytes of this header. A longer header is ignored: other programs may add baggage."""
_TRACEPARENT: Final = re.compile(r"[0-9a-f]{2}-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})")
_NOWHERE: Final = trace.INVALID_SPAN_CONTEXT
_FLAGS: Final = TraceFlags(0b11)
"""The trace flags of W3C: sampled, and random, since the last 56 bits of a filing's id are evenly distributed."""
_VIEW: Final = "view"
"""The kind of the workflows that answer questions. The id in their names is not a filing's."""
_CODES: Final = frozenset(RefusalCode)

chosen: ContextVar[SpanContext | None] = ContextVar("chosen", default=None)
"""The context that the next span gets, instead of a random one (`exporting.Ids`)."""


class Spans:
    """Makes spans by a tracer. `close` sends the pending spans and shuts the tracer down."""

    def __init__(self, tracer: trace.Tracer, close: Callable[[], None] = lambda: None) -> None:
        self._tracer = tracer
        self.close = close

    @contextmanager
    def around(
        self, stream: str, name: str, kind: SpanKind = SpanKind.INTERNAL, near: SpanContext | None = None
    ) -> Iterator[SpanContext]:
        """Runs the block within a span of the stream's filing; yields the span's context.

        The context is invalid if the stream belongs to no filing. `near`: the caller's context, from the message's
        headers; None: the parent is the current span of this process.
        """
        filing = filing_of(stream)
        if filing is None:
            yield _NOWHERE
            return
        here = trace.get_current_span().get_span_context()
        context, links = _placed(filing, here, stays=True) if near is None else _placed(filing, near)
        attributes = {"motcua.filing": str(filing)}
        silent = {"record_exception": False, "set_status_on_exception": False}
        with self._tracer.start_as_current_span(name, context, kind, attributes, links, **silent) as span:
            try:
                yield span.get_span_context()
            except Exception as error:
                _fail(span, error)
                raise

    def note(
        self, own: SpanContext, name: str, times: tuple[int, int], near: SpanContext, error: BaseException | None
    ) -> None:
        """Makes a span that has ended, with the context `own`. The root of a filing's trace has no parent."""
        filing = UUID(int=own.trace_id)
        context, links = _placed(filing, near)
        context = Context() if own == root(filing) else context
        token = chosen.set(own)
        try:
            attributes = {"motcua.filing": str(filing)}
            span = self._tracer.start_span(name, context, SpanKind.SERVER, attributes, links, times[0])
        finally:
            chosen.reset(token)
        if error is not None:
            _fail(span, error)
        span.end(times[1])


def filing_of(stream: str) -> UUID | None:
    """Returns the filing of the stream or workflow with this name; None if it belongs to no filing."""
    try:
        found = StreamId.parse(stream)
    except ValueError:
        return None
    return None if found.kind == _VIEW else found.filing


def root(filing: UUID) -> SpanContext:
    """Returns the context of the first span of a filing's trace."""
    return part(filing, "root")


def part(filing: UUID, *names: str) -> SpanContext:
    """Returns the context of the span with these names in the filing's trace: the same at every replay."""
    digest = hashlib.sha256("\n".join((str(filing), *names)).encode()).digest()
    return SpanContext(filing.int, int.from_bytes(digest[:8]) or 1, is_remote=True, trace_flags=_FLAGS)


def carried(headers: Mapping[str, Payload]) -> SpanContext:
    """Returns the context in the headers of a message; an invalid one if no readable context is there.

    Anybody may send such a header: only two ids and the flags are read from it.
    """
    sent = headers.get(HEADER)
    if sent is None or len(sent.data) > _LONGEST:
        return _NOWHERE
    try:
        fields = from_json(sent.data)
    except ValueError:
        return _NOWHERE
    parent = fields.get("traceparent") if isinstance(fields, dict) else None
    found = _TRACEPARENT.fullmatch(parent) if isinstance(parent, str) else None
    if found is None:
        return _NOWHERE
    trace_id, span_id, flags = (int(each, 16) for each in found.groups())
    return SpanContext(trace_id, span_id, is_remote=True, trace_flags=TraceFlags(flags))


def carrying(headers: Mapping[str, Payload], own: SpanContext | None) -> Mapping[str, Payload]:
    """Returns the headers with this context added, not encrypted; unchanged if the context is None or invalid."""
    if own is None or not own.is_valid:
        return headers
    context = {"traceparent": f"00-{own.trace_id:032x}-{own.span_id:016x}-{own.trace_flags:02x}"}
    return {**headers, HEADER: Payload(metadata={"encoding": b"json/plain"}, data=to_json(context))}


def _placed(filing: UUID, near: SpanContext, *, stays: bool = False) -> tuple[Context, list[Link]]:
    """Returns the parent context and the links of a span of this filing that is caused by `near`.

    If `near` is in another trace, the span is in the filing's trace, with a link to `near`; with `stays`, the span is
    in the trace of `near`, with a link to the filing's trace.
    """
    first = root(filing)
    parent, linked = (near, first) if stays and near.is_valid else (first, near)
    if near.trace_id == filing.int:
        parent, linked = near, _NOWHERE
    links = [Link(linked)] if linked.is_valid else []
    return trace.set_span_in_context(NonRecordingSpan(parent), Context()), links


def _fail(span: Span, error: BaseException) -> None:
    """Sets the error's type, or the refusal's code, on the span. An expected error does not mark the span as failed."""
    code, benign = type(error).__name__, False
    if isinstance(error, ApplicationError):
        code, benign = error.type if error.type in _CODES else code, error.category is ApplicationErrorCategory.BENIGN
    span.set_attribute("error.type", str(code))
    if not benign:
        span.set_status(trace.StatusCode.ERROR)
