"""How the embedded Temporal is started, and what its lists need of its database."""

import os
import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Final

# Each was measured: without the rates every hop costs 45 ms, with one partition no task waits where nobody polls, and
# 4 s instead of 10 bounds how long an update waits for a worker that was killed. A filing that a bug stalls is marked
# after three tries, and goes on at most 9 s after the fix (docs/operations.md).
CONFIG: Final = {
    "history.transferProcessorMaxPollRPS": "1000",
    "history.transferProcessorMaxPollHostRPS": "1000",
    "history.timerProcessorMaxPollRPS": "1000",
    "history.timerProcessorMaxPollHostRPS": "1000",
    "history.defaultWorkflowTaskTimeout": '"4s"',
    "history.workflowTaskRetryMaxInterval": '"5s"',
    "system.numConsecutiveWorkflowTaskProblemsToTriggerSearchAttribute": "3",
    # A refusal repeats the Update that it refuses: one over the limit would end the filing. Longer ones never reach it.
    "limit.blobSize.error": "4194304",
    "history.maxInFlightUpdatePayloads": "4000000",
    "system.forceSearchAttributesCacheRefreshOnRead": "false",
    # What is done is looked through again with all that comes new, until it is acknowledged: 30 s by default.
    "history.transferProcessorUpdateAckInterval": '"1s"',
    "history.visibilityProcessorUpdateAckInterval": '"1s"',
    "matching.numTaskqueueReadPartitions": "1",
    "matching.numTaskqueueWritePartitions": "1",
}
# A file as fast as memory, and still there after a kill; its log is folded in every 40 MB instead of every 4.
PRAGMAS: Final = {
    "journal_mode": "WAL",
    "synchronous": "NORMAL",
    "wal_autocheckpoint": "10000",
    "busy_timeout": "5000",
}
# Of Go's collector: memory for CPU, unless whoever starts the stack says how much.
RUNTIME: Final = {"GOGC": os.environ.get("GOGC", "400")}

# What somebody asks for: by id, state and kind, by the build that holds it, the schedules apart, the newest first.
INDEXES: Final = frozenset(
    {
        "default_idx",
        "by_workflow_id",
        "by_status",
        "by_workflow_type",
        "by_temporal_namespace_division",
        "by_temporal_worker_deployment_version",
    }
)
LIST: Final = "executions_visibility"
FOUND: Final = "SELECT name FROM sqlite_master WHERE type = 'index' AND tbl_name = ? AND sql IS NOT NULL"


def drop_unused_indexes(database: Path) -> None:
    """Leaves the list of workflows `INDEXES` alone.

    It comes with 58, one a search attribute that somebody might define; each is written again when a workflow starts
    and when it ends. A search by another attribute still works, by reading the list through.
    """
    with closing(sqlite3.connect(database, isolation_level=None)) as connection:
        for (name,) in connection.execute(FOUND, [LIST]).fetchall():
            if name not in INDEXES:
                connection.execute(f"DROP INDEX {name}")
