"""The settings of the embedded Temporal, and the indexes that its list of workflows needs."""

import os
import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Final

# Each was measured: without the rates every hop costs 45 ms; with one partition no task waits where nobody polls; a
# timeout of 4 s instead of 10 shortens an update's wait for a killed worker. A filing stalled by a bug is marked after
# three tries, and goes on at most 9 s after the fix (docs/operations.md).
CONFIG: Final = {
    "history.transferProcessorMaxPollRPS": "1000",
    "history.transferProcessorMaxPollHostRPS": "1000",
    "history.timerProcessorMaxPollRPS": "1000",
    "history.timerProcessorMaxPollHostRPS": "1000",
    "history.defaultWorkflowTaskTimeout": '"4s"',
    "history.workflowTaskRetryMaxInterval": '"5s"',
    "system.numConsecutiveWorkflowTaskProblemsToTriggerSearchAttribute": "3",
    # A refusal repeats the refused Update: one over the limit would end the filing. Longer Updates never reach it.
    "limit.blobSize.error": "4194304",
    "history.maxInFlightUpdatePayloads": "4000000",
    "system.forceSearchAttributesCacheRefreshOnRead": "false",
    # Finished tasks are read again with every new one, until they are acknowledged: 30 s by default.
    "history.transferProcessorUpdateAckInterval": '"1s"',
    "history.visibilityProcessorUpdateAckInterval": '"1s"',
    "matching.numTaskqueueReadPartitions": "1",
    "matching.numTaskqueueWritePartitions": "1",
}
# A file as fast as memory that survives a kill; its log is merged every 40 MB instead of every 4.
PRAGMAS: Final = {"journal_mode": "WAL", "synchronous": "NORMAL", "wal_autocheckpoint": "10000", "busy_timeout": "5000"}
# Go's garbage collector: uses more memory to save CPU, unless the environment sets it.
RUNTIME: Final = {"GOGC": os.environ.get("GOGC", "400")}

# The indexes of the searches in use: by id, state, type, build and division (schedules), the newest first.
INDEXES: Final = frozenset(
    {
        *("default_idx", "by_workflow_id", "by_status", "by_workflow_type", "by_temporal_namespace_division"),
        "by_temporal_worker_deployment_version",
    }
)
LIST: Final = "executions_visibility"
FOUND: Final = "SELECT name FROM sqlite_master WHERE type = 'index' AND tbl_name = ? AND sql IS NOT NULL"


def drop_unused_indexes(database: Path) -> None:
    """Drops all indexes of the list of workflows except `INDEXES`.

    The list has 58 indexes, each written at each start and end of a workflow. A search without an index reads all of
    the list.
    """
    with closing(sqlite3.connect(database, isolation_level=None)) as connection:
        for (name,) in connection.execute(FOUND, [LIST]).fetchall():
            if name not in INDEXES:
                connection.execute(f"DROP INDEX {name}")
