"""The record's answers for whoever has only Temporal: a question in, an answer out."""

from __future__ import annotations

from collections.abc import Callable, Coroutine, Mapping
from datetime import timedelta
from typing import Any, Final

from pydantic import BaseModel
from pydantic_core import to_jsonable_python
from temporalio import activity
from temporalio.common import RetryPolicy
from temporalio.workflow import ActivityConfig, LocalActivityConfig

from activities.ledger.database import ACQUIRE_SECONDS, Pool, mask_database_errors
from activities.ledger.vault import Vault
from rules.streams import Kinds
from schemas import reading as rd
from schemas.errors import RefusalError
from views import applicant, complaint, officer, operator, public, team_lead
from views.log import Log, Published
from views.papers import papers
from views.timeline import timeline
from views.watching import Watch

ANSWER: Final = LocalActivityConfig(
    start_to_close_timeout=timedelta(seconds=5),
    schedule_to_close_timeout=timedelta(seconds=20),
    retry_policy=RetryPolicy(initial_interval=timedelta(milliseconds=100), maximum_interval=timedelta(seconds=2)),
)
WAITING_QUEUE: Final = "motcua.waiting"
"""The queue of those who wait for changes: they must not take the places of those who work."""

CHANGES: Final = ActivityConfig(
    task_queue=WAITING_QUEUE,
    start_to_close_timeout=timedelta(seconds=rd.LONGEST_WAIT + 5),
    schedule_to_close_timeout=timedelta(seconds=2 * rd.LONGEST_WAIT),
)


class Views:
    """Answers questions from the record."""

    def __init__(self, pool: Pool, vault: Vault, kinds: Kinds) -> None:
        self._pool = pool
        self._vault = vault
        self._kinds = kinds
        self._watch = Watch(pool)
        self._published = Published()

    @activity.defn(name="view.answer")
    async def answer(self, question: rd.AnyQuestion) -> rd.Answer:
        """The answer as the record has it now."""
        ask = _ANSWERS[type(question)]
        with mask_database_errors():
            async with (
                self._pool.acquire(timeout=ACQUIRE_SECONDS) as connection,
                connection.transaction(isolation="repeatable_read", readonly=True),
            ):
                try:
                    log = Log(connection, self._vault.find, self._kinds, self._published)
                    found = await ask(log, question, self._vault)
                except RefusalError as error:
                    return rd.Answer(refusal=_plain(error.refusal))
        return rd.Answer(answer=_plain(found))

    @activity.defn(name="view.changes")
    async def changes(self, question: rd.AskChanges) -> rd.Answer:
        """The answer once there is one, or once it has been waited for long enough."""
        with mask_database_errors():
            await self._watch.beyond(question.stream, question.after, question.wait)
        return await self.answer(question)


def _plain(found: Any) -> Any:
    if isinstance(found, BaseModel):
        return found.model_dump(mode="json", exclude_none=True)
    return to_jsonable_python(found, exclude_none=True)


Ask = Callable[[Log, Any, Vault], Coroutine[Any, Any, Any]]

_ANSWERS: Final[Mapping[type[Any], Ask]] = {
    rd.AskFiling: lambda log, asked, _: applicant.filing(log, asked.stream),
    rd.AskClocks: lambda log, asked, _: applicant.clocks(log, asked.stream),
    rd.AskResult: lambda log, asked, _: applicant.result(log, asked.stream),
    rd.AskDelivery: lambda log, asked, _: applicant.delivery(log, asked.stream),
    rd.AskLinkedResult: lambda log, asked, _: applicant.linked_result(log, asked.stream, asked.link),
    rd.AskParked: lambda log, asked, _: operator.parked(log, asked.stream),
    rd.AskPayment: lambda log, asked, _: applicant.payment(log, asked.stream),
    rd.AskParcel: lambda log, asked, _: applicant.parcel(log, asked.stream),
    rd.AskReferral: lambda log, asked, _: applicant.referral(log, asked.stream),
    rd.AskComplaints: lambda log, asked, _: complaint.of_filing(log, asked.stream),
    rd.AskPapers: lambda log, asked, _: papers(log, asked.stream),
    rd.AskReceipt: lambda log, asked, _: applicant.receipt(log, asked.stream, asked.command_id),
    rd.AskActions: lambda log, asked, _: officer.actions(log, asked.stream, asked.actor),
    rd.AskTimeline: lambda log, asked, _: timeline(log, asked.stream, asked.audience),
    rd.AskChanges: lambda log, asked, _: applicant.changes(log, asked.stream, asked.after),
    rd.AskFilings: lambda log, asked, _: applicant.filings_of_client(log, asked),
    rd.AskPersonsFilings: lambda log, asked, vault: applicant.filings_of_person(
        log, vault.person(asked.id_number), asked.after, asked.limit
    ),
    rd.AskTasks: lambda log, asked, _: officer.tasks(log, asked),
    rd.AskCounts: lambda log, asked, _: public.counts(log, asked.agency),
    rd.AskAgency: lambda log, asked, _: public.agency(log, asked.agency),
    rd.AskAbsences: lambda log, asked, _: team_lead.absences(log, asked.agency),
}
