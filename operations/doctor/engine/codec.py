"""The check of payload encryption in Temporal, and of the keys that it needs."""

from typing import Final

from temporalio.client import Client

from motcua.connection import configured_address, is_loopback
from motcua.errors import MotcuaError
from motcua.payloads.codec import KEY_ID
from motcua.payloads.key_ring import CodecRing, RingError, ring_in
from operations.doctor.check import Finding, Surroundings, fail, ok, skipped, warn
from recovery.codec_keys import KeyNotHereError, expect_taken
from recovery.histories import newest_first
from recovery.stalled import Stalled, count_reported, reports_problems, stalled
from schemas.translate import said

_OF_KEYS: Final = frozenset({"KeyMissingError", "UnopenedError"})
"""The errors of a workflow task that can't decrypt its payloads."""

_LOOKED_AT: Final = 10


async def codec(around: Surroundings) -> list[Finding]:
    """Checks that payload encryption is on, and that its settings are correct."""
    try:
        ring = ring_in(around.settings)
    except RingError as error:
        return [fail("as_is", fix="doctor.codec.ring", value=error)]
    if ring is None or ring.current is None:
        return [_off(ring)]
    known = ", ".join(sorted(ring.keys.keys() - {ring.current})) or "–"
    if ring.plain:
        return [warn("doctor.codec.plain", by=ring.current, known=known)]
    return [ok("doctor.codec.sealed", by=ring.current, known=known)]


def _off(ring: CodecRing | None) -> Finding:
    state = said("doctor.codec.off" if ring is None else "doctor.codec.unsealed")
    try:
        address = configured_address()
    except MotcuaError:
        return fail("doctor.codec.nowhere", state=state)
    if is_loopback(address):
        return ok("doctor.codec.here", state=state)
    fix = "doctor.codec.elsewhere.set" if ring is None else "doctor.codec.elsewhere.add"
    return fail("doctor.codec.elsewhere", fix=fix, state=state)


async def recorded_key(around: Surroundings) -> list[Finding]:
    """Checks that this process's key ring has the workers' current encryption key, which the record names."""
    try:
        ring = ring_in(around.settings)
    except RingError:
        return [skipped("doctor.codec_record.unreadable")]
    async with around.record() as connection:
        try:
            await expect_taken(connection, ring)
        except KeyNotHereError as error:
            return [fail("doctor.codec_record.another", error=error)]
    return [ok("doctor.codec_record.same")]


async def missing_keys(around: Surroundings) -> list[Finding]:
    """Reports workflows that are stalled because their payloads can't be decrypted, with the missing keys."""
    client = around.temporal
    if client is None or not await reports_problems(client) or not await count_reported(client):
        return [ok("doctor.codec_keys.none")]
    held_up = [one.workflow_id for one in await stalled(client) if wants_a_key(one)]
    if not held_up:
        return [ok("doctor.codec_keys.none")]
    ring = ring_in(around.settings)
    known = set() if ring is None else set(ring.ciphers())
    used = {name for one in held_up[:_LOOKED_AT] for name in await _keys_of(client, one)}
    names = ", ".join(sorted(used - known))
    if names:
        return [fail("doctor.codec_keys.missing", count=len(held_up), names=names)]
    return [fail("doctor.codec_keys.another", fix="doctor.codec_keys.missing.fix", count=len(held_up))]


def wants_a_key(one: Stalled) -> bool:
    """Whether a payload that can't be decrypted stalls a workflow; looks for the error also inside the SDK's errors."""
    return not _OF_KEYS.isdisjoint({one.error, *one.caused_by})


async def _keys_of(client: Client, workflow_id: str) -> set[str]:
    """Returns the ids of the keys that encrypt the start and the newest events of a workflow."""
    found = set()
    async for event in newest_first(client, workflow_id):
        started = event.workflow_execution_started_event_attributes.input.payloads
        accepted = event.workflow_execution_update_accepted_event_attributes.accepted_request.input.args.payloads
        marker = event.marker_recorded_event_attributes.details
        made = marker["result"].payloads if "result" in marker else ()
        sealed = [one.metadata.get(KEY_ID, b"") for one in (*started, *accepted, *made)]
        found |= {name.decode(errors="replace") for name in sealed if name}
    return found
