"""The routes that do not belong to a message of the contract: addresses, descriptions and handlers."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final, Self

from starlette.requests import Request
from starlette.responses import Response

from activities.ledger.authority.budgets import Allowance, Budget
from activities.ledger.database import Pool
from gateway.door.identity.signed_out import SignedOutPersons
from gateway.door.identity.tokens import Issuers
from gateway.door.incoming import peer
from gateway.door.operations import VERSION
from gateway.door.public.blanks import PDF, Blanks
from gateway.door.public.catalogue import FORM_PATH, Catalogue, ProcedurePage, Procedures
from gateway.door.public.logout import FORM, Logouts
from gateway.door.public.tracking import Tracking
from gateway.door.public.verification import JSON, AskedResult, Verification
from schemas.result.state import ResultStanding
from views.public import Tracked

Handler = Callable[[Request], Awaitable[Response]]
BUDGET: Final = Budget(rate=5, most=100)
"""The requests of one peer address: five each second, and a hundred at once."""


@dataclass(frozen=True)
class ByHand:
    """A route that is written by hand. `answer`: the type of the answer; None if it is empty, or is a `file`.

    `statuses`: the statuses of success; `headers`: the answer's headers; `open`: whether no access token is needed.
    """

    name: str
    method: str
    path: str
    summary: str
    answer: Any
    refusals: tuple[int, ...] = ()
    parameters: tuple[Mapping[str, Any], ...] = ()
    body: Mapping[str, Any] | None = None
    statuses: tuple[int, ...] = (200,)
    headers: tuple[str, ...] = ()
    open: bool = True
    file: str | None = None
    """media type of the file that is the answer"""

    def described(self, answer: Mapping[str, Any]) -> dict[str, Any]:
        """Returns the route's operation in the OpenAPI document. `answer`: the schema of the route's answer."""
        kinds = {JSON: {"schema": answer}} if self.answer is not None else {self.file: {}} if self.file else {}
        content: dict[str, Any] = {"content": kinds} if kinds else {}
        refusals = (*self.refusals, 429, 500, 503)
        responses = {str(status): {"$ref": f"#/components/responses/{status}"} for status in refusals}
        headers = {name: {"$ref": f"#/components/headers/{name}"} for name in self.headers}
        answered = {"description": "The answer."} | content | ({"headers": headers} if headers else {})
        body = {} if self.body is None else {"requestBody": {"required": True, "content": self.body}}
        return body | {
            "operationId": self.name,
            "summary": self.summary,
            "tags": [self.path.split("/")[2]],
            **({"security": []} if self.open else {}),
            "parameters": [*self.parameters],
            "responses": dict.fromkeys(map(str, self.statuses), answered) | responses,
        }


_CODE: Final = {"name": "code", "in": "path", "required": True, "schema": {"type": "string"}}
_NAME: Final = {"name": "name", "in": "path", "required": True, "schema": {"type": "string"}}
_AFTER: Final = {"name": "after", "in": "query", "required": False, "schema": {"type": "string"}}
_TOKEN: Final = {
    FORM: {
        "schema": {"type": "object", "properties": {"logout_token": {"type": "string"}}, "required": ["logout_token"]}
    }
}
LOGOUT: Final = ByHand(
    "backchannel_logout",
    "POST",
    f"{VERSION}/backchannel-logout",
    "Sign a person out everywhere, by a logout token of their provider (OpenID Connect Back-Channel Logout 1.0).",
    None,
    (400, 408, 415),
    body=_TOKEN,
)
TRACKING: Final = ByHand(
    "tracking", "GET", f"{VERSION}/tracking/{{code}}", "The state of a dossier by its code.", Tracked, (404,), (_CODE,)
)
PROCEDURES: Final = ByHand(
    "procedures", "GET", f"{VERSION}/procedures", "The procedures in force, by code.", Catalogue, (), (_AFTER,)
)
PROCEDURE: Final = ByHand(
    "procedure",
    "GET",
    f"{VERSION}/procedures/{{code}}",
    "The public page of a procedure, with its eleven items.",
    ProcedurePage,
    (404,),
    (_CODE,),
)
BLANK: Final = ByHand(
    "blank_form", "GET", FORM_PATH, "A blank form of a procedure.", None, (404,), (_CODE, _NAME), file=PDF
)
VERIFICATION: Final = ByHand(
    "result_verification",
    "POST",
    f"{VERSION}/results/verification",
    "The status of a result, by its number or by the SHA-256 of its file.",
    ResultStanding,
    (400, 404, 408, 413, 415, 422),
    body={JSON: {"schema": AskedResult.model_json_schema() | {"additionalProperties": False}}},
)
BY_HAND: Final = (LOGOUT, TRACKING, PROCEDURES, PROCEDURE, BLANK, VERIFICATION)


@dataclass(frozen=True)
class Public:
    """The routes that require no access token. Each peer address has a budget."""

    logouts: Logouts
    tracking: Tracking
    procedures: Procedures
    blanks: Blanks
    verification: Verification
    allowance: Allowance

    @classmethod
    def over(cls, pool: Pool, issuers: Issuers, signed_out: SignedOutPersons) -> Self:
        """Returns the routes' handlers, which use the record behind `pool`."""
        procedures = Procedures(pool)
        answers = Tracking(pool), procedures, Blanks(procedures), Verification(pool)
        return cls(Logouts(issuers, signed_out), *answers, Allowance())

    def routes(self) -> list[tuple[ByHand, Handler]]:
        """Returns each route with its handler."""
        catalogue = self.procedures.listed, self.procedures.one, self.blanks.answer
        handlers = self.logouts.note, self.tracking.answer, *catalogue, self.verification.answer
        return [(one, self._bounded(act)) for one, act in zip(BY_HAND, handlers, strict=True)]

    def _bounded(self, act: Handler) -> Handler:
        async def bounded(request: Request) -> Response:
            self.allowance.spend(peer(request), BUDGET, 1)
            return await act(request)

        return bounded
