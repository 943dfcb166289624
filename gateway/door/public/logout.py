"""The logout of a person from everywhere, as their identity provider orders it (OpenID Connect Back-Channel)."""

from dataclasses import dataclass
from typing import Final
from urllib.parse import parse_qs

from starlette.requests import Request
from starlette.responses import Response

from activities.ledger.vault import IndexKeyGoneError
from gateway.door.identity.signed_out import SignedOutPersons
from gateway.door.identity.tokens import LONGEST, Issuers, NotAuthenticatedError, Reason
from gateway.door.incoming import body_of
from gateway.door.refusals import HttpError, token_problem
from gateway.problems import HttpCode
from schemas.errors import problem

FORM: Final = "application/x-www-form-urlencoded"
_MOST: Final = LONGEST + 1_024


@dataclass(frozen=True)
class Logouts:
    """Records the logouts that identity providers report."""

    issuers: Issuers
    signed_out: SignedOutPersons

    async def note(self, request: Request) -> Response:
        """Answers 200 once the logout holds at every door. Raises `HttpError`: 400 if the token orders no logout."""
        form = parse_qs((await body_of(request, FORM, _MOST)).decode(errors="replace"))
        tokens = form.get("logout_token", [])
        if len(tokens) != 1:
            raise HttpError(HttpCode.BAD_REQUEST, problem("logout_token", "missing", says="misfit.missing"))
        try:
            await self.signed_out.note(await self.issuers.logout(tokens[0]))
        except NotAuthenticatedError as error:
            away = error.reason is Reason.ISSUER_AWAY
            code = HttpCode.UNAVAILABLE if away else HttpCode.BAD_REQUEST
            raise HttpError(code, token_problem("logout_token", error.reason)) from None
        except IndexKeyGoneError:
            raise HttpError(HttpCode.UNAVAILABLE) from None
        return Response(status_code=200)
