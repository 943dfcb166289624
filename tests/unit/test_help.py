"""The help of every command is in both languages."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from typer.main import get_command

from deploy.command import app
from motcua.cli.app import PLATFORM, build
from tests.unit.test_words import ACCENTED


def commands(group: Any, path: str = "motcua") -> Iterator[tuple[str, str]]:
    """Every command and group with its help."""
    yield path, group.help or ""
    for name, command in getattr(group, "commands", {}).items():
        yield from commands(command, f"{path} {name}")


@pytest.mark.parametrize(("name", "said"), list(commands(get_command(build({PLATFORM: app})))))
def test_it_is_said_in_both(name: str, said: str) -> None:
    vietnamese, _, english = said.replace("\n\n", " / ", 1).partition(" / ")
    assert ACCENTED.search(vietnamese), name
    assert english
    assert not ACCENTED.search(english)
