"""The post's part in a parcel. Every call carries the key by which the post knows the consignment."""

from __future__ import annotations

from datetime import timedelta
from typing import Final

from temporalio import activity
from temporalio.exceptions import ApplicationError
from temporalio.workflow import ActivityConfig

from activities.partners import postal as wire
from activities.partners.polling import nothing_new, soon
from schemas.base import Model
from schemas.filing.events import ParcelOutcome
from schemas.people import Address

POST: Final = ActivityConfig(start_to_close_timeout=timedelta(seconds=6))
"""Calls to the post, of at most 5 s each, are repeated until it answers."""


class SendRequest(Model):
    """Bring something to an address."""

    key: str
    address: Address
    contents: str


class Parcels:
    """The post, as parcels use it."""

    def __init__(self, post: wire.Post) -> None:
        self._post = post

    @activity.defn(name="parcel.send")
    async def send(self, request: SendRequest) -> str:
        """Hand it to the post, or find it handed over: the waybill. `not_taken`, never retried: the post refuses."""
        address = request.address
        recipient = wire.Recipient(
            name=address.recipient, phone=address.phone, address=address.address, postcode=address.postcode
        )
        try:
            return (await self._post.send(request.key, recipient, request.contents)).waybill
        except wire.RejectedError as error:
            raise ApplicationError(str(error), type="not_taken", non_retryable=True) from None

    @activity.defn(name="parcel.end")
    async def end(self, key: str) -> ParcelOutcome:
        """How the consignment ended, once it has."""
        status = (await self._post.get(key)).status
        if status not in set(ParcelOutcome):
            raise nothing_new(soon())
        return ParcelOutcome(status)
