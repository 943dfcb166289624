"""What the gateway measures: callbacks by merchant and by what they were answered; never whose."""

from __future__ import annotations

from collections.abc import Iterable

from temporalio.common import MetricMeter

from activities.partners.money.provider import Verdict


class Measures:
    """The gateway's instruments, made once a process. Labels: `provider`, by its name in the settings; `verdict`."""

    def __init__(self, meter: MetricMeter, providers: Iterable[str]) -> None:
        self._callbacks = meter.create_counter("motcua_gateway_callbacks_total", "Callbacks by what they were answered")
        for provider in providers:
            for verdict in Verdict:
                # An alert on a rise misses the first one of a counter that was not there before.
                self._callbacks.add(0, {"provider": provider, "verdict": verdict})

    def answered(self, provider: str, verdict: Verdict) -> None:
        """A callback was answered."""
        self._callbacks.add(1, {"provider": provider, "verdict": verdict})
