"""`motcua doctor` as tests ask it, and what it says."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from typer.testing import CliRunner

from deploy.command import app
from operations.doctor.surroundings import Surroundings
from operations.home import Home
from tests.conftest import World

NOBODY = "127.0.0.1:1"


def around(world: World) -> Surroundings:
    """What one check of the doctor looks at, where nothing but the record of this world is known."""
    return Surroundings({"MOTCUA_DATABASE_URL": world.app_dsn}, {}, Home.__new__(Home))


@dataclass(frozen=True)
class Told:
    """What the doctor said."""

    healthy: bool
    findings: list[dict[str, Any]]
    text: str

    def of(self, check: str) -> list[tuple[str, str]]:
        """Health and words, in English, of one check."""
        return [(one["health"], one["what"]["en"]) for one in self.findings if one["check"] == check]

    def fix(self, check: str) -> str:
        """How to mend what that check found first not to be well."""
        return next(str(one["fix"]["en"]) for one in self.findings if one["check"] == check and one["fix"])

    @property
    def failed(self) -> set[str]:
        return {one["check"] for one in self.findings if one["health"] == "fail"}


class Doctor:
    """Runs the command in an empty folder."""

    def __init__(self, env: Mapping[str, str]) -> None:
        self.env = dict(env)

    async def __call__(self, **env: str | None) -> Told:
        """Its findings, with these settings besides; one that is None is not set."""
        ended = await asyncio.to_thread(CliRunner().invoke, app, ["doctor", "--json"], env=self.env | env)
        assert ended.exception is None or isinstance(ended.exception, SystemExit), ended.exception
        told = json.loads(ended.stdout)
        assert ended.exit_code == (0 if told["healthy"] else 1)
        return Told(told["healthy"], told["findings"], ended.stdout + ended.stderr)
