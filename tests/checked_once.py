"""Makes Temporal's sandbox validate each workflow only once in a process, since validation takes as long as a run."""

from typing import Final

from temporalio.worker.workflow_sandbox import SandboxedWorkflowRunner
from temporalio.workflow import _Definition

_CHECK: Final = SandboxedWorkflowRunner.prepare_workflow
_checked: Final[set[type]] = set()


def check_once(self: SandboxedWorkflowRunner, definition: _Definition) -> None:
    """In place of the runner's `prepare_workflow`: validates a workflow unless it was validated before."""
    if definition.cls not in _checked:
        _CHECK(self, definition)
        _checked.add(definition.cls)
