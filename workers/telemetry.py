"""Logs (one JSON object on each line of standard error, without personal data) and metrics.

During replay nothing is logged. Workflows log through `workflow.logger`, whose lines are rendered here: structlog
itself does not run in the sandbox.
"""

import logging
import sys
import warnings
from collections import Counter
from time import monotonic
from types import TracebackType
from typing import Any, Final, TextIO

import structlog
from pydantic import ValidationError
from temporalio import activity, workflow
from temporalio.exceptions import ApplicationError
from temporalio.runtime import (
    LogForwardingConfig,
    LoggingConfig,
    PrometheusConfig,
    Runtime,
    TelemetryConfig,
    TelemetryFilter,
)

from activities.ledger.measures import BUCKETS
from motcua.backoffice import SIGN_OF_LIFE
from motcua.errors import SettingsError
from workers.settings import ProcessSettings

_log = structlog.stdlib.get_logger("motcua.telemetry")

_LOGGABLE: Final = {
    *("event", "level", "timestamp", "logger", "kind", "code", "reason", "signal", "problem", "child", "stream"),
    *("filing_id", "part", "queue", "activity", "hook", "error", "build", "left", "still_there", "agency", "exception"),
    *("temporal_workflow", "temporal_activity", "left_out"),
}
_EVERY_ATTEMPT: Final = {
    *("Completing activity as failed", "codec.not_known", "Failed to restore the pool connection floor; retrying"),
    *("papers.no_record", "order.no_record", "statements.no_record", "callback.no_record"),
}
"""Log lines that every attempt writes while a server is away: each is logged once a second at most."""

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
    forwarding = LogForwardingConfig(
        logging.getLogger("temporal"), prepend_target_on_message=False, append_log_fields_to_message=False
    )
    return Runtime(
        telemetry=TelemetryConfig(logging=LoggingConfig(filter=_ENGINE, forwarding=forwarding), metrics=metrics),
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
    handler.addFilter(_OnceASecond())
    warnings.showwarning = _warned
    sys.excepthook = _failed
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


class _OnceASecond(logging.Filter):
    """Passes each line of `_EVERY_ATTEMPT` once a second at most, with the number of lines left out."""

    def __init__(self) -> None:
        super().__init__()
        self._last: dict[str, float] = {}
        self._left_out: Counter[str] = Counter()

    def filter(self, record: logging.LogRecord) -> bool:
        fields = record.msg if isinstance(record.msg, dict) else record.__dict__
        event = str(fields.get("event", record.msg))
        if event not in _EVERY_ATTEMPT:
            return True
        if monotonic() < self._last.get(event, 0) + 1:
            self._left_out[event] += 1
            return False
        self._last[event] = monotonic()
        if left_out := self._left_out.pop(event, 0):
            fields["left_out"] = left_out
        return True


def _warned(
    message: Warning | str,  # noqa: ARG001 -- the parameters of `warnings.showwarning`
    category: type[Warning],
    filename: str,
    lineno: int,
    file: TextIO | None = None,  # noqa: ARG001 -- as above
    line: str | None = None,  # noqa: ARG001 -- as above
) -> None:
    """Logs a warning of Python by its kind and place alone, since its text may quote values."""
    _log.warning("python.warning", reason=f"{category.__name__} at {filename}:{lineno}")


def _failed(kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> None:
    """Logs the error that ends this process, with its text only if the text can't name a person."""
    if issubclass(kind, KeyboardInterrupt):
        sys.__excepthook__(kind, error, trace)
        return
    told = {}
    if isinstance(error, ValidationError):
        wrong = error.errors(include_input=False)
        told["reason"] = "; ".join(f"{'.'.join(map(str, each['loc']))}: {each['msg']}" for each in wrong)
    elif isinstance(error, SettingsError):
        told["reason"] = str(error)
    _log.critical("process.failed", exc_info=error, **told)


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
    if isinstance(error, ApplicationError) and error.type:
        line["code"] = error.type
    return {name: value for name, value in line.items() if name in _LOGGABLE}
