"""Metrics of the ledger: number and duration of appends, by kind of stream. No metric is about a person."""

from collections.abc import Iterable
from typing import Final

from temporalio.common import MetricMeter

from schemas.stream.ledger import Appended, Batch

_MILLISECONDS: Final = "motcua_ledger_append_milliseconds"

BUCKETS: Final = {_MILLISECONDS: (1, 2, 5, 10, 20, 50, 100, 200, 500, 1000, 2000, 5000)}
"""Upper bounds by histogram: an append takes a few milliseconds, and times out after 5 s."""


class Measures:
    """The ledger's instruments, made once per process. Labels: `kind` of the stream, `code` of a refusal."""

    def __init__(self, meter: MetricMeter, kinds: Iterable[str]) -> None:
        counter = meter.create_counter
        self._appends = counter("motcua_ledger_appends_total", "Batches of events that the log took")
        self._refusals = counter("motcua_ledger_refusals_total", "Batches that the record did not bear out")
        self._conflicts = counter("motcua_ledger_conflicts_total", "Appends of runs that had lost their stream")
        self._milliseconds = meter.create_histogram_float(_MILLISECONDS, "How long the log took to answer")
        for kind in kinds:
            # An alert on a rise misses the first increment of a counter that did not exist before.
            self._appends.add(0, {"kind": kind})
            self._conflicts.add(0, {"kind": kind})

    def answered(self, batch: Batch, answer: Appended, seconds: float) -> None:
        """Records an append's duration; counts the append as accepted or refused, unless it only queried the log."""
        kind = _kind(batch)
        self._milliseconds.record(seconds * 1000, kind)
        if answer.refused is not None:
            self._refusals.add(1, {**kind, "code": answer.refused.code})
        elif answer.unfounded:
            self._refusals.add(1, {**kind, "code": "unfounded"})
        elif batch.events:
            self._appends.add(1, kind)

    def conflicted(self, batch: Batch) -> None:
        """Counts an append of a run that has lost its stream, or whose known events differ from the log's."""
        self._conflicts.add(1, _kind(batch))


def _kind(batch: Batch) -> dict[str, str]:
    return {"kind": batch.stream.partition(":")[0]}
