"""The help of every command is in both languages."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from typing import Any, Final

from typer.main import get_command

from deploy.command import app
from motcua.cli.app import PLATFORM, build
from motcua.cli.later import Unloaded
from tests.unit.accents import ACCENTED
from tests.walking import walked


def commands(group: Any, path: str = "motcua") -> Iterator[tuple[str, str]]:
    """Every command and group with its help; of one that is imported when it is wanted, what it says itself too."""
    yield path, group.help or ""
    if isinstance(group, Unloaded):
        group = group.loaded()
        yield f"{path}, loaded", group.help or ""
    for name, command in getattr(group, "commands", {}).items():
        yield from commands(command, f"{path} {name}")


WHOLE: Final[Any] = get_command(build({PLATFORM: app}))
HELP: Final = dict(commands(WHOLE))


@walked(("name", "said"), HELP.items(), ids=HELP, at_least=190)
def test_it_is_said_in_both(name: str, said: str) -> None:
    vietnamese, _, english = said.replace("\n\n", " / ", 1).partition(" / ")
    assert ACCENTED.search(vietnamese), name
    assert english
    assert not ACCENTED.search(english)


@walked("name", [name for name, one in WHOLE.commands.items() if isinstance(one, Unloaded)], at_least=35)
def test_what_is_said_of_a_command_before_it_is_loaded_it_says_itself(name: str) -> None:
    unloaded = WHOLE.commands[name]
    assert unloaded.loaded().name == name
    assert unloaded.help.partition("\n\n")[0] == unloaded.loaded().help.partition("\n\n")[0]


def test_a_list_of_all_commands_loads_none() -> None:
    code = "import sys; from motcua.cli.app import run\ntry:\n  run(['--help'])\nfinally:\n  print(*sys.modules)"
    ended = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    said, loaded = ended.stdout.rsplit("\n", 2)[:2]
    assert "doctor" in said
    ours = [name for name in loaded.split() if name.startswith(("operations.commands.", "deploy.commands.", "demo."))]
    assert ours == ["operations.commands.help_words", "operations.commands.publishing"]
