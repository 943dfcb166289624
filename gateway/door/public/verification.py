"""The status of a result in the register, for anybody with its number or its file."""

from dataclasses import dataclass
from typing import Annotated, Final

from pydantic import StringConstraints, ValidationError
from starlette.requests import Request
from starlette.responses import Response

from activities.ledger.database import Pool, acquired
from gateway.door.body import json_object
from gateway.door.incoming import body_of
from schemas.base import StrictModel
from schemas.errors import NOT_FOUND, RefusalCode, RefusalError, shape_refusal
from views.registers.results import standing_of

JSON: Final = "application/json"
_MOST: Final = 1_024


class AskedResult(StrictModel):
    """A result, by its number or by its file."""

    which: Annotated[str, StringConstraints(min_length=1, max_length=100, pattern=r"^[!-~]+$")]
    """number of the result, or the SHA-256 of its file in hexadecimal digits"""


@dataclass(frozen=True)
class Verification:
    """Answers from the register of results. The number is sent in the body, so that no log of addresses contains it."""

    pool: Pool

    async def answer(self, request: Request) -> Response:
        """Returns the status of a result now. Raises `RefusalError` if there is none, or the body does not fit."""
        given = json_object(await body_of(request, JSON, _MOST), _MOST)
        try:
            asked = AskedResult.model_validate(given)
        except ValidationError as error:
            raise shape_refusal(RefusalCode.BAD_COMMAND, error) from None
        async with acquired(self.pool) as connection:
            standing = await standing_of(connection, asked.which)
        if standing is None:
            raise RefusalError(NOT_FOUND)
        return Response(standing.model_dump_json(exclude_none=True), media_type=JSON)
