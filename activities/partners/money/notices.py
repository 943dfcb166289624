"""Converts a callback stored in the record to the notice that its payment gets."""

from collections.abc import Mapping
from typing import Any, Final

from activities.partners.money.provider import Capabilities, Outcome, Verdict
from schemas.ids import StreamId, fee_key, reference_of
from schemas.payment.state import MoneyNotice


def notice_of(row: Mapping[str, Any], can: Capabilities | None) -> MoneyNotice:
    """Returns the notice from a row of `callback` that has a stream. `can`: the provider's capabilities, if known.

    A notice of a wrong amount is pending if the provider can be queried. The notice has the reference of the paid
    request; for an old row without that reference, the one of the payment's first request.
    """
    about, said, able = StreamId.parse(row["stream"]), Outcome(row["outcome"]), can or _UNKNOWN
    back = said is Outcome.REVERSED
    disputed = row["verdict"] == Verdict.WRONG_AMOUNT and not back
    return MoneyNotice(
        reference=row["demanded"] or reference_of(fee_key(about.filing, about.n)),
        transaction=row["transaction"],
        amount=row["amount"],
        outcome=(Outcome.PENDING if disputed and able.query else said).value,
        at=row["at"],
        by_number=True if back and not able.own_numbers else None,
        confirms=True if said is Outcome.PAID and able.confirms else None,
    )


_UNKNOWN: Final = Capabilities(push=False, query=False, cancel=False, refund=False, own_numbers=True)
"""The capabilities assumed for a provider not configured here: nothing is concluded from its transaction numbers."""
