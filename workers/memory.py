"""The memory of a worker process: garbage is collected rarely, and evicted workflows are freed at once.

A workflow's parts form reference cycles. If a worker runs many more workflows than its cache holds, such cycles would
pile up until a full garbage collection, which scans the whole cache.
"""

import gc
from typing import Any, Final

from temporalio.worker import UnsandboxedWorkflowRunner, WorkflowInstance, WorkflowInstanceDetails

THRESHOLDS: Final = (50_000, 20, 100)
"""The thresholds of garbage collection. They are high, since a worker caches a thousand workflows.

Scanning the cache after every few hundred new objects would take an eighth of the worker's time (docs/performance.md).
"""


def settle() -> None:
    """Exempts all existing objects from garbage collection, and makes later collections less frequent."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(*THRESHOLDS)


class ForgettingRunner(UnsandboxedWorkflowRunner):
    """Runs workflows without a sandbox, and takes apart the workflows that the worker evicts."""

    def create_instance(self, det: WorkflowInstanceDetails) -> WorkflowInstance:
        """Returns the SDK's instance in a wrapper."""
        return _Evictable(super().create_instance(det))


class _Evictable(WorkflowInstance):
    """A wrapper of a workflow instance. It empties the instance at its eviction, so that no reference cycle stays."""

    def __init__(self, instance: WorkflowInstance) -> None:
        self._instance = instance

    def activate(self, act: Any) -> Any:
        evicted = any(job.HasField("remove_from_cache") for job in act.jobs)
        if evicted:  # cancelling a sleep raises in a callback: the error's report and traceback are a cycle
            vars(self._instance)["call_exception_handler"] = dict.clear
        done = self._instance.activate(act)
        if evicted:
            # Drops all parts that may be in a cycle. The instance's tasks can still read that it was evicted.
            parts = dict(vars(self._instance))
            left = {name: part for name, part in parts.items() if not gc.is_tracked(part)}
            vars(self._instance).clear()
            vars(self._instance).update(left)
            del parts  # only now: a coroutine that is freed runs its `finally`, which may read what is left
        return done

    def get_serialization_context(self, command_info: Any) -> Any:
        return self._instance.get_serialization_context(command_info)

    def get_external_store_context(self, command_info: Any) -> Any:
        return self._instance.get_external_store_context(command_info)

    def get_info(self) -> Any:
        return self._instance.get_info()

    def get_thread_id(self) -> int | None:
        return self._instance.get_thread_id()
