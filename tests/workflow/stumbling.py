"""Workflows with the names of ours, one of them with a bug, in a separate module, which the sandbox imports again."""

from temporalio import workflow


@workflow.defn(name="Filing")
class Buggy:
    """A workflow that fails with a bug whose message contains personal data."""

    @workflow.run
    async def run(self) -> None:
        raise LookupError("CANARY Nguyễn Văn An")


@workflow.defn(name="Payment")
class Waiting:
    """A workflow without a bug."""

    @workflow.run
    async def run(self) -> None:
        await workflow.wait_condition(lambda: False)


@workflow.defn(name="Filing")
class Mended:
    """The workflow `Buggy` without its bug."""

    @workflow.run
    async def run(self) -> None:
        pass
