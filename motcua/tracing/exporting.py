"""Sends spans to a collector: OTLP over HTTP."""

from typing import Final

from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor
from opentelemetry.sdk.trace.id_generator import RandomIdGenerator
from opentelemetry.sdk.trace.sampling import ALWAYS_ON

from .spans import Spans, chosen

_SECONDS: Final = 2.0
"""The maximum time in which spans are sent, with all repeats; a process that ends waits for it."""


class Ids(RandomIdGenerator):
    """Random ids, but for a span that has one already."""

    def generate_trace_id(self) -> int:
        """Returns the id of the next trace."""
        own = chosen.get()
        return super().generate_trace_id() if own is None else own.trace_id

    def generate_span_id(self) -> int:
        """Returns the id of the next span."""
        own = chosen.get()
        return super().generate_span_id() if own is None else own.span_id


def exported(endpoint: str) -> Spans:
    """Returns a maker of spans that are sent to this collector.

    The provider is not the global one: what a library of this process would tell of it, is not ours to send.
    """
    provider = TracerProvider(ALWAYS_ON, id_generator=Ids())  # sampling is the collector's
    provider.add_span_processor(BatchSpanProcessor(OTLPSpanExporter(f"{endpoint}/v1/traces", timeout=_SECONDS)))
    return Spans(provider.get_tracer("motcua"), provider.shutdown)
