"""A started payment over an in-memory log."""

from __future__ import annotations

from datetime import timedelta
from typing import Final

from rules.streams import PAYMENT
from schemas.payment.state import Through
from tests.unit.stream.shell import FILING, NOW, Engine
from workflows.payment.workflow import PaymentLife

START: Final = {
    "filing_id": str(FILING),
    "n": 1,
    "agency": "H01.30",
    "amount": 16000,
    "description": "H01.30-1",
    "limit": "5 working days",
    "since": NOW.isoformat(),
    "calendar": "vn@2026.1",
    "due": (NOW + timedelta(days=7)).isoformat(),
}


async def begun(engine: Engine) -> PaymentLife:
    engine.answers["merchant"] = Through(provider="bank")
    engine.run.workflow_id = f"payment:{FILING}:1"
    life = PaymentLife(PAYMENT, START)
    await life._begin()
    return life
