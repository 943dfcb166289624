"""Patches the SDK's payload visitor: one pass through a message with a codec, none without.

Temporal's SDK walks through each message three times: for a codec, for a store of large payloads, and for references to
such a store. It does so even without a codec and a store, and has no option against it. And if a payload claims to be
in a store, or to be one of the SDK's own messages, every task that reads it fails: anybody who can send a signal, or
answers for a back office, could block a filing. With the patch such a payload is passed on unchanged, and refused or
parked as unreadable.
"""

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
    """Patches the SDK's payload visitor for the whole process. Idempotent."""
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
    await walk.visit(bridge._Visitor(change), message)  # noqa: SLF001 -- it changes the message in place


class _Walk(CommandAwarePayloadVisitor):
    async def _visit_temporal_api_common_v1_Payload(  # noqa: N802 -- its name
        self, fs: VisitorFunctions, payload: Payload
    ) -> None:
        await fs.visit_payload(payload)
