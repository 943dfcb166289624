"""The clients: play filings of the demo to their ends, note each receipt that they get, and judge every filing.

`python -m tests.deploying.hosts.filings FILINGS SECONDS FOLDER` begins this number of filings within these seconds. It
leaves `receipts.jsonl`, a line with the time for each receipt, and `out.json`, the report of the demo.
"""

import asyncio
import json
import os
import sys
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final, TextIO
from uuid import UUID

from demo import report, running
from demo.scenario import load, mix
from deploy.stack.registering import let_speak, publisher
from motcua import FilingClient
from motcua.calls.questions import stream_of
from schemas.complaint.state import ComplaintStart
from schemas.filing.commands import Command
from schemas.filing.submission import Submission
from schemas.ids import complaint_workflow, filing_id, filing_workflow
from schemas.stream.ledger import Receipt
from tests.faults.soak import stories

AT_ONCE: Final = 20
RECEIPTS: Final = "receipts.jsonl"
OUT: Final = "out.json"


class Noting(FilingClient):
    """A client that notes each receipt before its caller gets it."""

    def __init__(self, *given: Any, notes: TextIO, **more: Any) -> None:
        super().__init__(*given, **more)
        self._notes = notes

    async def submit(self, submission: Submission) -> Receipt:
        receipt = await super().submit(submission)
        return self._note(filing_workflow(filing_id(submission.client_id, submission.submission_id)), receipt)

    async def complain(self, complaint: ComplaintStart) -> Receipt:
        return self._note(complaint_workflow(complaint.filing_id, complaint.n), await super().complain(complaint))

    async def act(self, target: UUID | str, command: Command) -> Receipt:
        return self._note(stream_of(target), await super().act(target, command))

    def _note(self, stream: str, receipt: Receipt) -> Receipt:
        given = {"at": time.time(), "stream": stream, **receipt.model_dump(include={"command_id", "digest", "seq"})}
        print(json.dumps(given), file=self._notes, flush=True)
        return receipt


async def play(env: Mapping[str, str], filings: int, seconds: float, folder: Path) -> None:
    scenarios = mix(load(stories(folder)), filings, seed=1)
    versions = await running.publish(env["MOTCUA_OWNER_DATABASE_URL"], publisher(env), scenarios)
    await let_speak(env)
    every = seconds / filings
    with (folder / RECEIPTS).open("a", encoding="utf-8") as notes:

        def kit(*given: Any, **more: Any) -> FilingClient:
            return Noting(*given, notes=notes, **more)

        played = await running.play(env, scenarios, versions, AT_ONCE, lambda _: None, every=every, kit=kit)
    outcome = await running.judge(env, played)
    (folder / OUT).write_text(json.dumps(report.document(outcome), ensure_ascii=False), encoding="utf-8")


if __name__ == "__main__":
    asyncio.run(play(os.environ, int(sys.argv[1]), float(sys.argv[2]), Path(sys.argv[3])))
