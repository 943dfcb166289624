"""A fixture with the engine for the shell."""

import pytest

from tests.unit.stream.shell import Engine


@pytest.fixture
def engine(monkeypatch: pytest.MonkeyPatch) -> Engine:
    return Engine(monkeypatch)
