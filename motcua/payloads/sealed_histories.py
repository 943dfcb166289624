"""Decrypts payloads and failures of workflow histories, outside of the workflows."""

from collections.abc import Sequence

from temporalio.api.common.v1 import Payload
from temporalio.api.failure.v1 import Failure
from temporalio.client import Client
from temporalio.converter import ActivitySerializationContext, SerializationContext, WorkflowSerializationContext

from .converter import UnopenedError, why_not_opened


async def opened(client: Client, workflow_id: str, payloads: Sequence[Payload]) -> list[Payload]:
    """Decrypts payloads of a workflow's history. Raises `UnopenedError`."""
    codec = client.data_converter.with_context(
        WorkflowSerializationContext(client.namespace, workflow_id)
    ).payload_codec
    found = list(payloads) if codec is None else await codec.decode(payloads)
    for payload in found:
        if (why := why_not_opened(payload)) is not None:
            raise UnopenedError(why)
    return found


async def opened_failure(client: Client, failure: Failure, workflow_id: str, queue: str | None = None) -> Failure:
    """Decrypts a failure's message and stack; returns it unchanged if they are not encrypted, or can't be decrypted.

    Args:
        client: The client with the codec.
        failure: The failure of a workflow's task, or of one of its activities.
        workflow_id: The id of that workflow.
        queue: The task queue of the activity, if the failure is an activity's.
    """
    if not failure.HasField("encoded_attributes"):
        return failure
    context: SerializationContext = WorkflowSerializationContext(client.namespace, workflow_id)
    if queue is not None:
        context = ActivitySerializationContext(
            namespace=client.namespace,
            activity_id=None,
            activity_type=None,
            activity_task_queue=queue,
            workflow_id=workflow_id,
            workflow_type=None,
            is_local=False,
        )
    converter = client.data_converter.with_context(context)
    clear = Failure()
    clear.CopyFrom(failure)
    [said] = await converter.decode([failure.encoded_attributes])
    if isinstance(said, dict):
        clear.message, clear.stack_trace = str(said.get("message", "")), str(said.get("stack_trace", ""))
        clear.ClearField("encoded_attributes")
    return clear
