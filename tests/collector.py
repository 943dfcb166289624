"""A collector of traces on loopback: it receives OTLP over HTTP, and decodes it like a real collector."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any
from uuid import UUID

from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.proto.trace.v1.trace_pb2 import Span
from opentelemetry.sdk.trace import ReadableSpan, TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

from motcua.tracing.exporting import Ids
from motcua.tracing.spans import Spans


@dataclass(frozen=True)
class SentSpan:
    """A span, with the name of the process that has sent it."""

    service: str
    span: Span

    @property
    def attributes(self) -> dict[str, str]:
        return {each.key: each.value.string_value for each in self.span.attributes}


@dataclass
class Collector:
    """A collector's address, and the requests that it received: as bytes, and as spans."""

    url: str = ""
    bodies: list[bytes] = field(default_factory=list)

    @property
    def spans(self) -> list[SentSpan]:
        found = []
        for body in self.bodies:
            for one in ExportTraceServiceRequest.FromString(body).resource_spans:
                names = {each.key: each.value.string_value for each in one.resource.attributes}
                found += [SentSpan(names["service.name"], span) for scope in one.scope_spans for span in scope.spans]
        return found

    def trace(self, filing: UUID | str) -> list[SentSpan]:
        """Returns the spans of a filing's trace, whose id is the filing's id."""
        return [each for each in self.spans if str(UUID(bytes=each.span.trace_id)) == str(filing)]


@contextmanager
def collecting() -> Iterator[Collector]:
    """Runs a collector at a free port."""
    collector = Collector()

    class Received(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            collector.bodies.append(self.rfile.read(int(self.headers["Content-Length"])))
            assert self.path == "/v1/traces"
            self.send_response(200)
            self.end_headers()

        def log_message(self, *_: Any) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Received) as server:
        collector.url = f"http://127.0.0.1:{server.server_port}"
        serving = Thread(target=server.serve_forever)
        serving.start()
        try:
            yield collector
        finally:
            server.shutdown()
            serving.join()


def in_memory() -> tuple[Spans, Callable[[], Sequence[ReadableSpan]]]:
    """Returns a maker of spans, and a function that returns the finished spans of this maker."""
    kept, provider = InMemorySpanExporter(), TracerProvider(id_generator=Ids())
    provider.add_span_processor(SimpleSpanProcessor(kept))
    return Spans(provider.get_tracer("test")), lambda: list(kept.get_finished_spans())


def steps(trace: list[SentSpan]) -> set[tuple[str, str]]:
    """Returns pairs of names: each span's and its parent's; the root's parent is empty.

    Fails unless there is one root for all spans. A step may have two spans with one id, as Temporal may repeat a task.
    """
    spans = [each.span for each in trace]
    names = {b"": ""} | {span.span_id: span.name for span in spans}
    assert [span.name for span in spans if span.parent_span_id not in names] == []
    assert [span.name for span in spans if names[span.span_id] != span.name] == []
    assert len({span.span_id for span in spans if not span.parent_span_id}) == 1
    return {(span.name, names[span.parent_span_id]) for span in spans}
