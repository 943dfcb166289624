"""The engine of the workflows' shell in memory, as a fixture."""

import pytest

from tests.unit.stream.shell import Engine


@pytest.fixture
def engine(monkeypatch: pytest.MonkeyPatch) -> Engine:
    return Engine(monkeypatch)
