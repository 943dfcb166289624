"""Facts that payments and parcels report by signal, as commands of the filing."""

from __future__ import annotations

from typing import Any

from temporalio import workflow

with workflow.unsafe.imports_passed_through():
    from activities.intake import News
    from schemas.filing.commands import Command, SettleFee, SettleParcel
    from schemas.filing.events import FeeSettlement, ParcelOutcome
    from schemas.filing.state import FeeFact, ParcelFact


def fee_command(raw: Any) -> SettleFee:
    """How a payment ended. Raises `ValueError` for anything else."""
    fact = FeeFact.model_validate(raw)
    settlement = FeeSettlement(fact.settlement)
    return SettleFee(command_id=f"fee:{fact.n}:{settlement}", n=fact.n, settlement=settlement, amount=fact.amount)


def parcel_command(raw: Any) -> SettleParcel:
    """How a parcel ended. Raises `ValueError` for anything else."""
    fact = ParcelFact.model_validate(raw)
    outcome = ParcelOutcome(fact.outcome)
    return SettleParcel(command_id=f"parcel:{fact.n}:{outcome}", n=fact.n, outcome=outcome)


def recorded_fact(news: News) -> Command | None:
    """What a payment or a parcel has recorded of its end, as the command that its signal would have been."""
    match news.body | {"kind": news.kind}:
        case {"kind": "payment_captured", "owed": True, "amount": amount}:
            return fee_command({"n": news.n, "settlement": FeeSettlement.PAID, "amount": amount})
        case {"kind": "payment_expired"}:
            return fee_command({"n": news.n, "settlement": FeeSettlement.EXPIRED})
        case {"kind": "consignment_ended", "outcome": outcome}:
            return parcel_command({"n": news.n, "outcome": outcome})
        case _:
            return None
