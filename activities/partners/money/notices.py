"""Makes the notice to a payment of a callback that is stored in the record."""

from collections.abc import Mapping
from typing import Any, Final

from activities.partners.money.provider import Capabilities, Outcome, Verdict
from schemas.ids import StreamId, fee_key, reference_of
from schemas.payment.state import MoneyNotice


def notice_of(row: Mapping[str, Any], can: Capabilities | None) -> MoneyNotice:
    """Returns the notice in a row of `callback` that has a stream. `can`: the abilities of its provider, if known here.

    A notice of a wrong amount is pending if the provider can be queried. Its reference is that of the paid request, or
    of the payment's first request if an old row has none.
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
"""What counts for a provider that is not configured here: nothing can be concluded from its numbers."""
