"""The help of every command stands in the catalogue, with an example, and is shown in one language."""

import subprocess
import sys
from collections.abc import Iterator
from typing import Any, Final

import pytest
from typer.main import get_command
from typer.testing import CliRunner

from deploy.command import app
from motcua.cli.app import build
from motcua.cli.later import Unloaded
from motcua.cli.options import PLATFORM
from schemas.translate import said
from schemas.words.catalogue import SENTENCES
from tests.shell import APP
from tests.unit.accents import ACCENTED
from tests.walking import walked


def commands(group: Any, key: str = "help") -> Iterator[tuple[str, Any]]:
    group = group.loaded() if isinstance(group, Unloaded) else group
    yield key, group
    for name, command in getattr(group, "commands", {}).items():
        yield from commands(command, f"{key}.{name}")


WHOLE: Final[Any] = get_command(build({PLATFORM: app}))
COMMANDS: Final = dict(commands(WHOLE))


@walked(("key", "command"), COMMANDS.items(), ids=COMMANDS, at_least=150)
def test_a_command_has_words_and_an_example_and_so_have_its_options(key: str, command: Any) -> None:
    assert command.help == key
    if not hasattr(command, "commands"):
        words, path = said(key), key.split(".")
        assert f"motcua {path[1]}" in words.vi.partition("Ví dụ: ")[2]
        assert f"motcua {path[1]}" in words.en.partition("Example")[2]
        helps = [one.help.partition(": ")[0] for one in command.params if one.help]
        assert [help_ for help_ in helps if not help_.startswith("option.") or help_ not in SENTENCES] == []


def test_no_words_are_left_of_a_command_that_is_gone() -> None:
    assert sorted(key for key in SENTENCES if key.startswith("help.") and key not in COMMANDS) == []


@pytest.mark.parametrize("arguments", [(), ("till",), ("till", "count"), ("result", "verify")])
def test_it_is_shown_in_one_language(arguments: tuple[str, ...]) -> None:
    shown = {lang: CliRunner().invoke(APP, [*arguments, "--help"], env={"LANG": lang}).output for lang in ("vi", "en")}
    assert not ACCENTED.search(shown["en"])
    for text in ("Show this message", "Print JSON", "Of the answer", "Example"):
        assert text not in shown["vi"]
    for lang, text in shown.items():
        assert CliRunner().invoke(APP, [*arguments, "--help", "--lang", lang], env={"LANG": "C"}).output == text


@walked("name", [name for name, one in WHOLE.commands.items() if isinstance(one, Unloaded)], at_least=35)
def test_what_is_said_of_a_command_before_it_is_loaded_it_says_itself(name: str) -> None:
    unloaded = WHOLE.commands[name]
    assert unloaded.loaded().name == name
    assert unloaded.help == unloaded.loaded().help


def test_a_list_of_all_commands_loads_none() -> None:
    code = "import sys; from motcua.cli.app import run\ntry:\n  run(['--help'])\nfinally:\n  print(*sys.modules)"
    ended = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    shown, loaded = ended.stdout.rsplit("\n", 2)[:2]
    assert "doctor" in shown
    ours = [name for name in loaded.split() if name.startswith(("operations.commands.", "deploy.commands.", "demo."))]
    assert ours == []
