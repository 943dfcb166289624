"""The kit alone: its exported names, the mistakes that it finds itself, its memory, and attached files."""

import asyncio
import inspect
import os
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any, Final
from uuid import UUID

import pytest
from obstore.store import LocalStore, MemoryStore, ObjectStore
from pydantic import ValidationError
from temporalio.client import WorkflowUpdateFailedError, WorkflowUpdateRPCTimeoutOrCancelledError
from temporalio.converter import DataConverter
from temporalio.exceptions import ApplicationError
from temporalio.service import RPCError, RPCStatusCode
from typer.testing import CliRunner

import motcua
import schemas
from motcua import (
    Accept,
    Actor,
    BadCommand,
    BadSubmission,
    BlockingFilingClient,
    FilingClient,
    MotcuaError,
    Receipt,
    RefusalCode,
    UnfitError,
    Via,
    contract,
    testing,
)
from motcua import contract as c
from motcua.backoffice import BackOffice, Document
from motcua.blocking import BlockingActingClient
from motcua.calls.retry import FIRST_CONNECT, patiently, server_of
from motcua.cli.app import build
from motcua.connection import connect
from motcua.errors import RefusedError, Unavailable, error_from, refused_for
from motcua.files import drafts
from motcua.files import store as stores
from motcua.files.store import DamagedFileError, FileNotTakenError, NoStoreError, Store
from motcua.identity import public_key_of
from motcua.payloads.converter import data_converter
from motcua.signing import _MOST, Known
from rules.identity.principal_register import unproved
from schemas.errors import problem, shape_refusal
from schemas.files import EXTENSIONS, file_key, media_type_of
from schemas.identity.statement import PrincipalKey
from tests.contract.fitting import broken
from tests.contract.messages import MESSAGES, READ, sample
from tests.contract.samples import COMMANDS
from tests.walking import walked

EXPORTED: Final[list[str]] = vars(motcua)["__all__"]
OWN: Final = {
    *("ActingClient", "Authenticated", "BackOffice", "BadCommand", "BadSubmission", "BlockingActingClient"),
    *(
        "BlockingFilingClient",
        "ChangedMeanwhile",
        "Document",
        "FilingClient",
        "FilingClosed",
        "FilingNotAvailable",
        "InternalError",
    ),
    *("LedgerConflict", "MotcuaError", "NotAllowed", "NotAuthorised", "NotFound", "NotReady", "PassedOver"),
    *("RefusedError", "SameIdOtherContent", "Speaker", "TooMany", "Unavailable", "UnfitError", "__version__"),
    *("command_id", "data_converter"),
}
"""The names of the kit itself. Every other name that it exports is of the contract."""
RECEIPT: Final = Receipt(command_id="c", digest="0" * 64, seq=1, at="2026-11-25T02:00:00Z")


def test_what_the_kit_exports_is_there_and_is_said() -> None:
    assert all(hasattr(motcua, name) for name in EXPORTED)
    assert {"FilingClient", "Submission", "Accept", "MotcuaError", "filing_id"} <= set(EXPORTED)
    assert set(EXPORTED) == OWN | {name for name in vars(contract) if not name.startswith("_")}
    public = {name for name, value in vars(motcua).items() if inspect.isclass(value) and not name.startswith("_")}
    assert public - set(EXPORTED) == set()


@pytest.mark.parametrize(
    ("make", "field", "rule"),
    [
        (lambda: Via(principal="not a key"), "principal", "string_pattern_mismatch"),
        (lambda: Actor(subject="x", role="boss"), "role", "enum"),
        (lambda: Accept(command_id="a", actor={"subject": "x"}, via={"principal": "p"}), "actor.role", "missing"),
        (lambda: testing.submission(agency="h01"), "agency", "string_pattern_mismatch"),
    ],
)
def test_a_wrong_message_made_here_names_its_place(make: Callable[[], object], field: str, rule: str) -> None:
    with pytest.raises(MotcuaError) as raised:
        make()
    assert isinstance(raised.value, UnfitError)
    (problem,) = raised.value.problems
    assert (problem.field, problem.rule) == (field, rule)
    assert field in str(raised.value)


async def test_what_is_no_message_is_refused_here_by_its_field_and_rule() -> None:
    client = await FilingClient.connect("127.0.0.1:1", patience=0.2)
    with pytest.raises(BadSubmission, match="make one by its fields") as submission:
        await client.submit({"client_id": "x"})  # type: ignore[arg-type]
    with pytest.raises(BadCommand, match="make one by its fields") as command:
        await client.act("filing:x", {"kind": "accept"})  # type: ignore[arg-type]
    assert submission.value.refusal.problems[0].rule == command.value.refusal.problems[0].rule == "model_type"
    with pytest.raises(UnfitError, match="limit"):
        await client.filings("x", limit=0)


@walked("name", READ, at_least=80)
def test_what_does_not_fit_is_said_in_our_own_words(name: str) -> None:
    message = MESSAGES[name]
    for wrong in [*broken(sample(message)), {}]:
        try:
            message.model.model_validate(wrong, extra="forbid" if message.strict else None)
        except ValidationError as error:
            for problem in shape_refusal(RefusalCode.BAD_COMMAND, error).refusal.problems:
                said = problem.message
                assert not {"Input", "instance", "pydantic", "unhashable"} & set(said.en.split()), said.en
                assert said.vi != "giá trị không hợp lệ; xem JSON Schema của thông điệp", problem.rule


def methods(of: type) -> dict[str, Any]:
    return {name: value for name, value in inspect.getmembers(of, callable) if not name.startswith("_")}


def test_whatever_the_client_can_do_can_be_waited_for() -> None:
    assert set(methods(FilingClient)) == set(methods(BlockingFilingClient)) - {"close"}
    assert set(methods(motcua.ActingClient)) == set(methods(BlockingActingClient))
    for name, method in methods(FilingClient).items():
        assert not inspect.iscoroutinefunction(methods(BlockingFilingClient)[name]), name
        assert list(inspect.signature(method).parameters) == list(
            inspect.signature(methods(BlockingFilingClient)[name]).parameters
        )


def test_a_client_keeps_receipts_in_mind_and_what_had_no_answer() -> None:
    known = Known()
    assert (known.receipt("s", "c"), known.is_open("s", "c")) == (None, False)
    with pytest.raises(TimeoutError), known.asking("s", "c"):
        raise TimeoutError
    assert (known.receipt("s", "c"), known.is_open("s", "c")) == (None, True)
    with pytest.raises(BadCommand), known.asking("s", "c"):
        raise refused_for(RefusalCode.BAD_COMMAND, problem("", "not_ready"))
    assert not known.is_open("s", "c"), "the answer was no"
    known.keep("s", "c", RECEIPT)
    assert (known.receipt("s", "c"), known.is_open("s", "c")) == (RECEIPT, False)
    for n in range(_MOST):
        known.keep("s", str(n), RECEIPT)
    assert known.receipt("s", "c") is None


def test_a_client_keeps_in_mind_how_far_each_stream_had_come() -> None:
    known = Known()
    for seq in (3, 7, 5):
        known.keep("s", str(seq), RECEIPT.model_copy(update={"seq": seq}))
    known.keep("s", "no answer", None)
    assert (known.seen_seq("s"), known.seen_seq("other")) == (7, 0)
    for n in range(_MOST):
        known.keep(str(n), "c", RECEIPT)
    assert known.seen_seq("s") == 0


PROBLEM = {"field": "papers.mandate", "rule": "paper_required", "message": {"vi": "thiếu giấy tờ", "en": "missing"}}


def failure(code: str, *details: Any) -> ApplicationError:
    return ApplicationError("said in short", *details, type=code)


@pytest.mark.parametrize(
    ("code", "kind"),
    [
        ("bad_start", motcua.BadSubmission),
        ("bad_command", motcua.BadCommand),
        ("same_id_other_content", motcua.SameIdOtherContent),
        ("ledger_conflict", motcua.LedgerConflict),
    ],
)
def test_every_code_has_its_type(code: str, kind: type[RefusedError]) -> None:
    error = error_from(failure(code, {"code": code, "problems": [PROBLEM], "allowed": ["withdraw"]}))
    assert type(error) is kind
    assert isinstance(error, RefusedError)
    assert error.refusal.problems[0].message.vi == "thiếu giấy tờ"
    assert error.refusal.allowed == ("withdraw",)
    assert "papers.mandate: missing" in str(error)


def test_no_code_of_the_contract_is_left_out() -> None:
    for code in contract.RefusalCode:
        assert isinstance(error_from(failure(code)), RefusedError)


def test_what_is_no_refusal_has_a_code_of_its_own() -> None:
    codes = {motcua.FilingClosed.code, motcua.FilingNotAvailable.code}
    assert codes == {"filing_closed", "filing_not_available"}
    assert codes.isdisjoint(contract.RefusalCode)


def rpc(status: RPCStatusCode) -> RPCError:
    return RPCError("why", status, b"")


@pytest.mark.parametrize(
    "passing",
    [
        rpc(RPCStatusCode.UNAVAILABLE),
        rpc(RPCStatusCode.FAILED_PRECONDITION),
        WorkflowUpdateRPCTimeoutOrCancelledError(),
        RuntimeError("Failed client connect: refused"),
    ],
)
async def test_what_passes_is_tried_again(passing: Exception) -> None:
    left = [passing, passing]

    async def attempt(_: timedelta) -> str:
        if left:
            raise left.pop()
        return "done"

    assert await patiently(attempt, 10) == "done"


@pytest.mark.parametrize("final", [rpc(RPCStatusCode.PERMISSION_DENIED), rpc(RPCStatusCode.NOT_FOUND)])
async def test_what_does_not_pass_is_told_at_once(final: Exception) -> None:
    calls = 0

    async def attempt(_: timedelta) -> None:
        nonlocal calls
        calls += 1
        raise final

    with pytest.raises(MotcuaError, match="why"):
        await patiently(attempt, 10)
    assert calls == 1


async def test_patience_ends() -> None:
    async def attempt(limit: timedelta) -> None:
        await asyncio.sleep(limit.total_seconds() + 60)

    started = time.monotonic()
    with pytest.raises(Unavailable, match="repeating is safe"):
        await patiently(attempt, 0.5)
    assert time.monotonic() - started < 2


async def test_a_server_that_was_never_reached_is_given_up_soon_by_its_address() -> None:
    client = await connect("127.0.0.1:1")

    async def attempt(limit: timedelta) -> None:
        await client.count_workflows("", rpc_timeout=limit)

    started = time.monotonic()
    with pytest.raises(Unavailable, match=r"Temporal can't be reached at 127\.0\.0\.1:1"):
        await patiently(attempt, 60, server=server_of(client), first=0.3)
    assert time.monotonic() - started < 5
    assert FIRST_CONNECT == 3


async def test_a_cancelled_call_stops_although_the_sdk_hides_it() -> None:
    async def attempt(_: timedelta) -> None:
        try:
            await asyncio.sleep(60)
        except asyncio.CancelledError as error:
            raise WorkflowUpdateRPCTimeoutOrCancelledError from error

    call = asyncio.create_task(patiently(attempt, 60))
    await asyncio.sleep(0.05)
    call.cancel()
    with pytest.raises(asyncio.CancelledError):
        await asyncio.wait_for(call, 2)


async def test_what_is_too_long_or_no_number_of_json_is_refused_here() -> None:
    client = await FilingClient.connect("127.0.0.1:1", patience=0.2)
    with pytest.raises(motcua.BadSubmission) as error:
        await client.submit(testing.submission(form={f"f{n}": "x" * 4000 for n in range(17)}))
    assert (error.value.refusal.code, error.value.refusal.problems[0].rule) == ("bad_start", "too_long")
    with pytest.raises(motcua.BadSubmission) as error:
        await client.submit(testing.submission(form={"n": 2**53}))
    assert error.value.refusal.problems[0].rule == "not_canonical_json"
    supplement = next(one for one in COMMANDS if isinstance(one, motcua.Supplement))
    with pytest.raises(BadCommand) as long:
        await client.act("filing:x", supplement.model_copy(update={"form": {f"f{n}": "x" * 4000 for n in range(500)}}))
    assert long.value.refusal.problems[0].rule == "too_long"


async def test_json_leaves_none_out_and_keeps_the_nulls_of_plain_data() -> None:
    made = testing.submission()
    [payload] = await data_converter.encode([made])
    assert b"null" not in payload.data
    assert await data_converter.decode([payload], [motcua.Submission]) == [made]
    [plain] = await data_converter.encode([{"kept": None}])
    assert plain.data == b'{"kept":null}'
    assert await DataConverter.default.decode([payload]) == [made.model_dump(mode="json", exclude_none=True)]


async def test_the_default_result_is_the_same_bytes_each_time() -> None:
    request = testing.issue_request(outcome="refused", reason="thiếu căn cứ")
    first, second = await BackOffice().issue(request), await BackOffice().issue(request)
    assert first == second
    assert isinstance(first, Document)
    assert "không chấp thuận" in first.data.decode()
    assert await BackOffice().check(request.dossier)


def test_the_whole_contract_is_in_the_kit() -> None:
    exported = vars(schemas)["__all__"]
    assert [name for name in exported if getattr(motcua, name) is not getattr(schemas, name)] == []
    assert [name for name in exported if not hasattr(contract, name)] == []


@pytest.mark.parametrize("why", ["AcceptedUpdateCompletedWorkflow", "UnprocessedUpdate", "not_allowed"])
async def test_a_command_that_the_server_gave_up_is_looked_for_and_one_that_was_refused_is_not(
    monkeypatch: pytest.MonkeyPatch, why: str
) -> None:
    async def given_up(*_: Any, **__: Any) -> Any:
        raise WorkflowUpdateFailedError(failure(why))

    handle = SimpleNamespace(execute_update=given_up)
    temporal: Any = SimpleNamespace(
        data_converter=data_converter,
        get_workflow_handle=lambda _: handle,
        service_client=SimpleNamespace(config=SimpleNamespace(target_host="here:7233")),
    )
    client = motcua.FilingClient(temporal, patience=1)
    command = next(one for one in COMMANDS if isinstance(one, motcua.Withdraw))
    receipt = contract.Receipt(
        command_id=command.command_id, digest=contract.content_of(command), seq=3, at=datetime.now(UTC)
    )

    async def recorded(*_: Any) -> Any:
        return receipt

    monkeypatch.setattr(client, "_recorded_before_the_end", recorded)
    filing = contract.filing_id("portal", "1")
    if why == "not_allowed":
        with pytest.raises(motcua.NotAllowed):
            await client.act(filing, command)
    else:
        assert await client.act(filing, command) == receipt


async def test_an_officers_questions_have_a_queue_of_their_own() -> None:
    queues, agency = list[str](), {"agency": "H56.30", "name": {"vi": "a", "en": "a"}, "queue": "backoffice"}

    async def answered(*_: Any, task_queue: str, **__: Any) -> Any:
        queues.append(task_queue)
        return agency

    temporal: Any = SimpleNamespace(
        data_converter=data_converter,
        execute_workflow=answered,
        service_client=SimpleNamespace(config=SimpleNamespace(target_host="here:7233")),
    )
    client = motcua.FilingClient(temporal)
    for role in contract.Role:
        await client.as_(motcua.Actor(subject="a", role=role), motcua.Via(principal="a")).agency("H56.30")
    await client.agency("H56.30")
    expected = [contract.OFFICERS_QUEUE if role in contract.OFFICERS else contract.TASK_QUEUE for role in contract.Role]
    assert queues == [*expected, contract.TASK_QUEUE]


# What may be attached: names, media types, sizes, how many; and what is said of the rest.

FILING: Final = UUID("11111111-1111-4111-8111-111111111111")
OTHER: Final = UUID("22222222-2222-4222-8222-222222222222")


@pytest.fixture(params=["nameless", "named", "memory"])
def backend(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> ObjectStore:
    """A store for each way of writing a file: as an unnamed draft, as a named draft, or in one piece in memory."""
    if request.param == "named":
        monkeypatch.setattr(drafts, "NAMELESS", False)
    return MemoryStore() if request.param == "memory" else LocalStore(tmp_path / "objects", mkdir=True)


def keys(backend: ObjectStore) -> list[str]:
    return sorted(meta["path"] for page in backend.list() for meta in page)


def file(folder: Path, name: str = "Giấy chứng sinh.pdf", data: bytes = b"%PDF-1.7\n") -> Path:
    path = folder / name
    path.write_bytes(data)
    return path


async def refusal(store: Store, path: Path, **options: str) -> FileNotTakenError:
    with pytest.raises(FileNotTakenError) as raised:
        await store.attach(FILING, path, **options)  # type: ignore[arg-type]
    assert path.stem not in str(raised.value), "a file's name is personal"
    return raised.value


async def test_a_file_lies_under_its_filing_and_its_digest_with_its_name(backend: ObjectStore, tmp_path: Path) -> None:
    store, seen = Store(backend), list[int]()
    data = os.urandom(3_000_000)
    found = await store.attach(str(FILING), file(tmp_path, data=data), progress=seen.append)
    assert (found.key, found.size) == (file_key(FILING, found.sha256), len(data))
    assert (found.media_type, found.name) == ("application/pdf", "Giấy chứng sinh.pdf")
    assert await store.get(found) == data
    assert (seen[-1], len(seen), seen) == (len(data), 3, sorted(seen))
    assert await store.attach(FILING, file(tmp_path, data=data)) == found
    assert (await store.attach(OTHER, file(tmp_path, data=data))).key == file_key(OTHER, found.sha256)
    assert keys(backend) == [found.key, file_key(OTHER, found.sha256)]


async def test_a_result_lies_beside_the_papers(backend: ObjectStore) -> None:
    store = Store(backend)
    result = await store.put(FILING, b"ket qua", "text/plain; charset=utf-8")
    assert (result.key, result.name) == (file_key(FILING, result.sha256), None)
    assert await store.put(FILING, b"ket qua", "text/plain; charset=utf-8") == result
    with pytest.raises(FileNotTakenError, match="file_empty"):
        await store.put(FILING, b"", "text/plain")


@pytest.mark.parametrize(
    ("name", "media_type"),
    [
        *((f"x{ending}", kind) for kind, endings in EXTENSIONS.items() for ending in endings),
        ("ẢNH.JPG", "image/jpeg"),
        ("x.docx", None),
        ("pdf", None),
        (".pdf", None),
        ("x.pdf.exe", None),
    ],
)
def test_the_end_of_a_name_says_what_a_file_is(name: str, media_type: str | None) -> None:
    assert media_type_of(name) == media_type


@pytest.mark.parametrize(
    ("name", "data", "rule"),
    [
        ("don.pdf", b"", "file_empty"),
        ("don.pdf", b"x" * (c.LARGEST_FILE + 1), "file_too_large"),
        ("don.docx", b"x", "file_kind_unknown"),
        ("don\u202efdp.pdf", b"x", "file_name_unfit"),
        ("don\n.pdf", b"x", "file_name_unfit"),
    ],
)
async def test_what_can_not_be_attached_is_refused_by_its_rule_and_leaves_nothing(
    backend: ObjectStore, tmp_path: Path, name: str, data: bytes, rule: str
) -> None:
    refused = await refusal(Store(backend), file(tmp_path, name, data))
    assert (refused.problem.field, refused.problem.rule) == ("file", rule)
    assert refused.problem.message.vi != refused.problem.message.en
    assert (keys(backend), list(tmp_path.rglob("*#*"))) == ([], [])


async def test_what_is_said_counts_before_what_a_name_says(backend: ObjectStore, tmp_path: Path) -> None:
    store = Store(backend)
    found = await store.attach(FILING, file(tmp_path, "blob"), media_type="image/png", name="a\u0309nh.png")
    assert (found.media_type, found.name) == ("image/png", "ảnh.png"), "in NFC"
    for name in ("a/b.pdf", "a\\b.pdf", "x" * 200 + ".pdf"):
        assert (await refusal(store, file(tmp_path), name=name)).problem.rule == "file_name_unfit"
    assert (await refusal(store, tmp_path / "absent.pdf")).problem.rule == "file_unreadable"
    assert (await refusal(store, tmp_path)).problem.rule == "file_kind_unknown"
    assert (await refusal(store, tmp_path, name="x.pdf")).problem.rule == "file_unreadable"


async def test_a_filing_has_so_many_files_and_no_more(backend: ObjectStore, tmp_path: Path) -> None:
    store = Store(backend)
    for n in range(c.MOST_FILES):
        last = await store.attach(FILING, file(tmp_path, data=f"{n}".encode()))
    assert await store.attach(FILING, file(tmp_path, data=f"{c.MOST_FILES - 1}".encode())) == last, "it is there"
    assert (await refusal(store, file(tmp_path, data=b"more"))).problem.rule == "too_many_files"
    assert len(keys(backend)) == c.MOST_FILES
    await store.attach(OTHER, file(tmp_path, data=b"more"))
    await store.put(FILING, b"a result has room whatever was handed in", "application/pdf")
    assert len(keys(backend)) == c.MOST_FILES + 2


async def test_all_files_of_a_filing_are_so_large_together_and_no_larger(tmp_path: Path) -> None:
    store = Store(LocalStore(tmp_path / "objects", mkdir=True))
    for n in range(c.LARGEST_FILING // c.LARGEST_FILE):
        await store.attach(FILING, file(tmp_path, data=bytes([n]) * c.LARGEST_FILE))
    assert (await refusal(store, file(tmp_path, data=b"x"))).problem.rule == "files_too_large"


async def test_another_file_in_its_place_is_never_overwritten(backend: ObjectStore, tmp_path: Path) -> None:
    store = Store(backend)
    found = await store.attach(FILING, file(tmp_path))
    backend.put(found.key, b"%PDF-1.8\n")
    with pytest.raises(DamagedFileError, match="another file"):
        await store.attach(FILING, file(tmp_path))
    assert bytes(backend.get(found.key).bytes()) == b"%PDF-1.8\n"


async def test_a_file_that_is_attached_again_is_young_again(tmp_path: Path) -> None:
    store, notice = Store(LocalStore(tmp_path / "objects", mkdir=True)), file(tmp_path)
    kept = tmp_path / "objects" / (await store.attach(FILING, notice)).key
    os.utime(kept, (0, 0))
    await store.attach(FILING, notice)
    assert kept.stat().st_mtime > 0, "it would be swept before it is filed"


async def test_many_at_once_may_be_the_same_file(backend: ObjectStore, tmp_path: Path) -> None:
    store, path = Store(backend), file(tmp_path, data=os.urandom(2_000_000))
    found = await asyncio.gather(*(store.attach(FILING, path) for _ in range(8)))
    assert len(set(found)) == 1
    assert keys(backend) == [found[0].key]
    assert list(tmp_path.rglob("*#*")) == []


@pytest.mark.parametrize(("nameless", "draft"), [(True, ""), (False, "upload")])
async def test_a_folder_is_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, *, nameless: bool, draft: str
) -> None:
    """`fsync` is called on the draft before it gets its name, on the new folders, and on the folder with the name."""
    synced: list[str] = []
    real = os.fsync

    def fsync(descriptor: int) -> None:
        synced.append(Path(f"/proc/self/fd/{descriptor}").readlink().name.partition("#")[0])
        real(descriptor)

    monkeypatch.setattr(os, "fsync", fsync)
    monkeypatch.setattr(drafts, "NAMELESS", nameless)
    store = Store(LocalStore(tmp_path / "objects", mkdir=True))
    found = await store.attach(FILING, file(tmp_path))
    assert synced == ["objects", "files", draft, str(FILING)]
    synced.clear()
    await store.attach(FILING, file(tmp_path))
    assert synced == [draft, found.sha256, str(FILING)], "whoever put it there may not have done so"


async def test_without_an_address_it_says_what_to_set(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(stores.OBJECTS, raising=False)
    with pytest.raises(NoStoreError, match="MOTCUA_OBJECTS"):
        Store.from_environment()


def test_a_program_makes_its_key_and_its_proof_with_the_kit_alone(tmp_path: Path) -> None:
    alone, pem = build({}), tmp_path / "own.pem"
    made = CliRunner().invoke(alone, ["principals", "key", str(pem)])
    proof = CliRunner().invoke(alone, ["principals", "prove", str(pem), "--principal", "portal-1"]).stdout.strip()
    now = datetime.now(UTC)
    key = PrincipalKey(public_key=public_key_of(made.stdout), valid_from=now, valid_until=now + timedelta(days=1))
    assert unproved(proof, key, "portal-1", now) is None
