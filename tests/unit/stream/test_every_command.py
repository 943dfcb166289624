"""Every kind of command, given to a run that does not know it yet: a recorded one gets its receipt. Also signals."""

from collections.abc import Iterator
from typing import Any, Final

import pytest

from rules.stream_kind import Origin, StreamKind
from rules.streams import KINDS
from schemas.errors import RefusalCode, RefusalError
from schemas.filing import commands as cm
from schemas.filing.commands import content_of
from schemas.ids import StreamId
from schemas.privacy import ERASED
from schemas.stream.ledger import Receipt
from tests.contract.samples import COMMANDS
from tests.unit.filing.lives import CALENDAR, procedure
from tests.unit.stream.shell import FILING, NOW, Engine
from workflows.stream.recording import Stream

EVERY: Final = [(kind, command) for kind in KINDS.values() for command in COMMANDS if type(command) in kind.commands]


def run(kind: StreamKind[Any]) -> Stream[Any]:
    """Returns the stream of a new run whose rules forbid everything, since the subject of the stream is erased."""
    name = StreamId(kind.name, FILING, 0 if kind.name == "filing" else 1)
    state = kind.initial(Origin(name, "H01.30", procedure(), CALENDAR))
    return Stream(kind, name, state.model_copy(update={"erased_at": NOW}))


async def test_what_is_recorded_is_found_though_it_is_forbidden_and_what_is_not_is_refused(engine: Engine) -> None:
    assert {type(command) for _, command in EVERY} == {one for kind in KINDS.values() for one in kind.commands}
    for kind, command in EVERY:
        content, about = content_of(command), (kind.name, command.kind)
        engine.receipts.clear()
        with pytest.raises(RefusalError) as refused:
            await run(kind).record(command)
        assert (refused.value.refusal, engine.log) == (ERASED, []), about
        recorded = Receipt(command_id=command.command_id, digest=content, seq=1, at=NOW)
        engine.receipts.append(recorded)
        run(kind).check(command, content)
        assert await run(kind).record(command) == recorded, about
        with pytest.raises(RefusalError) as refused:
            await run(kind).record(command, "0" * 64)
        assert refused.value.refusal.code is RefusalCode.SAME_ID_OTHER_CONTENT, about


FILE: Final = {"key": "results/1.pdf", "sha256": "c" * 64, "size": 1, "name": "1.pdf"}
FACTS: Final[dict[str, tuple[type[cm.Command], dict[str, Any]]]] = {
    "fee_settled": (cm.SettleFee, {"n": 1, "settlement": "paid", "amount": 1}),
    "fee_charged_back": (cm.AskFeeAgain, {"n": 1001, "fee": 1, "amount": 1, "again": 1}),
    "parcel_settled": (cm.SettleParcel, {"n": 1, "outcome": "delivered"}),
    "part_overdue": (cm.ReportOverduePart, {"n": 1}),
    "part_settled": (cm.SettlePart, {"n": 1, "outcome": "approved", "officer": "h01.31-specialist-1", "result": FILE}),
    "result_settled": (cm.SettleResult, {"n": 1, "registered": "1/GXN", "result": FILE}),
    "act_stayed": (cm.RecordStay, {"n": 1, "stay": 1, "since": "2026-11-25T03:00:00Z", "limit": "30 calendar days"}),
    "stay_ended": (cm.EndStay, {"n": 1, "stay": 1}),
    "complaint_upheld": (cm.SettleComplaint, {"n": 1, "about": 1, "step": "verify", "officer": "leader-1"}),
}


COMMAND_OF: Final = {telling.signal: telling.command for telling in KINDS.tells}


def poisoned(said: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """Yields the fact with a NUL in one of its texts at a time; jsonb stores no NUL, so no append could succeed."""
    for name, value in said.items():
        if isinstance(value, dict):
            yield from (said | {name: inner} for inner in poisoned(value))
        elif isinstance(value, str):
            yield said | {name: value + "\x00"}


@pytest.mark.parametrize("signal", FACTS)
def test_no_text_that_no_record_holds_becomes_a_command(signal: str) -> None:
    read, (command, said) = COMMAND_OF[signal], FACTS[signal]
    assert type(read(said)) is command
    for wrong in poisoned(said):
        with pytest.raises(ValueError, match=r"."):
            read(wrong)


@pytest.mark.parametrize("amount", ["16000", 16000.0, True], ids=repr)
def test_an_amount_that_is_no_whole_number_becomes_no_command(amount: Any) -> None:
    with pytest.raises(ValueError, match="amount"):
        COMMAND_OF["fee_settled"]({"n": 1, "settlement": "paid", "amount": amount})


def test_a_filing_hears_each_fact_by_a_signal_of_its_own() -> None:
    assert sorted(telling.signal for telling in KINDS.tells) == sorted(FACTS)
