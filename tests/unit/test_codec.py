"""Payloads are encrypted for one workflow and decrypted by any key of the ring; a failure to decrypt has a reason."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final, cast

import pytest
from temporalio.api.common.v1 import Payload
from temporalio.api.enums.v1 import EventType
from temporalio.api.failure.v1 import ApplicationFailureInfo, Failure
from temporalio.api.history.v1 import HistoryEvent, WorkflowTaskFailedEventAttributes
from temporalio.client import Client
from temporalio.converter import (
    ActivitySerializationContext,
    DataConverter,
    SerializationContext,
    WorkflowSerializationContext,
)
from temporalio.exceptions import ApplicationError, ApplicationErrorCategory

import motcua
from console.home import CODEC, Home, write_new
from deploy.stack import StackError
from deploy.stack.keys import OWN, ring_of_stack
from motcua.contract import UNOPENED, UNREADABLE
from motcua.payloads.codec import KEY_ID, Codec, sealing
from motcua.payloads.converter import NOT_OPENED, SEALED, UnopenedError, data_converter
from motcua.payloads.key_ring import CODEC_KEYS, CodecRing, RingError, read_ring, ring_in
from operations.doctor.engine.codec import wants_a_key
from operations.key_rotation import new_ring, with_new_key
from recovery.stalled import _stalled_run
from rules.require import require
from tests.sealed import KEYS, ring, written

QUEUE: Final = "agency.H01.12"
SAID: Final = {"name": "Nguyễn Văn An"}


def of(workflow_id: str, namespace: str = "default") -> WorkflowSerializationContext:
    return WorkflowSerializationContext(namespace, workflow_id)


def work(queue: str, *, is_local: bool = False, workflow_id: str = "filing:1") -> ActivitySerializationContext:
    return ActivitySerializationContext(
        namespace="default",
        activity_id="1",
        activity_type="check",
        activity_task_queue=queue,
        workflow_id=workflow_id,
        workflow_type=None,
        is_local=is_local,
    )


async def seal(keys: CodecRing, context: SerializationContext) -> Payload:
    [made] = await sealing(data_converter, keys).with_context(context).encode([SAID])
    return made


async def opened(made: Payload, keys: CodecRing, context: SerializationContext) -> Any:
    [found] = await sealing(data_converter, keys).with_context(context).decode([made])
    return found


async def test_what_is_sealed_is_opened_by_its_key_in_its_workflow_and_namespace() -> None:
    made = await seal(ring("one", "two"), of("filing:1"))
    assert dict(made.metadata) == {"encoding": SEALED, KEY_ID: b"one"}
    assert b"Nguy" not in made.data
    assert await opened(made, ring("two", "one"), of("filing:1")) == SAID
    assert await seal(ring("one"), of("filing:1")) != made
    made = await seal(ring("one"), of("filing:1"))
    assert await opened(made, ring("one"), work("motcua")) == SAID
    for other in (of("filing:2"), of("filing:1", "elsewhere"), of("")):
        assert await opened(made, ring("one"), other) is UNOPENED


async def test_runs_of_a_schedule_read_each_other() -> None:
    made = await seal(ring("one"), of("healing-2026-11-28T01:00:00Z"))
    assert await opened(made, ring("one"), of("healing-2026-11-28T01:00:20Z")) == SAID


@pytest.mark.parametrize(
    ("keys", "why"), [(ring("two"), "there is no key 'one'"), (ring("two", plain=True), "there is no key 'one'")]
)
async def test_what_only_we_write_must_open(keys: CodecRing, why: str) -> None:
    made = await seal(ring("one"), work("motcua", is_local=True))
    with pytest.raises(UnopenedError, match=why):
        await opened(made, keys, work("motcua", is_local=True))
    [payload] = await Codec(keys).with_context(of("filing:1")).decode([made])
    with pytest.raises(UnopenedError, match=why):
        data_converter.payload_converter.from_payloads([payload], [dict])


async def test_what_is_plain_is_taken_only_where_the_ring_says_so() -> None:
    [plain] = await data_converter.encode([SAID])
    assert await opened(plain, ring("one", plain=True), of("filing:1")) == SAID
    assert await opened(plain, ring("one"), of("filing:1")) is UNOPENED


@pytest.mark.parametrize("encoding", [NOT_OPENED, SEALED])
@pytest.mark.parametrize("keys", [ring("one"), ring("one", plain=True), None], ids=["strict", "plain", "off"])
async def test_what_says_by_itself_that_it_was_not_opened_is_not(keys: CodecRing | None, encoding: bytes) -> None:
    claims = Payload(metadata={"encoding": encoding}, data=b"\xff")
    converter = sealing(data_converter, keys).with_context(of("filing:1"))
    [within] = [claims] if converter.payload_codec is None else await converter.payload_codec.encode([claims])
    for given in (claims, within):
        assert await converter.decode([given]) == [UNOPENED]
        with pytest.raises(UnopenedError):
            await converter.decode([given], [dict])


async def test_a_key_of_a_queue_is_for_its_machine_work_alone() -> None:
    platform, office = ring("one", queues={QUEUE: ["three"]}), ring("three")
    made = await seal(platform, work(QUEUE))
    assert made.metadata[KEY_ID] == b"three"
    assert await opened(made, office, work(QUEUE)) == SAID
    assert await opened(await seal(office, work(QUEUE)), platform, work(QUEUE)) == SAID
    for elsewhere in (of("filing:1"), work("motcua"), work("agency.H29.16")):
        assert await opened(await seal(office, elsewhere), platform, elsewhere) is UNOPENED
    assert (await seal(platform, work("motcua"))).metadata[KEY_ID] == b"one"


@pytest.mark.parametrize("older", ["three", "four"])
async def test_a_key_of_a_queue_that_is_rotated_stays_one_of_the_queue(older: str) -> None:
    newer = "four" if older == "three" else "three"
    platform, office = ring("one", queues={QUEUE: [newer, older]}), ring(older)
    assert await opened(await seal(office, work(QUEUE)), platform, work(QUEUE)) == SAID
    assert (await seal(platform, work(QUEUE))).metadata[KEY_ID] == newer.encode()
    for elsewhere in (of("filing:1"), work("motcua"), work("agency.H29.16")):
        for key in (newer, older):
            assert await opened(await seal(ring(key), elsewhere), platform, elsewhere) is UNOPENED


async def test_without_a_ring_or_a_current_key_nothing_is_sealed_nor_guessed() -> None:
    known = ring(None, "one", plain=True)
    assert await opened(await seal(ring("one"), of("filing:1")), known, of("filing:1")) == SAID
    [plain] = await data_converter.encode([SAID])
    assert await seal(known, of("filing:1")) == plain
    assert await opened(plain, known, of("filing:1")) == SAID
    assert sealing(data_converter, known).failure_converter_class is data_converter.failure_converter_class
    assert ring_in({}) is None
    assert ring_in({CODEC_KEYS: " "}) is None
    assert sealing(data_converter, None) is data_converter
    [found] = await data_converter.decode([await seal(ring("one"), of("filing:1"))])
    assert found is UNOPENED


def test_a_ring_grows_by_one_key_that_only_opens(tmp_path: Path) -> None:
    file, grown_file = tmp_path / "ring.json", tmp_path / "grown.json"
    write_new(file, new_ring())
    first = require(ring_in({CODEC_KEYS: str(file)}))
    write_new(grown_file, with_new_key(first))
    grown = require(ring_in({CODEC_KEYS: str(grown_file)}))
    assert (grown.current, len(grown.keys)) == (first.current, 2)
    assert grown.keys[str(first.current)] == first.keys[str(first.current)]
    whole = ring("one", "two", queues={QUEUE: ["three", "four"]})
    assert read_ring(with_new_key(whole)).queues == whole.queues
    assert ring_in({CODEC_KEYS: written("one", "two")}) == ring("one", "two")


def test_a_file_that_others_can_read_is_no_ring(tmp_path: Path) -> None:
    file = tmp_path / "ring.json"
    write_new(file, new_ring())
    assert file.stat().st_mode & 0o777 == 0o600
    file.chmod(0o644)
    with pytest.raises(RingError, match="can be read by others"):
        ring_in({CODEC_KEYS: str(file)})


def a_ring(**fields: Any) -> str:
    return json.dumps({"current": "one", "keys": {"one": KEYS["one"]}} | fields)


SECRETS: Final = ("c2VjcmV0", "secret!", KEYS["one"], "5ec2e7" * 10)
BAD: Final[Mapping[str, tuple[str, str]]] = {
    "no file": ("/nowhere/ring.json", "FileNotFoundError"),
    "no JSON": ("{", "no ring of keys"),
    "no such key": (a_ring(current="two"), "names no key"),
    "short": (a_ring(keys={"one": "c2VjcmV0"}), "key 1 of 1 is not 32 bytes"),
    "a queue's for all as well": (a_ring(queues={QUEUE: {"keys": {"one": KEYS["one"]}}}), "stands there twice"),
    "the same under another id": (a_ring(queues={QUEUE: {"keys": {"two": KEYS["one"]}}}), "stands there twice"),
    "nothing is sealed, and only what is sealed taken": (a_ring(current=None), "that needs"),
    "a key as current": (a_ring(current="5ec2e7" * 10), "names no key"),
    "a key in the place of a field": (a_ring(**{KEYS["one"]: "one"}), "no ring of keys"),
}


@pytest.mark.parametrize(("setting", "said"), BAD.values(), ids=BAD)
def test_a_ring_that_is_none_is_told_without_its_keys(setting: str, said: str) -> None:
    with pytest.raises(RingError, match=said) as error:
        ring_in({CODEC_KEYS: setting})
    assert not [secret for secret in SECRETS if secret in str(error.value)]


def test_a_ring_shows_no_key() -> None:
    assert KEYS["one"] not in repr(ring("one")) + str(ring("one"))


async def test_the_kits_clients_seal_by_the_ring_of_their_process(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(CODEC_KEYS, written("one"))
    async with await motcua.FilingClient.connect("127.0.0.1:1") as client:
        assert isinstance(client._line.client.data_converter.payload_codec, Codec)
    monkeypatch.setenv(CODEC_KEYS, "{}")
    with pytest.raises(motcua.MotcuaError, match="no ring of keys"):
        await motcua.FilingClient.connect("127.0.0.1:1")


CONVERTERS: Final = {"plain": data_converter, "sealed": sealing(data_converter, ring("one"))}


async def sent(converter: DataConverter, error: ApplicationError) -> Failure:
    """Raises this error; returns the failure that the converter makes of it."""
    failure = Failure()
    with pytest.raises(ApplicationError) as raised:
        raise error
    await converter.encode_failure(raised.value, failure)
    return failure


@pytest.mark.parametrize("converter", CONVERTERS.values(), ids=CONVERTERS)
async def test_what_is_expected_says_no_lines_of_ours(converter: DataConverter) -> None:
    expected = ApplicationError("no news yet", 7, type="no_news", category=ApplicationErrorCategory.BENIGN)
    failure = await sent(converter, expected)
    read = await converter.decode_failure(failure)
    assert isinstance(read, ApplicationError)
    assert (read.message, read.details, failure.stack_trace) == ("no news yet", (7,), "")


@pytest.mark.parametrize("converter", CONVERTERS.values(), ids=CONVERTERS)
async def test_a_fault_says_where_it_arose_and_sealed_nobody_else_reads_it(converter: DataConverter) -> None:
    failure = await sent(converter, ApplicationError("broken"))
    assert ("test_codec.py" in failure.stack_trace) is (converter.payload_codec is None)
    read = await converter.decode_failure(failure)
    assert isinstance(read, ApplicationError)
    assert read.message == "broken"
    assert read.failure is not None
    assert "test_codec.py" in read.failure.stack_trace


REFERENCES: Final = {
    "by its encoding": {"encoding": b"json/external-storage-reference"},
    "by its mark": {"encoding": b"json/plain", "__temporal_external_storage_reference": b"true"},
}


@pytest.mark.parametrize("said", REFERENCES)
@pytest.mark.parametrize("converter", CONVERTERS.values(), ids=CONVERTERS)
async def test_what_is_stored_elsewhere_keeps_nobody_from_reading_on(converter: DataConverter, said: str) -> None:
    [read] = await converter.decode([Payload(metadata=REFERENCES[said], data=b"no JSON")])
    assert read is (UNREADABLE if converter.payload_codec is None else UNOPENED)


@pytest.fixture
def home(tmp_path: Path) -> Home:
    made = Home(tmp_path / "home")
    made.create()
    return made


def test_without_a_word_nothing_is_sealed(home: Home) -> None:
    for settings in ({}, {CODEC: ""}, {CODEC: "off"}, {CODEC: "off", CODEC_KEYS: written("one")}):
        assert ring_of_stack(home, settings, keeps_plain=False) == {}


@pytest.mark.parametrize("keeps_plain", [True, False])
def test_once_on_it_stays_on(home: Home, *, keeps_plain: bool) -> None:
    told = ring_of_stack(home, {CODEC: "on"}, keeps_plain=keeps_plain)
    ring = require(ring_in(told))
    assert ring.plain is keeps_plain
    for settings in ({}, {CODEC: "on"}):
        assert ring_of_stack(home, settings, keeps_plain=True) == told
    with pytest.raises(StackError, match="sealed already"):
        ring_of_stack(home, {CODEC: "off"}, keeps_plain=True)


@pytest.mark.parametrize("garbled", ["ON", "1", "on "])
def test_a_garbled_setting_is_no_no(home: Home, garbled: str) -> None:
    with pytest.raises(StackError, match="on or off"):
        ring_of_stack(home, {CODEC: garbled}, keeps_plain=False)


def test_a_ring_that_is_given_is_the_stacks(home: Home, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = tmp_path / "ring.json"
    write_new(file, written("one"))
    monkeypatch.chdir(tmp_path)
    assert ring_of_stack(home, {CODEC_KEYS: "ring.json"}, keeps_plain=False) == {CODEC_KEYS: str(file.resolve())}
    inline = {CODEC_KEYS: written("one")}
    assert ring_of_stack(home, inline | {CODEC: "on"}, keeps_plain=False) == inline
    assert not (home.secrets / OWN).exists()
    for bad in ("none.json", "{}"):
        with pytest.raises(StackError, match=CODEC_KEYS):
            ring_of_stack(home, {CODEC_KEYS: bad}, keeps_plain=False)


def raised(*types: str) -> Failure:
    """Returns the failure of an exception of the first type; the cause of each is the exception of the next type."""
    first, *others = types
    cause: dict[str, Any] = {"cause": raised(*others)} if others else {}
    return Failure(message="x", application_failure_info=ApplicationFailureInfo(type=first), **cause)


@pytest.mark.parametrize(
    ("types", "wants"),
    [
        (["KeyMissingError"], True),
        (["RuntimeError", "UnopenedError"], True),
        (["RuntimeError", "ValueError", "UnopenedError"], True),
        (["RuntimeError", "ValueError"], False),
    ],
)
async def test_it_is_known_by_what_it_came_of(types: list[str], wants: bool) -> None:  # noqa: FBT001 -- what is expected
    failed = WorkflowTaskFailedEventAttributes(failure=raised(*types))
    event = HistoryEvent(
        event_type=EventType.EVENT_TYPE_WORKFLOW_TASK_FAILED, workflow_task_failed_event_attributes=failed
    )
    one = await _stalled_run(cast("Client", None), "filing:x", 3, [event])
    assert (one.error, one.caused_by) == (types[0], tuple(types[1:]))
    assert wants_a_key(one) is wants
