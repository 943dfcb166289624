"""Runs the whole `motcua` command in this process."""

import asyncio
import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from typer.testing import CliRunner, Result

from deploy.command import app
from motcua.cli.app import build
from motcua.cli.options import PLATFORM
from motcua.cli.running import owes_json

APP: Final = build({PLATFORM: app})


@dataclass(frozen=True)
class Ended:
    """The exit code and the output of a command."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        return json.loads(self.out)


def _invoked(words: list[str], env: Mapping[str, str | None]) -> Result:
    owes_json.set("--json" in words)  # of this thread alone
    return CliRunner().invoke(APP, words, env=env)


class Shell:
    """Runs commands in an empty folder, with the addresses of a world; the commands answer in English."""

    def __init__(self, env: Mapping[str, str]) -> None:
        self.env = dict(env) | {"LANG": "en"}

    async def __call__(self, *arguments: str | Path, **env: str | None) -> Ended:
        """Runs a command to its end. A variable that is None is not set."""
        ended = await asyncio.to_thread(_invoked, [str(argument) for argument in arguments], self.env | env)
        assert ended.exception is None or isinstance(ended.exception, SystemExit), ended.exception
        return Ended(ended.exit_code, ended.stdout, ended.stderr)
