"""Sends spans to a collector: OTLP over HTTP."""

from typing import Final

from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor
from opentelemetry.sdk.trace.id_generator import RandomIdGenerator
from opentelemetry.sdk.trace.sampling import ALWAYS_ON

from .spans import Spans, chosen

_SECONDS: Final = 2.0
"""The maximum seconds for sending spans, with all repeats. A process that ends waits for this long at most."""


class Ids(RandomIdGenerator):
    """Generates random ids; for a span whose context is in `chosen`, returns the ids of that context."""

    def generate_trace_id(self) -> int:
        """Returns the id of the next trace."""
        own = chosen.get()
        return super().generate_trace_id() if own is None else own.trace_id

    def generate_span_id(self) -> int:
        """Returns the id of the next span."""
        own = chosen.get()
        return super().generate_span_id() if own is None else own.span_id


def exported(endpoint: str) -> Spans:
    """Returns the `Spans` that are sent to this collector.

    The tracer provider is not made the global one, so that spans of other libraries are not sent.
    """
    provider = TracerProvider(ALWAYS_ON, id_generator=Ids())  # sampling is the collector's
    provider.add_span_processor(BatchSpanProcessor(OTLPSpanExporter(f"{endpoint}/v1/traces", timeout=_SECONDS)))
    return Spans(provider.get_tracer("motcua"), provider.shutdown)
