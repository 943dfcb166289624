"""A filing workflow whose flow differs from ours: neither of the two can replay the other's history.

The workflow has its own module, since the workflow sandbox imports the module again.
"""

from typing import Any

from temporalio import workflow

with workflow.unsafe.imports_passed_through():
    from rules.streams import FILING
    from schemas.filing.state import FilingEnd

from workflows.filing import FilingLife
from workflows.stream.recording import single_argument
from workflows.stream.shell import takes_commands


class _Dawdling(FilingLife):
    async def proceed(self) -> None:
        workflow.upsert_memo({"dawdles": True})
        await super().proceed()


@workflow.defn(name="Filing")
@takes_commands(FILING)
class DawdlingFiling:
    """A filing workflow with one step more than ours."""

    @workflow.init
    def __init__(self, *raw: Any) -> None:
        self.life = _Dawdling(FILING, single_argument(raw))

    @workflow.run
    async def run(self, *raw: Any) -> FilingEnd:  # noqa: ARG002 -- parsed before, as the life begins
        await self.life.live()
        return self.life.end

    @workflow.update
    async def submit(self, *_: Any) -> Any:
        await self.life.settled()
        return self.life.submitted(None)

    @workflow.signal
    async def fee_settled(self, *_: Any) -> None:
        pass
