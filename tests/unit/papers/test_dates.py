"""Every date that a filing sets for the applicant is on a paper: in random filings, and by the table of effects."""

from collections.abc import Iterator
from datetime import datetime
from typing import Any

import pytest
from hypothesis import settings
from hypothesis.stateful import run_state_machine_as_test

from rules.causes import CAUSES, NEW_DATES, papers_of
from rules.filing import lifecycle
from rules.papers.sheet import sheet
from rules.papers.sheets.dates import TOLD, needed
from rules.papers.sheets.made import moment, until
from rules.require import require
from schemas.filing.events import EFFECTS, Clock, Effect
from schemas.filing.state import Filing
from schemas.papers.sheet import PaperSource, texts_of
from schemas.papers.state import PaperKind
from schemas.stream.ledger import Recorded
from tests.unit.filing.any_life import AnyLife
from tests.unit.filing.lives import CALENDAR, Life
from tests.unit.filing.shapes import SHAPE_NAMES, SHAPES
from tests.unit.papers import sources
from tests.unit.papers.sources import AGENCIES, CODE, PASSING
from tests.unit.profile import PROFILE

GIVES = {Effect.START, Effect.RESUME, Effect.UNPAUSE, Effect.REVIVE, Effect.RESTART, Effect.EXTEND}
SUBMITTED = "submitted"
"""The one event with a date and no paper: the date of the answer at intake, which the clocks show to the applicant."""


def turns(life: Life) -> Iterator[tuple[Filing, Recorded, Filing]]:
    """Yields each event of a filing, with the states before and after it."""
    started = life.filing
    state = Filing(
        filing_id=started.filing_id, agency=life.log[0].event.agency, procedure=started.procedure, calendar=CALENDAR
    )
    for recorded in life.log:
        before, state = state, lifecycle.evolve(state, recorded)
        yield before, recorded, state


def moved(before: Filing, after: Filing) -> dict[Clock, Any]:
    """Returns the ends, to the minute, of the running clocks whose end is new or changed."""
    known = {clock: minute(state.due) for clock, state in before.clocks.items()}
    demanded = after.obligation is not None and after.obligation.amount is not None
    return {
        clock: state.due
        for clock, state in after.clocks.items()
        if clock in TOLD and (demanded or clock is not Clock.OBLIGATION)
        if not state.paused and known.get(clock) != minute(state.due)
    }


def minute(at: datetime) -> datetime:
    """Returns the time as a paper shows it: to the minute."""
    return at.replace(second=0, microsecond=0)


def papers(life: Life, before: Filing, recorded: Recorded, after: Filing) -> list[str]:
    """Returns the text of each paper that the event causes, except papers about money and parcels."""
    source = PaperSource(
        events=tuple(life.log[: recorded.seq]),
        filing=after.model_copy(update={"code": CODE}),
        procedure=PASSING,
        agencies=AGENCIES,
        before=before,
    )
    caused = (kind for kind in papers_of(recorded.event) if needed(kind, recorded.event.kind, before, after))
    kinds = [kind for kind in caused if kind in TELL]
    return [" ".join(text for _, text in texts_of(sheet(kind, source))) for kind in kinds]


TELL = {
    *(PaperKind.RECEIPT, PaperKind.SUPPLEMENT, PaperKind.REFUSAL, PaperKind.APOLOGY, PaperKind.STOP),
    *(PaperKind.CORRECTION, PaperKind.FEE),
}


def check(life: Life) -> None:
    for before, recorded, after in turns(life):
        dates = {} if recorded.event.kind == SUBMITTED else moved(before, after)
        said = papers(life, before, recorded, after)
        for clock, due in dates.items():
            wanted = (until(due).vi, moment(due).vi)
            assert any(one in paper for paper in said for one in wanted), (recorded.event.kind, clock, due)
        if recorded.event.kind in NEW_DATES:
            assert bool(said) is bool(dates), recorded.event.kind


def test_every_kind_of_event_that_can_give_a_date_causes_a_paper() -> None:
    gives = {kind for kind, effects in EFFECTS.items() if any(effects.get(clock) in GIVES for clock in TOLD)}
    assert gives - {*CAUSES} == {"obligation_referred"}, "the limit of an authority; its demand has a paper"


def test_a_supplement_at_intake_and_a_fee_that_is_paid_late_move_dates_and_one_that_is_paid_at_once_none() -> None:
    supplied = sources.supplement_requested(("paper", "owner_consent")).wait(days=2)
    supplied.do("supplement", sources.OWNER, papers=[{"code": "owner_consent", "file": sources.FILE}])
    assert supplied.kinds[-1] == "supplemented"
    at_once, late = sources.accepted().wait(minutes=5), sources.accepted().wait(days=2)
    for filed in (at_once, late):
        filed.do("settle_fee", n=1, settlement="paid", amount=require(filed.filing.fee).amount)
    told = [len(papers(life, *last(life))) for life in (supplied, at_once, late)]
    assert told == [1, 0, 1]
    for life in (supplied, at_once, late):
        check(life)


def last(life: Life) -> tuple[Filing, Recorded, Filing]:
    *_, turn = (turn for turn in turns(life) if turn[1].event.kind in NEW_DATES)
    return turn


@pytest.mark.parametrize("shape", SHAPES[::4], ids=SHAPE_NAMES[::4])
def test_each_new_date_of_any_filing_stands_on_a_paper_and_an_unchanged_one_makes_none(shape: dict[str, Any]) -> None:
    class ThisLife(AnyLife):
        def teardown(self) -> None:
            check(self.life)

    ThisLife.shape = shape
    run_state_machine_as_test(ThisLife, settings=settings(PROFILE, stateful_step_count=25))
