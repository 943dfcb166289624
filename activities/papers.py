"""Files in the object store: a check that a named file is there, byte for byte."""

import hashlib
from datetime import timedelta
from typing import Final

from obstore.exceptions import GenericError
from obstore.store import ObjectStore
from temporalio import activity
from temporalio.common import RetryPolicy
from temporalio.workflow import ActivityConfig, LocalActivityConfig

from activities.ledger.findings import Findings
from rules.filing.evidence import issued
from rules.result.evidence import stored
from rules.streams import FILING, RESULT
from schemas.backoffice import IssueAnswer
from schemas.files import FileRef, file_key
from schemas.ids import StreamId

QUICKLY: Final = LocalActivityConfig(
    start_to_close_timeout=timedelta(seconds=2), retry_policy=RetryPolicy(maximum_attempts=1)
)
"""The options of the local activity: short, since a slow store would hold up the requests in the same workflow task."""

STORE: Final = ActivityConfig(start_to_close_timeout=timedelta(seconds=10))

_FINDINGS: Final = {FILING.name: issued, RESULT.name: stored}


class Papers:
    """Reads the object store."""

    def __init__(self, store: ObjectStore, findings: Findings) -> None:
        self._store = store
        self._findings = findings

    @activity.defn(name="papers.confirm")
    async def confirm(self, answer: IssueAnswer) -> bool:
        """Returns whether the store holds the result's file for the calling filing; False if the store can't answer.

        No event in the log orders this check: the agency's answer is recorded only afterwards. So anybody may call it,
        but learns only that a file of a known digest exists. At most the size limit of a file is read.
        """
        try:
            asks = StreamId.parse(activity.info().workflow_id or "")
        except ValueError:
            return False
        file = answer.result
        if asks.kind not in _FINDINGS or file.key != file_key(asks.filing, file.sha256):
            return False
        if not await self._is_there(file):
            return False
        await self._findings.keep(str(asks), _FINDINGS[asks.kind](answer))
        return True

    async def _is_there(self, file: FileRef) -> bool:
        try:
            found = await self._store.get_async(file.key)
        except (FileNotFoundError, GenericError):
            return False
        if found.meta["size"] != file.size:
            return False
        digest = hashlib.sha256()
        async for chunk in found.stream():
            digest.update(bytes(chunk))
        return digest.hexdigest() == file.sha256
