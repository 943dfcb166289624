"""Facts that other streams of a filing report by signal, as its commands."""

from __future__ import annotations

from typing import Any, TypeVar

from temporalio import workflow

with workflow.unsafe.imports_passed_through():
    from pydantic_core import to_json

    from activities.intake import News
    from schemas.base import Model
    from schemas.complaint.state import ComplaintFact
    from schemas.filing.commands import (
        AskFeeAgain,
        Command,
        ReportOverduePart,
        SettleComplaint,
        SettleFee,
        SettleParcel,
        SettlePart,
        SettleResult,
    )
    from schemas.filing.events import FeeSettlement, Outcome, ParcelOutcome
    from schemas.filing.state import ChargeBackFact, FeeFact, OverduePartFact, ParcelFact, PartFact
    from schemas.ids import of_obligation
    from schemas.refund.state import CAPTURES
    from schemas.result.state import ResultFact

M = TypeVar("M", bound=Model)


def fee_command(raw: Any) -> SettleFee:
    """How a payment ended. Raises `ValueError` for anything else."""
    fact = _read(FeeFact, raw)
    settlement = FeeSettlement(fact.settlement)
    return SettleFee(
        command_id=f"fee:{fact.n}:{settlement}", settlement=settlement, **fact.model_dump(exclude={"settlement"})
    )


def charge_back_command(raw: Any) -> AskFeeAgain:
    """That a fee is asked for again. Raises `ValueError` for anything else."""
    fact = _read(ChargeBackFact, raw)
    said = fact.model_dump(exclude={"again"})
    return AskFeeAgain(command_id=f"fee:{fact.fee}:again:{fact.n}:{fact.again}", **said)


def parcel_command(raw: Any) -> SettleParcel:
    """How a parcel ended. Raises `ValueError` for anything else."""
    fact = _read(ParcelFact, raw)
    outcome = ParcelOutcome(fact.outcome)
    return SettleParcel(command_id=f"parcel:{fact.n}:{outcome}", n=fact.n, outcome=outcome, fee=fact.fee)


def overdue_part_command(raw: Any) -> ReportOverduePart:
    """That a part was not decided in time. Raises `ValueError` for anything else."""
    fact = _read(OverduePartFact, raw)
    return ReportOverduePart(command_id=f"part:{fact.n}:overdue", n=fact.n)


def part_command(raw: Any) -> SettlePart:
    """How a part was decided. Raises `ValueError` for anything else."""
    fact = _read(PartFact, raw)
    outcome = Outcome(fact.outcome)
    return SettlePart(
        command_id=f"part:{fact.n}:answered", n=fact.n, outcome=outcome, officer=fact.officer, result=fact.result
    )


def result_command(raw: Any) -> SettleResult:
    """That a result is signed. Raises `ValueError` for anything else."""
    fact = _read(ResultFact, raw)
    return SettleResult(command_id=f"result:{fact.n}", **dict(fact))


def complaint_command(raw: Any) -> SettleComplaint:
    """How an upheld complaint is to be made good. Raises `ValueError` for anything else."""
    fact = _read(ComplaintFact, raw)
    return SettleComplaint(command_id=f"complaint:{fact.n}", **fact.model_dump())


def recorded_fact(news: News) -> Command | None:  # noqa: PLR0911 -- one line for each
    """What another stream of the filing has recorded, as the command that its signal would have been."""
    match news.body | {"kind": news.kind}:
        case {"kind": "payment_captured", "owed": True, "amount": amount} as said:
            return fee_command({"n": news.n, "settlement": FeeSettlement.PAID, "amount": said.get("asked", amount)})
        case {"kind": "payment_accepted", "amount": amount, "forgone": forgone}:
            return fee_command({"n": news.n, "settlement": FeeSettlement.PAID, "amount": amount, "forgone": forgone})
        case {"kind": "payment_expired"} if not of_obligation(news.n):
            return fee_command({"n": news.n, "settlement": FeeSettlement.EXPIRED})
        case {"kind": "charge_back_answered", "again": int(again), "amount": amount}:
            fact = {"n": news.n, "fee": news.n // CAPTURES, "amount": amount, "again": again}
            return charge_back_command(fact)
        case {"kind": "consignment_ended", "outcome": outcome} as said:
            return parcel_command({"n": news.n, "outcome": outcome, "fee": said.get("fee")})
        case {"kind": "referral_overdue"}:
            return overdue_part_command({"n": news.n})
        case {"kind": "referral_answered"} as said:
            return part_command(said | {"n": news.n})
        case {"kind": "result_released"} as said:
            return result_command(said | {"n": news.n})
        case {"kind": "complaint_answered", "outcome": "upheld"}:
            return complaint_command({"n": news.n} | news.body)
        case _:
            return None


def _read(model: type[M], raw: Any) -> M:
    """Raises `ValueError`, also for a text that no jsonb holds: the append that asks for it would be tried for ever."""
    if rb"\u0000" in to_json(raw):
        msg = "there is a NUL in it"
        raise ValueError(msg)
    return model.model_validate(raw)
