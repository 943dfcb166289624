"""The back office of the agencies that run none of their own: `python -m workers.backoffice`."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime

import uvloop

from activities.results.notice import notice
from motcua.backoffice import BackOffice, Document, run
from schemas.backoffice import IssueRequest
from workers.telemetry import configure_engine, configure_logging


class PrintingOffice(BackOffice):
    """Makes of the words that every back office has a PDF, which says when it was made."""

    async def issue(self, request: IssueRequest) -> bytes | Document:
        """What officers are to sign stays in words: it is set with its number, and with room for their stamps."""
        words = await super().issue(request)
        if request.number is not None or isinstance(words, bytes):
            return words
        return await asyncio.to_thread(notice, request.dossier.agency, None, words.data.decode(), datetime.now(UTC))


if __name__ == "__main__":
    configure_logging()
    configure_engine()
    uvloop.run(run(PrintingOffice()))
