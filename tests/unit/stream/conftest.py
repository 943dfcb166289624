"""A fixture: the engine that replaces Temporal in tests of the shell."""

import pytest

from tests.unit.stream.shell import Engine


@pytest.fixture
def engine(monkeypatch: pytest.MonkeyPatch) -> Engine:
    return Engine(monkeypatch)
