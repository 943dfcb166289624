"""What a run hands to the next of the same workflow, when its history has become long.

It is believed only by a run that really continues another: any other takes what it needs from the log. Fields are only
added, with a default that means what was before; `snapshot_version` of a state rises with a field that a worker of
before must not lose.
"""

from __future__ import annotations

from ..base import Instant, Model
from ..filing.state import Filing, Parked
from ..parcel import Parcel
from ..payment import Payment
from .ledger import Receipt


class FilingCarried(Model):
    """A filing on its way to the next run. `checked`: the back office has been asked and has answered."""

    state: Filing
    receipts: tuple[Receipt, ...]
    queue: str
    parked: tuple[Parked, ...] = ()
    checked: bool = False


class PaymentCarried(Model):
    """A payment on its way to the next run. `cancel` was heard and is not recorded; `watch_until` once all is told."""

    state: Payment
    receipts: tuple[Receipt, ...]
    cancel: str | None = None
    pay_url: str | None = None
    watch_until: Instant | None = None


class ParcelCarried(Model):
    """A parcel on its way to the next run."""

    state: Parcel
    receipts: tuple[Receipt, ...]
