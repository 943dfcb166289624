"""Encrypts every payload that passes Temporal: AES-256-GCM with a key of the ring, bound to namespace and workflow.

An encrypted payload has the metadata `{encoding: "binary/encrypted", encryption-key-id: <id>}`; its data is a nonce of
12 random bytes and the AES-GCM ciphertext of the payload in protobuf. The additional authenticated data is `motcua`,
the key's id, the namespace and the workflow's id, each on a line: a payload encrypted for one filing can't be decrypted
in another.
"""

from __future__ import annotations

import dataclasses
import os
import re
from collections.abc import Sequence
from typing import TYPE_CHECKING, Final

from google.protobuf.message import DecodeError
from temporalio import converter as sdk
from temporalio.api.common.v1 import Payload
from temporalio.api.failure.v1 import Failure
from temporalio.client import Client

from .converter import NOT_OPENED, SEALED, FailureConverter, UnopenedError, why_not_opened

if TYPE_CHECKING:
    from .key_ring import CodecRing

KEY_ID: Final = "encryption-key-id"
NONCE: Final = 12
_OF_A_SCHEDULE: Final = re.compile(r"-\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$")
"""The suffix that a schedule adds to a workflow's id. Payloads are bound to the id without this suffix."""


class Codec(sdk.PayloadCodec, sdk.WithSerializationContext):
    """Encrypts with the current key of the ring, decrypts with any of its keys.

    A payload from outside (starts, Updates, signals, answers of other programs) that can't be decrypted arrives as
    `UNOPENED`. For a result of a local activity, which only the platform writes, `UnopenedError` is raised.

    Attributes:
        ring: The keys of this process.
    """

    def __init__(self, ring: CodecRing) -> None:
        self.ring = ring
        self._ciphers = ring.ciphers()
        # Only now, since `ring.ciphers` tells in words that the extra is missing.
        from cryptography.exceptions import InvalidTag  # noqa: PLC0415 -- an extra of the kit

        self._damaged = (InvalidTag, ValueError, DecodeError)
        self._context: sdk.SerializationContext | None = None
        self._bound = b"\n"

    def with_context(self, context: sdk.SerializationContext) -> Codec:
        """Returns the same codec, bound to the namespace and workflow that own the payloads."""
        bound: Codec = object.__new__(Codec)
        bound.ring, bound._ciphers, bound._damaged = self.ring, self._ciphers, self._damaged
        bound._context, bound._bound = context, b"\n"
        if isinstance(context, sdk.WorkflowSerializationContext | sdk.ActivitySerializationContext):
            workflow = _OF_A_SCHEDULE.sub("", context.workflow_id or "")
            bound._bound = f"{context.namespace}\n{workflow}".encode()
        return bound

    async def encode(self, payloads: Sequence[Payload]) -> list[Payload]:
        """Encrypts each payload; returns the payloads unchanged if no key is current."""
        key = self.ring.sealing_key(self._queue)
        return list(payloads) if key is None else [self._sealed(payload, key) for payload in payloads]

    async def decode(self, payloads: Sequence[Payload]) -> list[Payload]:
        """Decrypts each payload; replaces one that can't be decrypted, or raises `UnopenedError` (see the class)."""
        return [self._opened(payload) for payload in payloads]

    @property
    def _queue(self) -> str | None:
        context = self._context
        return context.activity_task_queue if isinstance(context, sdk.ActivitySerializationContext) else None

    def _sealed(self, payload: Payload, key: str) -> Payload:
        nonce = os.urandom(NONCE)
        data = self._ciphers[key].encrypt(nonce, payload.SerializeToString(), self._additional(key))
        return Payload(metadata={"encoding": SEALED, KEY_ID: key.encode()}, data=nonce + data)

    def _opened(self, payload: Payload) -> Payload:
        encoding = payload.metadata.get("encoding")
        if encoding != SEALED:
            taken = self.ring.plain and encoding != NOT_OPENED
            return payload if taken else self._not_opened("it is not sealed")
        key = payload.metadata.get(KEY_ID, b"").decode(errors="replace")
        cipher = self._ciphers.get(key)
        if cipher is None:
            return self._not_opened(f"there is no key {key[:64]!r}")
        if not self.ring.opens(key, self._queue):
            return self._not_opened(f"the key {key} is for another queue")
        try:
            clear = cipher.decrypt(payload.data[:NONCE], payload.data[NONCE:], self._additional(key))
            opened = Payload.FromString(clear)
        except self._damaged:
            return self._not_opened(f"it is damaged, or was sealed by {key} for something else")
        if opened.metadata.get("encoding") in {SEALED, NOT_OPENED}:
            return self._not_opened("it was sealed twice")
        return opened

    def _not_opened(self, why: str) -> Payload:
        context = self._context
        if isinstance(context, sdk.ActivitySerializationContext) and context.is_local:
            raise UnopenedError(why)
        return Payload(metadata={"encoding": NOT_OPENED}, data=why.encode())

    def _additional(self, key: str) -> bytes:
        return b"motcua\n%b\n%b" % (key.encode(), self._bound)


class _SealedFailures(FailureConverter):
    def __init__(self) -> None:
        super().__init__(encode_common_attributes=True)


def sealing(converter: sdk.DataConverter, ring: CodecRing | None) -> sdk.DataConverter:
    """Returns the converter with our codec, which seals failures, too; unchanged without `ring`. Raises `RingError`."""
    if ring is None:
        return converter
    return dataclasses.replace(
        converter,
        payload_codec=Codec(ring),
        failure_converter_class=converter.failure_converter_class if ring.current is None else _SealedFailures,
    )


def ring_of_client(client: Client) -> CodecRing | None:
    """Returns the ring of a client's codec; None if the client has no codec, or a codec of another package."""
    codec = client.data_converter.payload_codec
    return codec.ring if isinstance(codec, Codec) else None


async def opened(client: Client, workflow_id: str, payloads: Sequence[Payload]) -> list[Payload]:
    """Decrypts payloads of a workflow's history. Raises `UnopenedError`."""
    codec = client.data_converter.with_context(
        sdk.WorkflowSerializationContext(client.namespace, workflow_id)
    ).payload_codec
    found = list(payloads) if codec is None else await codec.decode(payloads)
    for payload in found:
        if (why := why_not_opened(payload)) is not None:
            raise UnopenedError(why)
    return found


async def opened_failure(client: Client, failure: Failure, workflow_id: str, queue: str | None = None) -> Failure:
    """Returns a workflow's failure, decrypted. `queue`: the task queue of the failed activity, if there is one.

    Returns the failure unchanged if message and stack are not encrypted, or can't be decrypted.
    """
    if not failure.HasField("encoded_attributes"):
        return failure
    context: sdk.SerializationContext = sdk.WorkflowSerializationContext(client.namespace, workflow_id)
    if queue is not None:
        context = sdk.ActivitySerializationContext(
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
