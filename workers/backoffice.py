"""The back office for agencies that run none of their own: `python -m workers.backoffice`."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime

import uvloop

from activities.results.notice import notice
from motcua.backoffice import BackOffice, Document, run
from schemas.backoffice import IssueRequest
from workers.telemetry import configure_engine, configure_logging


class PrintingOffice(BackOffice):
    """Turns the standard text of a back office into a PDF with its time of creation."""

    async def issue(self, request: IssueRequest) -> bytes | Document:
        """Returns the PDF; a result for officers to sign stays text, since its number and stamps are added later."""
        words = await super().issue(request)
        if request.number is not None or isinstance(words, bytes):
            return words
        return await asyncio.to_thread(notice, request.dossier.agency, None, words.data.decode(), datetime.now(UTC))


if __name__ == "__main__":
    configure_logging()
    configure_engine()
    uvloop.run(run(PrintingOffice()))
