"""What a filing costs its applicant, against what it did at level 1."""

from __future__ import annotations

from typing import get_args

from rules.papers.custody.deeds import ONLY_TOLD
from rules.papers.custody.effort import effort
from schemas.filing.events import Event
from schemas.publishing.procedure import Baseline
from schemas.words.catalogue import SENTENCES
from tests.unit.filing.lives import CASHIER, FETCHED, HANDOVER, PAPER, RECEPTION, REPRESENTATIVE, Life, fee, procedure

BASELINE = Baseline(working_days=10, visits=3, source="unconfirmed")


def of(life: Life) -> tuple[int, int]:
    found = effort(life.log, life.filing, life.now, BASELINE)
    assert found.baseline is BASELINE
    return found.working_days, found.visits


def test_what_is_done_online_needs_no_visit() -> None:
    life = Life().accepted().decided().issued()
    assert life.filing.closed
    assert of(life) == (0, 0)


def test_what_is_done_at_a_counter_on_one_day_is_one_visit() -> None:
    life = Life(procedure(fee=fee()), **PAPER, result_channel="counter", fee_channel="counter")
    life.do("pay_at_counter", CASHIER, amount=16000)
    assert of(life) == (0, 1)
    life.until("2026-11-30 09:00").decided().issued()
    assert of(life) == (3, 1)
    life.until("2026-12-01 09:00").do("hand_over", HANDOVER, **FETCHED).until("2026-12-20 09:00")
    assert of(life) == (4, 2)


def test_a_supplement_online_is_no_visit() -> None:
    life = Life().asked(RECEPTION, ("field", "name")).do("supplement", REPRESENTATIVE, form={"name": "An Binh"})
    assert of(life) == (0, 0)


def test_what_the_post_brought_is_no_visit_and_counts_from_when_it_did() -> None:
    life = Life(**PAPER | {"channel": "post"}, result_channel="counter", received_at="2026-11-24T09:00:00+07:00")
    assert of(life) == (1, 0)


def test_everything_that_is_done_has_a_name() -> None:
    kinds = {str(model.model_fields["kind"].default) for model in get_args(get_args(Event)[0])}
    assert kinds > ONLY_TOLD
    done = {f"deed.{kind}" for kind in kinds - ONLY_TOLD}
    assert {key for key in SENTENCES if key.startswith("deed.")} == done
