"""Logs (one JSON object on each line of standard error, without personal data) and metrics.

During replay nothing is logged. Workflows log through `workflow.logger`, whose lines are rendered here: structlog
itself does not run in the sandbox.
"""

import logging
import sys
from typing import Any, Final

import structlog
from temporalio import activity, workflow
from temporalio.runtime import LoggingConfig, PrometheusConfig, Runtime, TelemetryConfig, TelemetryFilter

from activities.ledger.measures import BUCKETS
from motcua.backoffice import SIGN_OF_LIFE
from workers.settings import ProcessSettings

_log = structlog.stdlib.get_logger("motcua.telemetry")

_LOGGABLE: Final = {
    *("event", "level", "timestamp", "logger", "kind", "code", "reason", "signal", "problem", "child", "stream"),
    *("filing_id", "part", "queue", "activity", "hook", "error", "build", "left", "still_there", "agency", "exception"),
    *("temporal_workflow", "temporal_activity"),
}

# Without messages on failed workflow tasks: they contain the exception's text, which may name a person.
_ENGINE: Final = ",".join(
    (TelemetryFilter(core_level="WARN", other_level="ERROR").formatted(), "temporalio_sdk_core::worker::workflow=ERROR")
)


def configure_engine() -> None:
    """Limits the log of Temporal's core library, and serves metrics at `MOTCUA_METRICS`.

    Called once in each process, before its first Temporal client is made. Without this setting there are no metrics.
    """
    address, runtime = ProcessSettings().metrics, None
    if address is not None:
        try:
            runtime = _runtime(PrometheusConfig(bind_address=address, histogram_bucket_overrides=BUCKETS))
        except ValueError as error:
            _log.warning("metrics.not_served", reason=f"{address}: {error}")
    Runtime.set_default(runtime or _runtime())


def _runtime(metrics: PrometheusConfig | None = None) -> Runtime:
    return Runtime(
        telemetry=TelemetryConfig(logging=LoggingConfig(filter=_ENGINE), metrics=metrics),
        worker_heartbeat_interval=SIGN_OF_LIFE,
    )


def configure_logging(level: int = logging.INFO) -> None:
    """Sends every log line of this process through one renderer."""
    before: list[Any] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.stdlib.add_logger_name,
        structlog.stdlib.ExtraAdder(),
        structlog.processors.TimeStamper(fmt="iso", utc=True),
    ]
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=before,
            processors=[
                structlog.stdlib.ProcessorFormatter.remove_processors_meta,
                _harmless,
                structlog.processors.JSONRenderer(),
            ],
        )
    )
    root = logging.getLogger()
    root.handlers = [handler]
    root.setLevel(level)
    logging.getLogger("httpx").setLevel(logging.WARNING)
    logging.raiseExceptions = False  # otherwise a line that fails is printed with all its values
    workflow.logger.workflow_info_on_message = False
    activity.logger.activity_info_on_message = False
    structlog.configure(
        processors=[*before, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
    )


def _harmless(_: Any, __: str, line: structlog.types.EventDict) -> structlog.types.EventDict:
    """Keeps only fields that are known to be harmless.

    Reduces an exception to its type and place, since its text and its locals may name a person.
    """
    raised = line.pop("exc_info", None)
    error = raised[1] if isinstance(raised, tuple) else raised
    if isinstance(error, BaseException):
        trace = error.__traceback__
        while trace is not None and trace.tb_next is not None:
            trace = trace.tb_next
        place = f" at {trace.tb_frame.f_code.co_filename}:{trace.tb_lineno}" if trace else ""
        line["exception"] = f"{type(error).__name__}{place}"
    return {name: value for name, value in line.items() if name in _LOGGABLE}
