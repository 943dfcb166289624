"""Activities that call the post about a parcel. Every call carries the business key of the consignment."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Final

from temporalio import activity
from temporalio.exceptions import ApplicationError
from temporalio.workflow import ActivityConfig

from activities.ledger.database import Pool, acquired
from activities.ledger.stream_status import calendar_of
from activities.partners import postal as wire
from activities.partners.http import RejectedError, UnreachableError
from activities.partners.instructions import Instruction, Instructions, NotOrderedError, Read
from activities.partners.polling import no_answer, nothing_new, soon
from activities.support.failpoint import failpoint
from rules.evidence import Finding
from rules.parcel.evidence import tracked
from rules.parcel.fold import collected, news
from rules.payment.late_money import next_daily_look
from rules.require import require
from rules.streams import PARCEL
from rules.time import working_time
from schemas.base import Instant, Model
from schemas.filing.events import ParcelOutcome
from schemas.limit import Limit, Unit
from schemas.parcel.state import Meaning, Parcel, ParcelState, Step

POST: Final = ActivityConfig(start_to_close_timeout=timedelta(seconds=6))
"""The options of a call to the post: at most 5 s, retried until the post answers."""

BETWEEN_INVITATIONS: Final = Limit(amount=2, unit=Unit.WORKING_DAYS)
"""After an invitation the post must try to deliver again within this time (Circular 17/2017 art. 5 cl. 2)."""


class Handed(Model):
    """The waybill of a parcel that the post has accepted; or the code by which the post refuses the parcel."""

    waybill: str | None = None
    refused: str | None = None


class News(Model):
    """New tracking steps, or the end of the watch for them.

    `again_by` is the deadline of the post's next delivery attempt; `watched_until` is the end of the watch. Each is
    None if there is none.
    """

    steps: tuple[Step, ...] = ()
    again_by: Instant | None = None
    watched_until: Instant | None = None


class Parcels:
    """Hands parcels to the post, cancels them, and queries their tracking steps."""

    def __init__(self, post: wire.Post, pool: Pool, instructions: Instructions) -> None:
        self._post = post
        self._pool = pool
        self._instructions = instructions

    @activity.defn(name="parcel.send")
    async def send(self, given: Instruction) -> Handed:
        """Hands the parcel to the post, at most once, and returns the waybill. Raises `NotOrderedError`."""
        parcel: Parcel = (await self._instructions.read(given, PARCEL)).state
        if parcel.state is not ParcelState.REQUESTED:
            raise NotOrderedError(given)
        address = require(parcel.address)
        order = wire.Order(
            key=given.stream, agency=parcel.agency, address=address, contents=parcel.contents, cod=parcel.cod
        )
        try:
            waybill = await self._there(given.stream) or await self._post.send(order)
        except RejectedError as error:
            returned = Finding("consignment_ended", {"outcome": ParcelOutcome.RETURNED, "said": error.code})
            await self._instructions.findings.keep(given.stream, returned)
            return Handed(refused=error.code)
        failpoint("parcel.sent")
        await self._instructions.findings.keep(given.stream, Finding("consignment_sent", {"waybill": waybill}))
        return Handed(waybill=waybill)

    @activity.defn(name="parcel.news")
    async def news(self, given: Instruction) -> News:
        """Returns new tracking steps, or the end of the watch for late steps, which are queried daily."""
        read = await self._instructions.read(given, PARCEL)
        parcel, began = read.state, activity.info().started_time
        until = parcel.watched_until
        if not parcel.under_way and until is None:
            raise NotOrderedError(given)
        over = until is not None and began >= until
        try:
            said = (await self._post.get(given.stream)).steps
        except (UnreachableError, RejectedError) as error:
            raise (error if over else no_answer(error, _wait(parcel, began))) from None
        steps = news(read.seen.state, read.seen.heard, said)
        if steps:
            return await self._news(read, steps)
        if until is None or not over:
            raise nothing_new(_wait(parcel, began))
        await self._instructions.findings.keep(given.stream, Finding("consignment_watch_ended", {"until": until}))
        return News(watched_until=until)

    async def _news(self, read: Read, steps: Sequence[Step]) -> News:
        """Returns these tracking steps as `News`, each with the sum that was collected on delivery."""
        stream, digest = str(read.id), require(read.key).digest
        steps = tuple(step.model_copy(update={"collected": collected(read.state, step)}) for step in steps)
        again_by = await self._again_by(stream, steps)
        await self._instructions.findings.keep(stream, *(tracked(step, again_by, digest) for step in steps))
        return News(steps=steps, again_by=again_by)

    @activity.defn(name="parcel.cancel")
    async def cancel(self, given: Instruction) -> bool:
        """Cancels the shipment. Returns False if the parcel has left already. Raises `NotOrderedError`."""
        parcel: Parcel = (await self._instructions.read(given, PARCEL)).state
        if not (parcel.recalled and parcel.under_way) or parcel.left:
            raise NotOrderedError(given)
        cancelled = await self._post.cancel(given.stream)
        failpoint("parcel.cancelled")
        end = Finding("consignment_ended", {"outcome": ParcelOutcome.CANCELLED})
        await self._instructions.findings.keep(given.stream, end if cancelled else Finding("consignment_left"))
        return cancelled

    async def _there(self, key: str) -> str | None:
        """Returns the waybill of an earlier shipment whose answer was lost; None if there was no such shipment."""
        try:
            return (await self._post.get(key)).waybill
        except RejectedError:
            return None

    async def _again_by(self, stream: str, steps: Sequence[Step]) -> datetime | None:
        """Returns the deadline of the next delivery attempt; None without an invitation or after the calendar's end."""
        invited = [step.at for step in steps if step.meaning is Meaning.INVITED]
        if not invited:
            return None
        async with acquired(self._pool) as connection:
            calendar = await calendar_of(connection, stream)
        if calendar is None:
            raise ApplicationError("rebuild the read models: motcua ledger rebuild", type="no_calendar")
        try:
            return working_time.due(invited[-1], BETWEEN_INVITATIONS, calendar)
        except working_time.TimeError:
            return None


def _wait(parcel: Parcel, now: datetime) -> timedelta:
    if parcel.ended_at is None or parcel.watched_until is None:
        return soon()
    return next_daily_look(parcel.ended_at, parcel.watched_until, now) - now
