"""Orders that are on hold, for whoever tests in which order things become known: what the bank knows, it tells late.

While the queries of an order are on hold they are answered 503. Its callbacks wait until each is made by hand.
"""

import sqlite3
from typing import Final

from sandbox.store import Message

SCHEMA: Final = """
CREATE TABLE IF NOT EXISTS hold (
    key TEXT PRIMARY KEY, queries INTEGER NOT NULL, callbacks INTEGER NOT NULL, answered INTEGER NOT NULL DEFAULT 0);
"""


class Hold(Message):
    """Body of `PUT /orders/{key}/hold`: what waits."""

    queries: bool
    callbacks: bool


class Holds:
    """Those in the bank's file. To be used inside of a transaction."""

    def __init__(self, db: sqlite3.Connection) -> None:
        self._db = db

    def put(self, key: str, hold: Hold) -> None:
        """From now on that waits, and queries that are answered are counted from nought."""
        self._db.execute("INSERT OR REPLACE INTO hold VALUES (?, ?, ?, 0)", (key, hold.queries, hold.callbacks))

    def answered(self, key: str) -> int:
        """How many queries were answered since."""
        return int(self._column(key, "answered"))

    def queried(self, key: str) -> bool:
        """Whether a query may be answered; if so, it is counted."""
        if self._column(key, "queries"):
            return False
        self._db.execute("UPDATE hold SET answered = answered + 1 WHERE key = ?", (key,))
        return True

    def callbacks(self, key: str) -> bool:
        """Whether callbacks wait."""
        return bool(self._column(key, "callbacks"))

    def _column(self, key: str, name: str) -> int:
        found = self._db.execute("SELECT * FROM hold WHERE key = ?", (key,)).fetchone()
        return found[name] if found else 0
