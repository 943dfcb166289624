"""Metrics of the gateway: callbacks by merchant and verdict; never by person."""

from collections.abc import Iterable

from temporalio.common import MetricMeter

from activities.partners.money.provider import Verdict


class Measures:
    """The gateway's instruments, made once per process. Labels: `provider`, by its name in the settings; `verdict`."""

    def __init__(self, meter: MetricMeter, providers: Iterable[str]) -> None:
        self._callbacks = meter.create_counter("motcua_gateway_callbacks_total", "Callbacks by what they were answered")
        for provider in providers:
            for verdict in Verdict:
                # An alert on a rise misses the first increment of a counter that did not exist before.
                self._callbacks.add(0, {"provider": provider, "verdict": verdict})

    def answered(self, provider: str, verdict: Verdict) -> None:
        """Counts an answered callback."""
        self._callbacks.add(1, {"provider": provider, "verdict": verdict})
