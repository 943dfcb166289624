"""Traces: the accepted part of a header from outside, the kept part of an error, and a caller's own tracer."""

import asyncio
import sys
from collections.abc import Callable
from typing import Any, Final, cast
from uuid import UUID

import httpx
import pytest
from opentelemetry import trace
from opentelemetry.sdk.trace import ReadableSpan, TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from opentelemetry.trace import INVALID_SPAN_CONTEXT, StatusCode
from temporalio.api.common.v1 import Payload
from temporalio.exceptions import ApplicationError, ApplicationErrorCategory

from gateway.app import CallbackReceiver, application
from motcua.errors import SettingsError
from motcua.tracing.setting import TRACES, spans_here
from motcua.tracing.spans import HEADER, carried, carrying, filing_of, root
from operations.doctor.check import shown
from rules.require import require
from tests.collector import in_memory
from tests.walking import walked

FILING: Final = UUID("5c2e2d1e-3f0b-5a6d-9d57-0c7b8a4e61f2")
PARENT: Final = b"00-0123456789abcdef0123456789abcdef-0123456789abcdef-01"


@walked(
    "data",
    [
        b'{"traceparent": "%b"' % PARENT,
        b'{"traceparent": ["%b"]}' % PARENT,
        b'"%b"' % PARENT,
        b'{"traceparent": "canary %b"}' % PARENT,
        b'{"traceparent": "%b", "baggage": "%b"}' % (PARENT, b"x" * 5000),
        b"[" * 4000,
        b"\xff",
        b"",
    ],
    exactly=8,
)
def test_a_header_that_does_not_fit_is_none(data: bytes) -> None:
    assert carried({HEADER: Payload(metadata={"encoding": b"json/plain"}, data=data)}) is INVALID_SPAN_CONTEXT


def test_two_ids_are_taken_of_a_header_and_nothing_else() -> None:
    said = b'{"traceparent": "%b", "tracestate": "a=canary", "baggage": "a=canary"}' % PARENT
    found = carried({HEADER: Payload(data=said)})
    assert (found.trace_id, found.span_id) == (0x0123456789ABCDEF0123456789ABCDEF, 0x0123456789ABCDEF)
    assert not found.trace_state
    assert carried(carrying({}, found)) == found


def test_only_what_a_filing_has_is_traced() -> None:
    assert filing_of(f"filing:{FILING}") == filing_of(f"payment:{FILING}:2") == FILING
    assert [filing_of(name) for name in (f"view:{FILING}", "filing:canary", "canary", f"filing:{FILING}x", "")] == [
        None
    ] * 5


REFUSED: Final = ApplicationError("canary", type="not_allowed", category=ApplicationErrorCategory.BENIGN)


@walked(
    ("error", "code", "status"),
    [
        (ValueError("canary"), "ValueError", StatusCode.ERROR),
        (ApplicationError("canary", type="Canary Name"), "ApplicationError", StatusCode.ERROR),
        (REFUSED, "not_allowed", StatusCode.UNSET),
    ],
    exactly=3,
)
def test_of_an_error_only_its_type_is_kept(error: Exception, code: str, status: StatusCode) -> None:
    spans, made = in_memory()
    with pytest.raises(type(error)), spans.around(f"filing:{FILING}", "Work"):
        raise error
    [span] = made()
    assert dict(span.attributes or {}) == {"motcua.filing": str(FILING), "error.type": code}
    assert (span.status.status_code, span.status.description, list(span.events)) == (status, None, [])
    assert "canary" not in span.to_json().lower()


@pytest.fixture
def theirs(monkeypatch: pytest.MonkeyPatch) -> Callable[[], tuple[ReadableSpan, ...]]:
    """Sets up a tracer as the calling program may do; returns a function that returns its spans."""
    kept, provider = InMemorySpanExporter(), TracerProvider()
    provider.add_span_processor(SimpleSpanProcessor(kept))
    monkeypatch.delenv(TRACES, raising=False)
    assert spans_here() is None
    monkeypatch.setattr(trace, "_TRACER_PROVIDER", provider)
    return kept.get_finished_spans


def test_in_a_callers_own_trace_a_call_is_a_part_that_is_linked_to_the_filing(
    theirs: Callable[[], tuple[ReadableSpan, ...]],
) -> None:
    with trace.get_tracer("portal").start_as_current_span("request") as request:
        with require(spans_here()).around(f"filing:{FILING}", "UpdateWorkflow:withdraw"):
            pass
        with require(spans_here()).around("view:" + str(FILING), "StartWorkflow:View"):
            pass
    [call, _] = theirs()
    assert (call.name, require(call.parent).span_id) == ("UpdateWorkflow:withdraw", request.get_span_context().span_id)
    assert [link.context for link in call.links] == [root(FILING)]


async def test_the_gateway_tells_nothing_by_the_telemetry_of_its_framework(
    theirs: Callable[[], tuple[ReadableSpan, ...]],
) -> None:
    nothing: Any = None
    meter: Any = type("Meter", (), {"create_counter": lambda *_: nothing})()
    app = application(nothing, nothing, CallbackReceiver(nothing, nothing, {}, meter, asyncio.Event()))
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://gateway.test") as client:
        assert (await client.get("/callbacks/nobody?memo=canary")).status_code == 404
    assert theirs() == ()


@walked(
    "address",
    [
        *("collector:4318", "grpc://collector:4317", "http://", "http://collector:x", "http://user:pw@collector:4318"),
        *("http://collector:4318/v1/traces", "http://collector:4318?key=1"),
    ],
    exactly=7,
)
def test_an_address_that_is_no_collector_is_refused(address: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(TRACES, address)
    with pytest.raises(SettingsError, match=TRACES):
        spans_here()


def test_without_the_extra_the_setting_is_refused_with_the_remedy(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(TRACES, "http://127.0.0.1:1")
    monkeypatch.setitem(sys.modules, "motcua.tracing.exporting", cast("Any", None))
    with pytest.raises(SettingsError, match=r"pip install 'motcua\[traces\]'"):
        spans_here()


def test_the_doctor_shows_a_collector_without_a_password() -> None:
    assert shown(TRACES, "http://user:canary@collector:4318") == "http://collector:4318"
