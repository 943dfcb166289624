"""Reading what a workflow is started with. It comes from anyone: what does not fit is refused, never raised."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Generic, TypeVar
from uuid import UUID

from temporalio import workflow

with workflow.unsafe.imports_passed_through():
    from pydantic import ValidationError

    from activities.intake import Registry
    from activities.ledger.append import LEDGER
    from schemas import ids
    from schemas.errors import NOT_RECORDED, RefusalCode, RefusalError, problem, refused, shape_refusal
    from schemas.filing.commands import Submit
    from schemas.filing.state import FilingStart, SubmitCheck
    from schemas.filing.submission import Submission, content_digest
    from schemas.parcel import ParcelStart
    from schemas.payment import PaymentStart
    from schemas.publishing.procedure import ProcedureRules
    from schemas.stream.restart import Restart, RestartStart
    from schemas.stream.snapshots import FilingCarried, ParcelCarried, PaymentCarried

from workflows.stream.recording import Rules, S, Stream, failure

C = TypeVar("C", FilingCarried, PaymentCarried, ParcelCarried)
T = TypeVar("T", PaymentStart, ParcelStart)


@dataclass(frozen=True)
class Filed:
    """A submission, and the digest of what came."""

    submission: Submission
    content: str


@dataclass(frozen=True)
class Again(Generic[C]):
    """To go on with what was `carried` over from the run before, or else with what the log holds."""

    epoch: int | None
    carried: C | None


def again(raw: Any, model: type[C]) -> Again[C] | None:
    """How this workflow is to go on, or None if it begins. Raises `RefusalError`."""
    if not isinstance(raw, dict) or "restart" not in raw:
        return None
    try:
        epoch = RestartStart.model_validate(raw).restart.epoch
    except ValidationError as error:
        raise shape_refusal(RefusalCode.BAD_START, error) from None
    return Again(epoch, _believed(raw.get("carried"), model))


def going_on(stream: Stream[Any], carried: C) -> dict[str, Any]:
    """What the next run is started with; see `again`."""
    return {"restart": Restart(epoch=stream.epoch), "carried": carried}


def started(model: type[T], raw: Any, name: Callable[..., str]) -> T:
    """What this payment or parcel is asked for with; what does not fit ends the workflow as failed.

    `name` gives the workflow id of a filing's n-th one.
    """
    try:
        start = model.model_validate(raw)
        expect_id(name(start.filing_id, start.n))
    except ValidationError as error:
        raise failure(shape_refusal(RefusalCode.BAD_START, error).refusal) from None
    except RefusalError as no:
        raise failure(no.refusal) from None
    return start


async def adopted(rules: Rules[S], epoch: int | None, name: Callable[..., str], fresh: Callable[..., S]) -> Stream[S]:
    """The stream of this payment or parcel, as the log holds it; if the log holds none, the workflow fails.

    `name` gives the stream of a filing's n-th one, `fresh` its state before all events.
    """
    stream = workflow.info().workflow_id
    try:
        filing, n = _parts(stream)
    except RefusalError as no:
        raise failure(no.refusal) from None
    agency = await workflow.execute_local_activity_method(Registry.agency, stream, **LEDGER)
    if agency is None or stream != name(filing, n):
        raise failure(NOT_RECORDED)
    log = Stream(stream, filing, agency, fresh(filing_id=filing, n=n, agency=agency), rules, epoch=epoch)
    await log.catch_up()
    return log


def expect_id(expected: str) -> None:
    """Raise `RefusalError` if this workflow runs under another id than what it is started with."""
    if workflow.info().workflow_id != expected:
        raise refused(
            RefusalCode.BAD_START,
            problem(
                "workflow_id",
                "id_does_not_match",
                f"mã quy trình phải là {expected}",
                f"the workflow id of what this starts is {expected}",
            ),
        )


def filing_named() -> UUID:
    """The filing that this workflow's id names. Raises `RefusalError`."""
    stream = workflow.info().workflow_id
    filing, _ = _parts(stream)
    if stream != ids.filing_workflow(filing):
        raise RefusalError(NOT_RECORDED)
    return filing


def _parts(stream: str) -> tuple[UUID, int]:
    try:
        return ids.parts(stream)
    except ValueError:
        raise RefusalError(NOT_RECORDED) from None


def parse_start(raw: Any) -> Filed | Again[FilingCarried]:
    """The submission, or how to go on. Raises `RefusalError`."""
    if (restart := again(raw, FilingCarried)) is not None:
        return restart
    try:
        start = FilingStart.model_validate(raw)
        content = content_digest(start.submission)
        submission = Submission.model_validate(start.submission)
    except ValidationError as error:
        raise shape_refusal(RefusalCode.BAD_START, error) from None
    expect_id(ids.filing_workflow(ids.filing_id(submission.client_id, submission.submission_id)))
    return Filed(submission, content)


def _believed(carried: Any, model: type[C]) -> C | None:
    """What the run before handed over; anybody else's may be made up.

    What can't be read here is an error, and the task is tried again until a worker can: which way a run goes must not
    depend on the version of the code that replays it.
    """
    if carried is None or not _continued_by_itself():
        return None
    found = model.model_validate(carried)
    if found.state.snapshot_version > type(found.state).model_fields["snapshot_version"].default:
        msg = "a newer worker has written this snapshot"
        raise RuntimeError(msg)
    return found


def _continued_by_itself() -> bool:
    """Whether this run goes on where another left off. A retry or a schedule follows one too, with the first input."""
    info = workflow.info()
    return info.continued_run_id is not None and info.attempt == 1 and info.cron_schedule is None


def content_named(check: Any) -> str | None:
    """The digest that a caller of `submit` names, if it names one. Raises `RefusalError`."""
    try:
        return SubmitCheck.model_validate(check or {}).content
    except ValidationError as error:
        raise shape_refusal(RefusalCode.BAD_COMMAND, error) from None


def submit_command(submission: Submission, procedure: ProcedureRules) -> Submit:
    """The submission as the filing's first command."""
    return Submit(
        actor=submission.actor,
        via=submission.via,
        submission=submission,
        procedure=procedure,
        agency=submission.agency,
    )


def unknown(submission: Submission, *, procedure_known: bool) -> RefusalError:
    """The refusal of a submission that names a procedure, version or agency that there is not."""
    if procedure_known:
        where, vi, en = "agency", "cơ quan", "agency"
    else:
        where = "version" if submission.version else "procedure"
        vi, en = "thủ tục hoặc phiên bản", "published procedure or version"
    return refused(
        RefusalCode.BAD_SUBMISSION,
        problem(where, f"unknown_{where}", f"không có {vi} này; kiểm tra lại mã", f"there is no such {en}; check it"),
    )
