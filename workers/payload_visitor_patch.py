"""Patches the SDK's payload visitor: with a codec, it walks through each message once; without a codec, never.

Temporal's SDK walks through each message three times: for a codec, for a store of large payloads, and for references to
such a store. It does so even without a codec and a store, and has no option against it. And if a payload claims to be
in a store, or to be one of the SDK's own messages, every task that reads it fails: anybody who can send a signal, or
answers for a back office, could block a filing. The patched SDK passes such a payload on, to be refused or dropped.
"""

from collections.abc import Awaitable, Callable, Coroutine, Sequence
from typing import Any

from temporalio.api.common.v1 import Payload
from temporalio.bridge import worker as bridge
from temporalio.bridge._visitor_functions import VisitorFunctions
from temporalio.converter import DataConverter
from temporalio.converter._extstore import StorageOperationMetrics
from temporalio.worker._command_aware_visitor import CommandAwarePayloadVisitor

Pass = Callable[[Sequence[Payload]], Awaitable[list[Payload]]]


def walk_once() -> None:
    """Patches the SDK's payload visitor for the whole process. Idempotent."""
    bridge.decode_activation = _walking(lambda converter: converter._decode_payload_sequence)  # noqa: SLF001
    bridge.encode_completion = _walking(lambda converter: converter._encode_payload_sequence)  # noqa: SLF001


def _walking(way: Callable[[DataConverter], Pass]) -> Callable[..., Coroutine[Any, Any, StorageOperationMetrics]]:
    """Returns the replacement for the SDK's function that decodes messages, or for the one that encodes them."""

    async def walk(message: Any, data_converter: DataConverter, **options: Any) -> StorageOperationMetrics:
        if data_converter.payload_codec is not None:
            headers = options.get("decode_headers") or options.get("encode_headers")
            visitor = _Walk(skip_search_attributes=True, skip_headers=not headers)
            await visitor.visit(bridge._Visitor(way(data_converter)), message)  # noqa: SLF001 -- it changes the message
        return StorageOperationMetrics()  # nothing is stored elsewhere

    return walk


class _Walk(CommandAwarePayloadVisitor):
    async def _visit_temporal_api_common_v1_Payload(  # noqa: N802 -- its name
        self, fs: VisitorFunctions, payload: Payload
    ) -> None:
        await fs.visit_payload(payload)
