"""Whatever anybody sends, at any time, a filing stays lawful: every command by every actor over many procedures."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis.stateful import run_state_machine_as_test

from tests.unit.filing.any_life import AnyLife
from tests.unit.filing.shapes import SHAPE_NAMES, SHAPES
from tests.unit.profile import PROFILE


@pytest.mark.timeout(600)
@pytest.mark.parametrize("shape", SHAPES, ids=SHAPE_NAMES)
def test_whatever_is_sent_a_filing_stays_lawful(shape: dict[str, Any]) -> None:
    class ThisLife(AnyLife):
        pass

    ThisLife.shape = shape
    run_state_machine_as_test(ThisLife, settings=PROFILE)
