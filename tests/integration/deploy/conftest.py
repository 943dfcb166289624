"""Fixtures of the sandboxes' tests."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.integration.deploy.in_memory import Clock, clock_of_sandboxes


@pytest.fixture(scope="module")
def clock() -> Iterator[Clock]:
    """The clock of the in-memory sandboxes."""
    with clock_of_sandboxes() as clock:
        yield clock
