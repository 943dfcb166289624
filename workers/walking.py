"""How what workflows are sent and say is opened and sealed: in one walk through a message, or in none.

Temporal's SDK walks through each message three times: for a codec, for a store of large payloads, and for what refers
to such a store. It does so where there is neither, and can't be told otherwise. And a payload that says that it lies in
a store, or that it is a message of the SDK's own, fails every task that meets it: who can send a signal, or answers for
a back office, would jam a filing. Here it is handed on as it is, and refused or parked as what can't be read.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from typing import Any

from temporalio.api.common.v1 import Payload
from temporalio.bridge import worker as bridge
from temporalio.bridge._visitor_functions import VisitorFunctions
from temporalio.bridge.proto.workflow_activation import WorkflowActivation
from temporalio.bridge.proto.workflow_completion import WorkflowActivationCompletion
from temporalio.converter import DataConverter
from temporalio.converter._extstore import StorageOperationMetrics
from temporalio.worker._command_aware_visitor import CommandAwarePayloadVisitor

Pass = Callable[[Sequence[Payload]], Awaitable[list[Payload]]]


def walk_once() -> None:
    """From now on, in this process. It may be said again."""
    bridge.decode_activation = _decode
    bridge.encode_completion = _encode


async def _decode(
    activation: WorkflowActivation,
    data_converter: DataConverter,
    decode_headers: bool,  # noqa: FBT001 -- the SDK's own parameters, here and below
    storage_concurrency_limit: int,  # noqa: ARG001 -- nothing is stored elsewhere
) -> StorageOperationMetrics:
    if data_converter.payload_codec is not None:
        await _walk(activation, data_converter._decode_payload_sequence, headers=decode_headers)  # noqa: SLF001
    return StorageOperationMetrics()


async def _encode(
    completion: WorkflowActivationCompletion,
    data_converter: DataConverter,
    encode_headers: bool,  # noqa: FBT001
    storage_concurrency_limit: int,  # noqa: ARG001
) -> StorageOperationMetrics:
    if data_converter.payload_codec is not None:
        await _walk(completion, data_converter._encode_payload_sequence, headers=encode_headers)  # noqa: SLF001
    return StorageOperationMetrics()


async def _walk(message: Any, change: Pass, *, headers: bool) -> None:
    walk = _Walk(skip_search_attributes=True, skip_headers=not headers)
    await walk.visit(bridge._Visitor(change), message)  # noqa: SLF001 -- it changes what it visits in place


class _Walk(CommandAwarePayloadVisitor):
    async def _visit_temporal_api_common_v1_Payload(  # noqa: N802 -- its name
        self, fs: VisitorFunctions, payload: Payload
    ) -> None:
        await fs.visit_payload(payload)
