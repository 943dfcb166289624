"""Worlds with encrypted payloads, and clients that encrypt wrongly."""

from __future__ import annotations

import dataclasses
import json
from base64 import b64encode
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

from temporalio.api.common.v1 import Payload
from temporalio.client import Client
from temporalio.converter import PayloadCodec, SerializationContext, WithSerializationContext

from motcua.payloads.codec import KEY_ID, Codec, sealing
from motcua.payloads.converter import data_converter
from motcua.payloads.key_ring import CodecRing
from tests.acting import Play
from tests.conftest import World

KEYS: Final = {name: b64encode(bytes([n]) * 32).decode() for n, name in enumerate(("one", "two", "three", "four"), 1)}


def written(
    current: str | None, *others: str, queues: Mapping[str, Sequence[str]] | None = None, plain: bool = False
) -> str:
    """Returns a key ring of some of `KEYS`, in the form of the setting; a queue's first key is its current one."""
    of_queues = {queue: {"current": names[0], "keys": _some(names)} for queue, names in (queues or {}).items()}
    ring = {"keys": _some([name for name in (current, *others) if name]), "queues": of_queues, "plain": plain}
    return json.dumps(ring if current is None else ring | {"current": current})


def _some(names: Sequence[str]) -> dict[str, str]:
    return {name: KEYS[name] for name in names}


def ring(current: str | None, *others: str, **more: Any) -> CodecRing:
    """Returns a key ring of some of `KEYS`, parsed from the setting."""
    return CodecRing.model_validate_json(written(current, *others, **more))


async def connected(world: World, codec: PayloadCodec) -> Client:
    converter = dataclasses.replace(sealing(data_converter, ring("one")), payload_codec=codec)
    return await Client.connect(world.env["TEMPORAL_ADDRESS"], namespace=world.namespace, data_converter=converter)


async def sealed(world: World, keys: CodecRing) -> World:
    return dataclasses.replace(world, temporal=await connected(world, Codec(keys)))


class Forging(PayloadCodec, WithSerializationContext):
    """A codec that encrypts by the function `forge`, and decrypts like the given codec."""

    def __init__(self, forge: Callable[[list[Payload], list[Payload]], list[Payload]], codec: Codec) -> None:
        self._forge = forge
        self._codec = codec

    def with_context(self, context: SerializationContext) -> Forging:
        return Forging(self._forge, self._codec.with_context(context))

    async def encode(self, payloads: Sequence[Payload]) -> list[Payload]:
        return self._forge(list(payloads), await self._codec.encode(payloads))

    async def decode(self, payloads: Sequence[Payload]) -> list[Payload]:
        return await self._codec.decode(payloads)


async def keys_of(world: World, play: Play) -> set[str]:
    """Returns the ids of the keys that encrypt the history of a filing."""
    found = set()
    async for event in world.temporal.get_workflow_handle(f"filing:{play.filing}").fetch_history_events():
        said = event.SerializeToString()
        found |= {name for name in ("one", "two", "three") if KEY_ID.encode() in said and name.encode() in said}
    return found
