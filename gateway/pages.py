"""The gateway's pages for people: the page after a payment, and the announcement of a planned outage."""

import asyncio
from typing import Final

import structlog
from fastapi import APIRouter
from fastapi.responses import JSONResponse, PlainTextResponse, Response

from gateway.problems import problem_response
from motcua.calls.outage import Outage, announced
from motcua.errors import SettingsError
from schemas.translate import said

RETURNED: Final = "/returned"
"""The page to which a payer's browser returns. Its query is not read: only the callback counts."""
OUTAGE_PATH: Final = "/outage"

_log = structlog.stdlib.get_logger("motcua.gateway")


def pages(announcement: str | None) -> APIRouter:
    """Returns the routes. `announcement`: the address at which a planned outage is announced."""
    routes = APIRouter()

    @routes.get(RETURNED)
    async def returned() -> Response:
        text, found = said("payment.returned"), await _planned(announcement)
        words = [text.vi, text.en] if found is None else [text.vi, found.line.vi, text.en, found.line.en]
        return PlainTextResponse("\n\n".join(words) + "\n")

    @routes.get(OUTAGE_PATH)
    async def outage() -> Response:
        """Reports the planned outage, for portals and for users' `motcua` commands."""
        found = await _planned(announcement)
        return problem_response(404, "no_outage") if found is None else JSONResponse(found.model_dump(mode="json"))

    return routes


async def _planned(announcement: str | None) -> Outage | None:
    try:
        return await asyncio.to_thread(announced, announcement)
    except SettingsError as error:
        _log.warning("outage.unreadable", reason=str(error))
        return None
