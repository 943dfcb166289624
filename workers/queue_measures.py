"""Metrics of the record's queues, the same at each relay: waiting rows, rows tried in vain, the longest wait."""

from temporalio.common import MetricMeter

from activities.ledger.database import Connection
from views.registers.queues import queues


class QueueMeasures:
    """The instruments, by `queue`; made once per process."""

    def __init__(self, meter: MetricMeter) -> None:
        gauge = meter.create_gauge
        self._answers = gauge("motcua_record_answers", "1 if the record answered the last measurement, else 0")
        self._waiting = gauge("motcua_queue_waiting", "Rows that wait")
        self._failing = gauge("motcua_queue_failing", "Rows that wait and were tried in vain")
        self._seconds = meter.create_gauge_float("motcua_queue_oldest_seconds", "For how long the oldest has waited")

    async def measure(self, connection: Connection) -> int:
        """Measures every queue. Returns 0, so that the caller pauses before the next measurement."""
        for name, queue in (await queues(connection)).items():
            of = {"queue": name}
            self._waiting.set(queue.waiting, of)
            self._failing.set(queue.failing, of)
            self._seconds.set(queue.seconds, of)
        self._answers.set(1)
        return 0

    def unreachable(self, **_: object) -> None:
        """Sets the metric that shows that the record does not answer. The queues' metrics keep their last values."""
        self._answers.set(0)
