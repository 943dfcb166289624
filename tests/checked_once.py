"""Temporal's sandbox checks a workflow once in a process: to see whether it takes one is as much work as to run it."""

from __future__ import annotations

from typing import Final

from temporalio.worker.workflow_sandbox import SandboxedWorkflowRunner
from temporalio.workflow import _Definition

_CHECK: Final = SandboxedWorkflowRunner.prepare_workflow
_checked: Final[set[type]] = set()


def check_once(self: SandboxedWorkflowRunner, definition: _Definition) -> None:
    """Stands for `prepare_workflow`."""
    if definition.cls not in _checked:
        _CHECK(self, definition)
        _checked.add(definition.cls)
