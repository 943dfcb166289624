"""Orders on hold: the bank withholds its knowledge of them, so that a test can choose the order of the reports.

While an order's queries are on hold, they are answered 503. Its callbacks on hold wait until each is sent by hand.
"""

import sqlite3
from typing import Final

from sandbox.store import Message

SCHEMA: Final = """
CREATE TABLE IF NOT EXISTS hold (
    key TEXT PRIMARY KEY, queries INTEGER NOT NULL, callbacks INTEGER NOT NULL, answered INTEGER NOT NULL DEFAULT 0);
"""


class Hold(Message):
    """Body of `PUT /orders/{key}/hold`: which of the order's reports wait."""

    queries: bool
    callbacks: bool


class Holds:
    """The holds in the bank's file. To be used inside a transaction."""

    def __init__(self, db: sqlite3.Connection) -> None:
        self._db = db

    def put(self, key: str, hold: Hold) -> None:
        """Set the hold of an order, and restart its count of answered queries at 0."""
        self._db.execute("INSERT OR REPLACE INTO hold VALUES (?, ?, ?, 0)", (key, hold.queries, hold.callbacks))

    def answered(self, key: str) -> int:
        """Returns the number of queries answered since the hold was set."""
        return int(self._column(key, "answered"))

    def queried(self, key: str) -> bool:
        """Returns True, and counts the query, if it may be answered."""
        if self._column(key, "queries"):
            return False
        self._db.execute("UPDATE hold SET answered = answered + 1 WHERE key = ?", (key,))
        return True

    def callbacks(self, key: str) -> bool:
        """Returns True if the order's callbacks wait."""
        return bool(self._column(key, "callbacks"))

    def _column(self, key: str, name: str) -> int:
        found = self._db.execute("SELECT * FROM hold WHERE key = ?", (key,)).fetchone()
        return found[name] if found else 0
