"""Procedures of every shape that a filing can have."""

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
_SHAPES: Final[dict[str, dict[str, Any]]] = {
    "free": {},
    "instant": INSTANT,
    "instant with a fee": INSTANT | {"fee": fee()},
    "fee on acceptance": {"fee": fee()},
    "fee at the counter": {"fee": fee(channels=("counter",))},
    "fee for the result, two supplements": {"fee": fee("result"), "supplement_rounds": 2},
    "three steps, fee for the result at the counter": {
        "fee": fee("result", ("counter",)),
        "review": [VERIFY, APPRAISE, DECIDE],
    },
    "three steps with a clerk, no supplement": {
        "review": [VERIFY, APPRAISE | {"role": "clerk"}, DECIDE],
        "supplement_rounds": 0,
    },
    "level 1": {"level": 1, "result_channels": ["counter", "post"], "fee": fee(channels=("counter",))},
    "level 2": {"level": 2, "result_channels": ["counter", "post"]},
    "level 3, two supplements": {
        "level": 3,
        "result_channels": ["counter", "post"],
        "fee": fee(channels=("counter",)),
        "supplement_rounds": 2,
    },
    "no papers, two supplements": {"papers": [], "supplement_rounds": 2, "fee": fee()},
    "fee with the submission, half of it waived": {"fee": fee("submission") | HALF, "supplement_rounds": 2},
    "fee on acceptance, waived": {
        "fee": fee() | {"waivers": [{"code": "poor", "percent": 100, "approver": "leader"}]},
        "review": [VERIFY, APPRAISE, DECIDE],
    },
    "inspection and consultation, silence is consent and approval": {
        "review": [INSPECT, CONSULT, APPRAISE, DECIDE],
        **EXTENSION,
        **SILENT,
    },
    "consultation without silence, obligation": {"review": [ESCALATE, TAX, APPRAISE, DECIDE], **EXTENSION, **CASES},
    "a draft for the applicant, silence is approval": {
        "review": [VERIFY, DRAFT, APPRAISE, DECIDE],
        **EXTENSION,
        **SILENT,
    },
    "parts of other agencies": {"review": [PARTS, APPRAISE, DECIDE], **EXTENSION},
    "parts of other agencies on paper, fee for the result": {
        "review": [VERIFY, PARTS, APPRAISE, DECIDE],
        "level": 2,
        "result_channels": ["counter", "post"],
        "fee": fee("result", ("counter",)),
    },
    "obligation, what goes on and what starts again": {
        "review": [TAX, APPRAISE, DECIDE],
        "resumption": {"supplement": "resume", "obligation": "restart", "suspension": "restart"},
    },
    "what is read and what is fetched is waited for": INSTANT
    | limited(reading="5 working days", unclaimed="7 calendar days"),
}
SHAPES: Final = tuple(_SHAPES.values())
SHAPE_NAMES: Final = tuple(_SHAPES)
