"""Workflows under the names of ours, one of them with a bug. A module of its own: the sandbox imports it anew."""

from __future__ import annotations

from temporalio import workflow


@workflow.defn(name="Filing")
class Buggy:
    """Raises what it should not, and says too much."""

    @workflow.run
    async def run(self) -> None:
        msg = "CANARY Nguyễn Văn An"
        raise LookupError(msg)


@workflow.defn(name="Payment")
class Waiting:
    """Has nothing wrong with it."""

    @workflow.run
    async def run(self) -> None:
        await workflow.wait_condition(lambda: False)


@workflow.defn(name="Filing")
class Mended:
    """The same without the bug."""

    @workflow.run
    async def run(self) -> None:
        pass


@workflow.defn(name="Filing")
class Changed:
    """Another one, whose history does not fit."""

    @workflow.run
    async def run(self) -> None:
        await workflow.sleep(1)
