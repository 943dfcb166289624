"""Procedures for tests: examples of every shape that a filing's procedure can have."""

from typing import Any, Final

from tests.unit.filing import lives

SILENT: Final = {"silent_basis": "NĐ 1/2026", "silent_officer": "leader-2"}
CASES: Final = {"cases": [{"code": "verified", "processing": "30 working days"}]}
HALF: Final = {"waivers": [{"code": "student", "percent": 50, "approver": "cashier"}]}
INSTANT: Final = {"standing_order": "01/QĐ-UBND", "standing_officer": "leader-1"}
_SHAPES: Final[dict[str, dict[str, Any]]] = {
    "free": {},
    "instant": INSTANT,
    "instant with a fee": INSTANT | {"fee": lives.fee()},
    "fee on acceptance, a successor may step in": {"fee": lives.fee(), "succession": "60 calendar days"},
    "fee at the counter": {"fee": lives.fee(channels=("counter",))},
    "fee for the result, two supplements": {"fee": lives.fee("result"), "supplement_rounds": 2},
    "three steps, fee for the result at the counter": {
        "fee": lives.fee("result", ("counter",)),
        "review": [lives.VERIFY, lives.APPRAISE, lives.DECIDE],
    },
    "three steps with a clerk, no supplement": {
        "review": [lives.VERIFY, lives.APPRAISE | {"role": "clerk"}, lives.DECIDE],
        "supplement_rounds": 0,
    },
    "level 1": {"level": 1, "result_channels": ["counter", "post"], "fee": lives.fee(channels=("counter",))},
    "level 2": {"level": 2, "result_channels": ["counter", "post"]},
    "level 3, two supplements": {
        "level": 3,
        "result_channels": ["counter", "post"],
        "fee": lives.fee(channels=("counter",)),
        "supplement_rounds": 2,
    },
    "no papers, two supplements": {"papers": [], "supplement_rounds": 2, "fee": lives.fee()},
    "fee with the submission, half of it waived": {"fee": lives.fee("submission") | HALF, "supplement_rounds": 2},
    "fee on acceptance, waived": {
        "fee": lives.fee() | {"waivers": [{"code": "poor", "percent": 100, "approver": "leader"}]},
        "review": [lives.VERIFY, lives.APPRAISE, lives.DECIDE],
    },
    "inspection and consultation, silence is consent and approval": {
        "review": [lives.INSPECT, lives.CONSULT, lives.APPRAISE, lives.DECIDE],
        **lives.EXTENSION,
        **SILENT,
    },
    "consultation without silence, obligation": {
        "review": [lives.ESCALATE, lives.TAX, lives.APPRAISE, lives.DECIDE],
        "succession": "60 calendar days",
        **lives.EXTENSION,
        **CASES,
    },
    "a draft for the applicant, silence is approval": {
        "review": [lives.VERIFY, lives.DRAFT, lives.APPRAISE, lives.DECIDE],
        **lives.EXTENSION,
        **SILENT,
    },
    "parts of other agencies": {"review": [lives.PARTS, lives.APPRAISE, lives.DECIDE], **lives.EXTENSION},
    "parts of other agencies on paper, fee for the result": {
        "review": [lives.VERIFY, lives.PARTS, lives.APPRAISE, lives.DECIDE],
        "level": 2,
        "result_channels": ["counter", "post"],
        "fee": lives.fee("result", ("counter",)),
    },
    "obligation, what goes on and what starts again": {
        "review": [lives.TAX, lives.APPRAISE, lives.DECIDE],
        "resumption": {"supplement": "resume", "obligation": "restart", "suspension": "restart"},
    },
    "what is read and what is fetched is waited for": INSTANT
    | lives.limited(reading="5 working days", unclaimed="7 calendar days"),
}
SHAPES: Final = tuple(_SHAPES.values())
SHAPE_NAMES: Final = tuple(_SHAPES)
