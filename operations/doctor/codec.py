"""Whether what passes Temporal is sealed, and whether every key is there by which something was."""

from __future__ import annotations

from ipaddress import ip_address
from typing import Final
from urllib.parse import urlsplit

from temporalio.client import Client

from motcua.codec import KEY_ID
from motcua.connection import configured_address
from motcua.errors import MotcuaError
from motcua.key_ring import CODEC_KEYS, CodecRing, RingError, ring_in
from operations.doctor.finding import Finding, fail, ok, skipped, warn
from operations.doctor.surroundings import Surroundings
from recovery.codec_keys import KeyNotHereError, expect_taken
from recovery.histories import newest_first
from recovery.stalled import Stalled, count_reported, reports_problems, stalled

_OF_KEYS: Final = frozenset({"KeyMissingError", "UnopenedError"})
"""What a workflow task fails with that can't open what it was given."""

_LOOKED_AT: Final = 10
_WHERE: Final = "docs/codec.md"


async def codec(around: Surroundings) -> list[Finding]:
    """Whether it is on, and as it should be."""
    try:
        ring = ring_in(around.settings)
    except RingError as error:
        return [
            fail(
                str(error),
                str(error),
                fix_vi=f"sửa {CODEC_KEYS} ({_WHERE})",
                fix_en=f"mend {CODEC_KEYS} ({_WHERE})",
            )
        ]
    return [_sealing(ring) if ring is not None and ring.current is not None else _off(ring)]


def _off(ring: CodecRing | None) -> Finding:
    vi, en = ("tắt", "off") if ring is None else ("mở được nhưng chưa niêm gì", "opened, but nothing is sealed yet")
    try:
        address = configured_address()
    except MotcuaError:
        return fail(
            f"{vi}; không đọc được thiết lập TEMPORAL_*, nên không biết Temporal ở đâu",
            f"{en}; the configuration of Temporal can't be read, so nobody knows where that is",
            fix_vi="sửa thiết lập TEMPORAL_*",
            fix_en="mend TEMPORAL_*",
        )
    if is_loopback(address):
        return ok(
            f"{vi}; Temporal ở máy này, dữ liệu trong đó đọc được", f"{en}; Temporal is on this machine, readable"
        )
    wanted = ("đặt", "set") if ring is None else ('thêm "current" vào', 'add "current" to')
    return fail(
        f"{vi}, và Temporal ở máy khác: ai đọc được không gian tên thì đọc được mọi hồ sơ",
        f"{en}, and Temporal is elsewhere: whoever reads the namespace reads every filing",
        fix_vi=f"{wanted[0]} {CODEC_KEYS} cho mọi tiến trình ({_WHERE})",
        fix_en=f"{wanted[1]} {CODEC_KEYS} for every process ({_WHERE})",
    )


def _sealing(ring: CodecRing) -> Finding:
    known = ", ".join(sorted(ring.keys.keys() - {ring.current})) or "–"
    words = (f"niêm bằng {ring.current}; còn mở được: {known}", f"sealed by {ring.current}; also opened: {known}")
    if not ring.plain:
        return ok(*words)
    return warn(
        f"{words[0]}; vẫn nhận dữ liệu không niêm",
        f"{words[1]}; what is not sealed is taken as well",
        fix_vi=f'bỏ "plain" khi các luồng cũ đã xong ({_WHERE})',
        fix_en=f'drop "plain" once what ran before has ended ({_WHERE})',
    )


async def recorded_key(around: Surroundings) -> list[Finding]:
    """Whether the ring here has the key by which workers seal, as the record knows it."""
    try:
        ring = ring_in(around.settings)
    except RingError:
        return [skipped("vòng khóa không đọc được", "the ring can't be read")]
    async with around.record() as connection:
        try:
            await expect_taken(connection, ring)
        except KeyNotHereError as error:
            return [
                fail(
                    f"vòng khóa ở đây không phải của worker: {error}",
                    str(error),
                    fix_vi=f"cho mọi tiến trình cùng một {CODEC_KEYS} ({_WHERE})",
                    fix_en=f"give every process the same {CODEC_KEYS} ({_WHERE})",
                )
            ]
    return [ok("cùng vòng khóa với worker", "the same as that of the workers")]


async def missing_keys(around: Surroundings) -> list[Finding]:
    """Whether any workflow stands still because its payloads can't be opened, and for want of which keys."""
    client = around.temporal
    if client is None or not await reports_problems(client) or not await count_reported(client):
        return [ok("không thiếu khóa nào", "none is missing")]
    held_up = [one.workflow_id for one in await stalled(client) if wants_a_key(one)]
    if not held_up:
        return [ok("không thiếu khóa nào", "none is missing")]
    ring = ring_in(around.settings)
    known = set() if ring is None else set(ring.ciphers())
    used = {name for one in held_up[:_LOOKED_AT] for name in await _keys_of(client, one)}
    names = ", ".join(sorted(used - known))
    what_vi = f"thiếu khóa {names}" if names else "worker chạy với vòng khóa khác, hoặc không nhận dữ liệu chưa niêm"
    what_en = f"missing: {names}" if names else "a worker has another ring, or takes nothing that is not sealed"
    return [
        fail(
            f"{len(held_up)} luồng đứng yên: {what_vi}",
            f"{len(held_up)} workflows stand still: {what_en}",
            fix_vi=f"thêm khóa vào {CODEC_KEYS} của mọi worker, hồ sơ tự chạy tiếp",
            fix_en=f"put the key into {CODEC_KEYS} of every worker, and they go on by themselves",
        )
    ]


def wants_a_key(one: Stalled) -> bool:
    """Whether a workflow stands still because something can't be opened, whatever the SDK has made of that."""
    return not _OF_KEYS.isdisjoint({one.error, *one.caused_by})


async def _keys_of(client: Client, workflow_id: str) -> set[str]:
    """The ids of the keys by which the start and the newest events of a workflow are sealed."""
    found = set()
    async for event in newest_first(client, workflow_id):
        started = event.workflow_execution_started_event_attributes.input.payloads
        accepted = event.workflow_execution_update_accepted_event_attributes.accepted_request.input.args.payloads
        marker = event.marker_recorded_event_attributes.details
        made = marker["result"].payloads if "result" in marker else ()
        sealed = [one.metadata.get(KEY_ID, b"") for one in (*started, *accepted, *made)]
        found |= {name.decode(errors="replace") for name in sealed if name}
    return found


def is_loopback(address: str) -> bool:
    """Whether only this machine reaches what listens at `host:port`."""
    host = urlsplit(f"//{address}").hostname or ""
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
