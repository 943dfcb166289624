"""Runs `motcua doctor` in tests, and reads its findings."""

import asyncio
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from typer.testing import CliRunner

from deploy.command import app

NOBODY = "127.0.0.1:1"


@dataclass(frozen=True)
class Diagnosis:
    healthy: bool
    findings: list[dict[str, Any]]
    text: str

    def of(self, check: str) -> list[tuple[str, str]]:
        return [(one["health"], one["what"]["en"]) for one in self.findings if one["check"] == check]

    def fix(self, check: str) -> str:
        return next(str(one["fix"]["en"]) for one in self.findings if one["check"] == check and one["fix"])

    @property
    def failed(self) -> set[str]:
        return {one["check"] for one in self.findings if one["health"] == "fail"}


class Doctor:
    def __init__(self, env: Mapping[str, str]) -> None:
        self.env = dict(env)

    async def __call__(self, **env: str | None) -> Diagnosis:
        """Runs the doctor; `env` adds settings, or removes those that are None. Returns the doctor's findings."""
        ended = await asyncio.to_thread(CliRunner().invoke, app, ["doctor", "--json"], env=self.env | env)
        assert ended.exception is None or isinstance(ended.exception, SystemExit), ended.exception
        told = json.loads(ended.stdout)
        assert ended.exit_code == (0 if told["healthy"] else 1)
        return Diagnosis(told["healthy"], told["findings"], ended.stdout + ended.stderr)
