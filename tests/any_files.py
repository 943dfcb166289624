"""Receptions of tests: one that looks at nothing, for tests that are about something else, and how one is put in."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from typing import Protocol

from temporalio import activity

from activities.reception import ExamineRequest
from rules.streams import KINDS, Kinds
from schemas.base import Code
from schemas.files import Paper, ScanState
from schemas.filing.examined import Examined
from workers import wiring
from workers.settings import WorkerSettings
from workers.wiring import Functions


class Receives(Protocol):
    """What looks at files for the platform."""

    async def examine(self, request: ExamineRequest) -> Examined: ...

    async def scan(self, papers: list[Paper]) -> list[Code]: ...


class AnyFiles:
    """Takes every file for what it is said to be."""

    @activity.defn(name="reception.examine")
    async def examine(self, request: ExamineRequest) -> Examined:  # noqa: ARG002 -- it looks at nothing
        return Examined(scan=ScanState.UNSCANNED)

    @activity.defn(name="reception.scan")
    async def scan(self, papers: list[Paper]) -> list[Code]:  # noqa: ARG002 -- the same
        return []


class FoundLate(AnyFiles):
    """Finds a virus in every paper that is submitted, but only later, and none in what is supplied."""

    @activity.defn(name="reception.examine")
    async def examine(self, request: ExamineRequest) -> Examined:
        return Examined(scan=ScanState.CLEAN if request.submission is None else ScanState.PENDING)

    @activity.defn(name="reception.scan")
    async def scan(self, papers: list[Paper]) -> list[Code]:
        return [paper.code for paper in papers]


@asynccontextmanager
async def any_file_activities(settings: WorkerSettings, kinds: Kinds = KINDS) -> AsyncIterator[Functions]:
    """The platform's activities, of which those that receive files look at nothing."""
    async with wiring.activities(settings, kinds) as functions:
        yield received_by(AnyFiles(), functions)


def received_by(reception: Receives, functions: Functions) -> Functions:
    """The same activities, with this reception."""
    others = [function for function in functions.working if function.__qualname__.split(".")[0] != "Reception"]
    return replace(functions, working=(*others, reception.examine, reception.scan))
