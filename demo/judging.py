"""Compares a filing's outcome with the outcome that its scenario expects."""

from __future__ import annotations

from collections.abc import Iterator

from demo.player import Played
from demo.record import FilingOnRecord
from demo.scenario import Expected, ExpectedFee, ExpectedRefusal
from schemas.errors import Refusal
from schemas.filing.state import Fee


def differences(played: Played, told: FilingOnRecord | None) -> list[str]:
    """Returns a sentence for every difference from the expectation; none if the filing ended exactly as expected."""
    scenario = played.scenario
    found = list(played.problems)
    if scenario.refused is not None:
        return found + list(_refusal(scenario.refused, played.refusal, told))
    if scenario.expected is None or told is None:
        said = f"refused: {played.refusal}" if played.refusal else "not in the record"
        return [*found, said]
    return found + list(_ending(scenario.expected, told))


def _refusal(expected: ExpectedRefusal, refusal: Refusal | None, told: FilingOnRecord | None) -> Iterator[str]:
    if told is not None:
        yield "there is a filing, but the submission had to be refused"
    if refusal is None:
        yield f"expected a refusal {expected.code}, there was none"
        return
    yield from _differs("refusal", expected.code, refusal.code)
    yield from _differs("rules", list(expected.rules), [one.rule for one in refusal.problems])
    for words in (refusal.problems[0].message.vi, refusal.problems[0].message.en):
        if expected.points_to not in words:
            yield f"refusal: expected a pointer to {expected.points_to}, found: {words}"


def _ending(expected: Expected, told: FilingOnRecord) -> Iterator[str]:
    filing = told.filing
    fees = zip(_fee(expected.fee), _fee(filing.fee), strict=True)
    pairs = {
        "level": (expected.level, filing.level),
        "path": (list(map(int, expected.path)), list(map(int, told.path))),
        "status": (expected.status, told.path[-1]),
        "closing": (expected.closing, filing.closing),
        "outcome": (expected.outcome, filing.decision.outcome if filing.decision else None),
        "proposed for": (expected.proposed_for, filing.proposal.acting_for if filing.proposal else None),
        **dict(zip(("fee", "fee channel", "fee state"), fees, strict=True)),
        "result channel": (expected.result_channel, filing.result_channel),
        "handed over": (expected.handed_over, told.handed_over),
        "overdue": (list(map(str, expected.overdue)), list(map(str, filing.overdue))),
        "parts": (expected.parts, {part.code: part.outcome for part in filing.parts if part.outcome is not None}),
        "late parts": (list(expected.late_parts), [part.code for part in filing.parts if part.overdue]),
    }
    for what, (wanted, found) in pairs.items():
        yield from _differs(what, wanted, found)
    yield from _out_of_order(expected, told)


def _out_of_order(expected: Expected, told: FilingOnRecord) -> Iterator[str]:
    left = iter(told.kinds)
    if missing := next((kind for kind in expected.tells if kind not in left), None):
        yield f"events: {missing} does not stand where it must, found {', '.join(told.kinds)}"


def _fee(fee: Fee | ExpectedFee | None) -> tuple[object, object, object]:
    return (None, None, None) if fee is None else (fee.amount, fee.channel, fee.state)


def _differs(what: str, wanted: object, found: object) -> Iterator[str]:
    if wanted != found:
        yield f"{what}: expected {_word(wanted)}, found {_word(found)}"


def _word(value: object) -> str:
    return "none" if value is None else str(value)
