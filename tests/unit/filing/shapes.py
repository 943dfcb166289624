"""Procedures of every shape that a filing can have."""

from __future__ import annotations

from typing import Any, Final

from tests.unit.filing.lives import (
    APPRAISE,
    CONSULT,
    DECIDE,
    DRAFT,
    ESCALATE,
    EXTENSION,
    INSPECT,
    PARTS,
    TAX,
    VERIFY,
    fee,
    limited,
)

SILENT: Final = {"silent_basis": "NĐ 1/2026", "silent_officer": "leader-2"}
CASES: Final = {"cases": [{"code": "verified", "processing": "30 working days"}]}
HALF: Final = {"waivers": [{"code": "student", "percent": 50, "approver": "cashier"}]}
INSTANT: Final = {"standing_order": "01/QĐ-UBND", "standing_officer": "leader-1"}
SHAPES: Final[tuple[dict[str, Any], ...]] = (
    {},
    INSTANT,
    INSTANT | {"fee": fee()},
    {"fee": fee()},
    {"fee": fee(channels=("counter",))},
    {"fee": fee("result"), "supplement_rounds": 2},
    {"fee": fee("result", ("counter",)), "review": [VERIFY, APPRAISE, DECIDE]},
    {"review": [VERIFY, APPRAISE | {"role": "clerk"}, DECIDE], "supplement_rounds": 0},
    {"level": 1, "result_channels": ["counter", "post"], "fee": fee(channels=("counter",))},
    {"level": 2, "result_channels": ["counter", "post"]},
    {"level": 3, "result_channels": ["counter", "post"], "fee": fee(channels=("counter",)), "supplement_rounds": 2},
    {"papers": [], "supplement_rounds": 2, "fee": fee()},
    {"fee": fee("submission") | HALF, "supplement_rounds": 2},
    {
        "fee": fee() | {"waivers": [{"code": "poor", "percent": 100, "approver": "leader"}]},
        "review": [VERIFY, APPRAISE, DECIDE],
    },
    {"review": [INSPECT, CONSULT, APPRAISE, DECIDE], **EXTENSION, **SILENT},
    {"review": [ESCALATE, TAX, APPRAISE, DECIDE], **EXTENSION, **CASES},
    {"review": [VERIFY, DRAFT, APPRAISE, DECIDE], **EXTENSION, **SILENT},
    {"review": [PARTS, APPRAISE, DECIDE], **EXTENSION},
    {
        "review": [VERIFY, PARTS, APPRAISE, DECIDE],
        "level": 2,
        "result_channels": ["counter", "post"],
        "fee": fee("result", ("counter",)),
    },
    {
        "review": [TAX, APPRAISE, DECIDE],
        "resumption": {"supplement": "resume", "obligation": "restart", "suspension": "restart"},
    },
    INSTANT | limited(reading="5 working days", unclaimed="7 calendar days"),
)
SHAPE_NAMES: Final = (
    "free",
    "instant",
    "instant with a fee",
    "fee on acceptance",
    "fee at the counter",
    "fee for the result, two supplements",
    "three steps, fee for the result at the counter",
    "three steps with a clerk, no supplement",
    "level 1",
    "level 2",
    "level 3, two supplements",
    "no papers, two supplements",
    "fee with the submission, half of it waived",
    "fee on acceptance, waived",
    "inspection and consultation, silence is consent and approval",
    "consultation without silence, obligation",
    "a draft for the applicant, silence is approval",
    "parts of other agencies",
    "parts of other agencies on paper, fee for the result",
    "obligation, what goes on and what starts again",
    "what is read and what is fetched is waited for",
)
