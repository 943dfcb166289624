"""Files in the object store: checks that a result's file is there, and already signed if no officer will sign it."""

import hashlib
from datetime import timedelta
from typing import Final

from obstore.exceptions import GenericError
from obstore.store import ObjectStore
from temporalio import activity
from temporalio.common import RetryPolicy
from temporalio.workflow import ActivityConfig, LocalActivityConfig

from activities.ledger.database import Pool, acquired
from activities.ledger.findings import Findings
from activities.results.signed import SignedFiles
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

FIT: Final = "fit"
NOT_IN_STORE: Final = "not_in_store"

_FINDINGS: Final = {FILING.name: issued, RESULT.name: stored}
_AGENCY: Final = "select agency from event where stream = $1 and seq = 1"


class Papers:
    """Reads the object store. `signed` verifies the files of results that are issued as they are."""

    def __init__(self, pool: Pool, store: ObjectStore, findings: Findings, signed: SignedFiles) -> None:
        self._pool = pool
        self._store = store
        self._findings = findings
        self._signed = signed

    @activity.defn(name="papers.confirm")
    async def confirm(self, answer: IssueAnswer) -> str:
        """Returns the rule that forbids the calling workflow to use this file; `FIT` if there is no such rule.

        The rule is `not_in_store` also if the store is away. A filing's file is issued unchanged, so its agency must
        have signed it already (`SignedFiles.fault`); a result's file is signed later.

        No event orders this check, since the agency's answer is recorded only after it. So any workflow may call it,
        and learns nothing without the file's digest. At most the size limit of a file is read.
        """
        try:
            asks = StreamId.parse(activity.info().workflow_id or "")
        except ValueError:
            return NOT_IN_STORE
        file = answer.result
        if asks.kind not in _FINDINGS or file.key != file_key(asks.filing, file.sha256):
            return NOT_IN_STORE
        if (content := await self._content(file)) is None:
            return NOT_IN_STORE
        if asks.kind == FILING.name and (fault := await self._unsigned(str(asks), content)) is not None:
            return fault
        await self._findings.keep(str(asks), _FINDINGS[asks.kind](answer))
        return FIT

    async def _content(self, file: FileRef) -> bytes | None:
        try:
            found = await self._store.get_async(file.key)
        except (FileNotFoundError, GenericError):
            return None
        if found.meta["size"] != file.size:
            return None
        content = b"".join([bytes(chunk) async for chunk in found.stream()])
        return content if hashlib.sha256(content).hexdigest() == file.sha256 else None

    async def _unsigned(self, stream: str, content: bytes) -> str | None:
        async with acquired(self._pool) as connection:
            agency = await connection.fetchval(_AGENCY, stream)
        return NOT_IN_STORE if agency is None else await self._signed.fault(agency, content)
