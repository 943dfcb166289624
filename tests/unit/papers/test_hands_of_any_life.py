"""Whatever happens to a filing, somebody has it at every moment, and every act has a name."""

from __future__ import annotations

from datetime import datetime
from itertools import pairwise
from typing import Any, Final

import pytest
from hypothesis import settings
from hypothesis.stateful import run_state_machine_as_test

from rules.papers.custody.hands import hands
from schemas.papers.custody import Hand
from schemas.people import OFFICERS, Role
from tests.unit.filing.any_life import CLOSINGS, AnyLife
from tests.unit.filing.shapes import SHAPE_NAMES, SHAPES
from tests.unit.profile import PROFILE

HERE: Final = settings(PROFILE, max_examples=5, stateful_step_count=25)


def lies_after(before: Hand, after: Hand, closed: set[datetime]) -> bool:
    """Whether nothing lies between two hands, or only a time in which the filing was closed."""
    assert before.until is not None
    return before.until == after.since or (before.until in closed and before.until < after.since)


@pytest.mark.timeout(600)
@pytest.mark.parametrize("shape", SHAPES[::4], ids=SHAPE_NAMES[::4])
def test_somebody_has_it_at_every_moment(shape: dict[str, Any]) -> None:
    class ThisLife(AnyLife):
        def teardown(self) -> None:
            life = self.life
            found = hands(life.log, life.filing, life.now)
            own = [hand for hand in found if hand.part is None]
            ends = {recorded.at for recorded in life.log if recorded.event.kind in CLOSINGS}
            assert all(lies_after(before, after, ends) for before, after in pairwise(own))
            assert (own[-1].until is None) is not life.filing.closed
            assert own[0].since == life.log[0].at
            for deed in (deed for hand in found for deed in hand.done):
                assert (deed.subject is not None) is (deed.role in OFFICERS)
                if deed.role is Role.SYSTEM and life.filing.procedure.standing_officer:
                    assert deed.accountable
            seqs = [deed.seq for hand in own for deed in hand.done]
            assert seqs == sorted(set(seqs))

    ThisLife.shape = shape
    run_state_machine_as_test(ThisLife, settings=HERE)
