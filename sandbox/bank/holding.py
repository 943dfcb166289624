"""Orders on hold: the bank does not report their state, so that a test can choose when each report comes.

While an order's queries are on hold, they are answered with 503. Callbacks on hold wait until a test sends each.
"""

import sqlite3
from typing import Final

from sandbox.store import Message

SCHEMA: Final = """
CREATE TABLE IF NOT EXISTS hold (
    key TEXT PRIMARY KEY, queries INTEGER NOT NULL, callbacks INTEGER NOT NULL, answered INTEGER NOT NULL DEFAULT 0);
"""


class Hold(Message):
    """Body of `PUT /orders/{key}/hold`: whether the order's queries, and its callbacks, are on hold."""

    queries: bool
    callbacks: bool


class Holds:
    """The holds, stored in the bank's file. Call the methods inside a transaction."""

    def __init__(self, db: sqlite3.Connection) -> None:
        self._db = db

    def put(self, key: str, hold: Hold) -> None:
        """Sets an order's hold, and sets the count of its answered queries to 0."""
        self._db.execute("INSERT OR REPLACE INTO hold VALUES (?, ?, ?, 0)", (key, hold.queries, hold.callbacks))

    def answered(self, key: str) -> int:
        """Returns the number of the order's queries that were answered since its hold was set."""
        return int(self._column(key, "answered"))

    def queried(self, key: str) -> bool:
        """Returns True if a query about the order may be answered, and counts it as answered."""
        if self._column(key, "queries"):
            return False
        self._db.execute("UPDATE hold SET answered = answered + 1 WHERE key = ?", (key,))
        return True

    def callbacks(self, key: str) -> bool:
        """Returns True if the order's callbacks are on hold."""
        return bool(self._column(key, "callbacks"))

    def _column(self, key: str, name: str) -> int:
        found = self._db.execute("SELECT * FROM hold WHERE key = ?", (key,)).fetchone()
        return found[name] if found else 0
