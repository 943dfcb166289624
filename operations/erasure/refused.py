"""Refused submissions: they are not in the record, but in Temporal's executions until Temporal's retention ends.

Only an execution's content names the applicant: if it can't be decrypted here, the execution is deleted as well.
"""

import json
from collections import defaultdict
from typing import Final
from uuid import UUID

from obstore.store import ObjectStore
from temporalio.client import Client

from activities.ledger.vault import Vault
from operations.erasure.executions import delete, files_of, input_of
from rules.streams import KINDS
from schemas.ids import StreamId, filing_workflow
from views.log import Connection, Log

_FAILED: Final = "WorkflowType = 'Filing' and ExecutionStatus = 'Failed'"
_RUNNING: Final = "ExecutionStatus = 'Running'"
_RECORDED: Final = "select exists (select from stream where filing_id = $1 and head_seq > 0)"


class RefusedSubmissions:
    """Deletes refused submissions of applicants whose filings are about to be erased. Lists all failed filings once."""

    def __init__(self, temporal: Client, store: ObjectStore) -> None:
        self._temporal = temporal
        self._store = store
        self._by_number: defaultdict[str | None, list[tuple[str, str]]] | None = None

    async def erase(self, connection: Connection, vault: Vault, filing: UUID) -> tuple[int, int]:
        """Deletes the refused submissions of a filing's applicant; returns the numbers of deleted files and executions.

        Does nothing if the filing is erased in the record already, since its applicant is then unknown.
        """
        told = await Log(connection, vault.find, KINDS).read(filing_workflow(filing))
        applicant = None if told.state.erased_at is not None else told.state.applicant
        if applicant is None:
            return 0, 0
        if self._by_number is None:
            self._by_number = await self._read()
        files = executions = 0
        for workflow, run in (*self._by_number.pop(applicant.id_number, ()), *self._by_number.pop(None, ())):
            owner = StreamId.parse(workflow).filing
            if not (await connection.fetchval(_RECORDED, owner) or await self._runs_again(workflow)):
                files += await files_of(self._store, owner)
            executions += await delete(self._temporal, workflow, run)
        return files, executions

    async def _runs_again(self, workflow: str) -> bool:
        return (await self._temporal.count_workflows(f"WorkflowId = '{workflow}' and {_RUNNING}")).count > 0

    async def _read(self) -> defaultdict[str | None, list[tuple[str, str]]]:
        """Returns failed executions (workflow id, run id) by applicant's id number; undecryptable ones under None."""
        found = defaultdict[str | None, list[tuple[str, str]]](list)
        async for one in self._temporal.list_workflows(_FAILED):
            said = await input_of(self._temporal, one.id, one.run_id)
            found[None if said is None else _applicant(said)].append((one.id, one.run_id))
        return found


def _applicant(said: bytes) -> str | None:
    try:
        return str(json.loads(said)["submission"]["applicant"]["id_number"])
    except (ValueError, LookupError, TypeError):
        return ""
