"""The state of a dossier by its code, which is printed on the receipt: the answer names nobody."""

import re
from dataclasses import dataclass
from typing import Final

from starlette.requests import Request
from starlette.responses import Response

from activities.ledger.database import Pool, acquired
from schemas.errors import NOT_FOUND, RefusalError
from views.public import tracked

_CODE: Final = re.compile(r"[A-Z0-9][A-Z0-9.-]{0,63}")


@dataclass(frozen=True)
class Tracking:
    """Answers by dossier code. An erased filing gets the answer of an unknown code."""

    pool: Pool

    async def answer(self, request: Request) -> Response:
        """Returns a dossier's state. Raises `RefusalError`, `not_found`."""
        code = request.path_params["code"]
        if not _CODE.fullmatch(code):
            raise RefusalError(NOT_FOUND)
        async with acquired(self.pool) as connection:
            state = await tracked(connection, code)
        return Response(state.model_dump_json(), media_type="application/json")
