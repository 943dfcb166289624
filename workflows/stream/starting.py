"""Parses a workflow's start input. Anybody may send one: a malformed input is refused."""

from dataclasses import dataclass
from typing import Any

from temporalio import workflow

with workflow.unsafe.imports_passed_through():
    from pydantic import ValidationError

    from rules.stream_kind import StreamKind
    from schemas.errors import NOT_RECORDED, RefusalCode, RefusalError, problem, refused, shape_refusal
    from schemas.ids import StreamId
    from schemas.stream.restart import PROVE, Restart, RestartStart
    from schemas.stream.snapshots import Snapshot

from workflows.stream.recording import Stream


@dataclass(frozen=True)
class Resume:
    """The data from which a run resumes: the previous run's snapshot, or the log if `snapshot` is None."""

    epoch: int | None
    snapshot: Snapshot | None

    @property
    def missed(self) -> bool:
        """Whether the previous run has dropped signals without reading the record since."""
        return self.snapshot is not None and self.snapshot.missed is True


def parse_resume(raw: Any) -> Resume | None:
    """Returns the data from which this run resumes; None if the stream is to begin. Raises `RefusalError`."""
    if not isinstance(raw, dict) or "restart" not in raw:
        return None
    try:
        epoch = RestartStart.model_validate(raw).restart.epoch
    except ValidationError as error:
        raise shape_refusal(RefusalCode.BAD_START, error) from None
    return Resume(epoch, load_snapshot(raw.get("snapshot"), raw.get("proof")))


def continue_as_new_input(stream: Stream[Any], snapshot: Snapshot | None) -> dict[str, Any]:
    """Returns the next run's input, for `parse_resume`."""
    restart = Restart(epoch=stream.epoch)
    if snapshot is None:
        return {"restart": restart}
    given = {"restart": restart, "snapshot": snapshot}
    proof = _proof(workflow.info().run_id)
    return given if proof is None else given | {"proof": proof}


def load_snapshot(raw: Any, proof: Any) -> Snapshot | None:
    """Returns the previous run's snapshot; None if there is none, or if it is forged, so that the log has to be read.

    A snapshot that can't be read is an error, and the task is retried until a worker can read it: a run must not take
    another course because of the version of the code that replays it.
    """
    if raw is None or not continued_by_itself():
        return None
    proved = _proof(workflow.info().continued_run_id) in (None, proof)
    return Snapshot.model_validate(raw) if proved else None


def _proof(run: str | None) -> str | None:
    """Returns the proof that this run id belongs to the platform; None if the platform does not require identity.

    Without the proof anybody could start a run with a forged state under this workflow's id.
    """
    prove = workflow.extern_functions().get(PROVE)
    return None if prove is None else str(prove(workflow.info().workflow_id, run))


def load_state(kind: StreamKind[Any], snapshot: Snapshot) -> Any:
    """Returns the state in a snapshot. Raises an error if a newer worker has written the snapshot."""
    state = kind.state.model_validate(snapshot.state)
    if state.snapshot_version > kind.reads.snapshot:
        raise RuntimeError("a newer worker has written this snapshot")
    return state.model_copy(update={"snapshot_version": kind.reads.snapshot})


def continued_by_itself() -> bool:
    """Returns whether this run continues another one. A retried or scheduled run, with its original input, does not."""
    info = workflow.info()
    return info.continued_run_id is not None and info.attempt == 1 and info.cron_schedule is None


def parse_start(kind: StreamKind[Any], raw: Any) -> Any:
    """Parses the start input of this kind of stream. Raises `RefusalError`."""
    if kind.start is None:
        raise RefusalError(NOT_RECORDED)
    try:
        start: Any = kind.start.model_validate(raw)
    except ValidationError as error:
        raise shape_refusal(RefusalCode.BAD_START, error) from None
    expect_id(StreamId(kind.name, start.filing_id, start.n))
    return start


def expect_id(expected: StreamId) -> None:
    """Raises `RefusalError` if this workflow's id does not match its input."""
    if workflow.info().workflow_id != str(expected):
        raise refused(RefusalCode.BAD_START, problem("workflow_id", "id_does_not_match", expected=expected))


def stream_named(kind: StreamKind[Any]) -> StreamId:
    """Returns the stream of this kind that this workflow's id names. Raises `RefusalError`."""
    try:
        stream = StreamId.parse(workflow.info().workflow_id)
    except ValueError:
        raise RefusalError(NOT_RECORDED) from None
    if stream.kind != kind.name:
        raise RefusalError(NOT_RECORDED)
    return stream
