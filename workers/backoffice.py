"""The back office for agencies that run none of their own: `python -m workers.backoffice`."""

import asyncio
from datetime import UTC, datetime

import uvloop

from activities.results.notice import notice
from motcua.backoffice import BackOffice, Document, run
from schemas.backoffice import IssueRequest
from workers.telemetry import configure_engine, configure_logging


class PrintingOffice(BackOffice):
    """A back office that returns its standard answer as a PDF, with the date of its creation."""

    async def issue(self, request: IssueRequest) -> bytes | Document:
        """Returns the result as a PDF; as text if officers will sign it: its number and stamps are added later."""
        words = await super().issue(request)
        if request.number is not None or isinstance(words, bytes):
            return words
        return await asyncio.to_thread(notice, request.dossier.agency, None, words.data.decode(), datetime.now(UTC))


if __name__ == "__main__":
    configure_logging()
    configure_engine()
    uvloop.run(run(PrintingOffice()))
