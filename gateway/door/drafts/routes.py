"""The routes of drafts: a person saves an unfinished submission, and goes on with it later."""

from dataclasses import dataclass
from functools import partial
from typing import Final
from uuid import UUID

from pydantic import BaseModel
from starlette.requests import Request
from starlette.responses import Response

from gateway.door.acting import applicant
from gateway.door.body import fitting, json_object
from gateway.door.drafts.stored import DraftList, Numbered, Person, SavedDraft, Stored, Unfinished, WholeDraft
from gateway.door.identity.tokens import Issuers
from gateway.door.incoming import body_of, only_at
from gateway.door.operations import VERSION
from gateway.door.public.by_hand import ByHand, Handler
from gateway.door.public.verification import JSON
from gateway.door.reads import Reads
from motcua.json_schema.documents import Plain
from schemas.errors import NOT_FOUND, RefusalCode, RefusalError
from schemas.filing.submission import MAX_SUBMISSION_BYTES

_PATH: Final = f"{VERSION}/drafts/{{id}}"
_ID: Final = {"name": "id", "in": "path", "required": True, "schema": {"type": "string", "format": "uuid"}}
_IF_MATCH: Final = {"$ref": "#/components/parameters/If-Match"}


_by_person = partial(ByHand, open=False)
DRAFTS: Final = (
    _by_person(
        "drafts", "GET", f"{VERSION}/drafts", "The person's drafts, the last saved first.", DraftList, (401, 403)
    ),
    _by_person(
        "draft", "GET", _PATH, "A draft with its content.", WholeDraft, (401, 403, 404), (_ID,), headers=("ETag",)
    ),
    _by_person(
        "save_draft",
        "PUT",
        _PATH,
        "Save an unfinished submission, in place of the draft with this id if there is one (200; else 201).",
        SavedDraft,
        (400, 401, 403, 404, 408, 409, 412, 413, 415, 422),
        (_ID, _IF_MATCH),
        {JSON: {"schema": Unfinished.model_json_schema(schema_generator=Plain)}},
        (200, 201),
        ("ETag",),
    ),
    _by_person(
        "delete_draft", "DELETE", _PATH, "Delete a draft, if there is one.", None, (401, 403, 404), (_ID,), None, (204,)
    ),
)


@dataclass(frozen=True)
class Drafts:
    """Serves drafts to applicants, who may submit them as applicants or representatives. Refuses all other callers.

    Each request is charged to the caller's program as a question, and a save as a submission.
    """

    issuers: Issuers
    reads: Reads
    stored: Stored

    def routes(self) -> list[tuple[ByHand, Handler]]:
        """Returns each route with its handler."""
        return [*zip(DRAFTS, (self.listed, self.one, self.save, self.delete), strict=True)]

    async def listed(self, request: Request) -> Response:
        """Answers with the person's drafts."""
        person = await self._person(request)
        return _json(await self.stored.listed(person))

    async def one(self, request: Request) -> Response:
        """Answers with a draft. Raises `RefusalError`, `not_found`."""
        person = await self._person(request)
        return _numbered(await self.stored.one(person, _id(request)))

    async def save(self, request: Request) -> Response:
        """Saves a draft, and answers without its content. Raises `RefusalError`, or `UnreadableError` for the body."""
        person, draft_id = await self._person(request, saves=True), _id(request)
        body = await body_of(request, JSON, MAX_SUBMISSION_BYTES)
        with fitting(RefusalCode.BAD_SUBMISSION):
            unfinished = Unfinished.model_validate(json_object(body, MAX_SUBMISSION_BYTES), strict=True)
        return _numbered(await self.stored.save(person, draft_id, unfinished, only_at(request).get("only_at")))

    async def delete(self, request: Request) -> Response:
        """Deletes a draft; gives the same answer if there is no such draft."""
        person = await self._person(request)
        await self.stored.delete(person, _id(request))
        return Response(status_code=204)

    async def _person(self, request: Request, *, saves: bool = False) -> Person:
        """Returns the calling applicant. Charges the program. Raises the errors of `caller`, `applicant`, `admit`."""
        caller = await self.issuers.caller(request.headers.get("authorization"))
        person = Person(caller.issuer, caller.client, applicant(caller).subject)
        await self.reads.admit(caller, writes=saves)
        return person


def _id(request: Request) -> UUID:
    """Returns the id in the address. Raises `RefusalError`, `not_found`, for any other text or spelling."""
    text = request.path_params["id"]
    try:
        found = UUID(text)
    except ValueError:
        raise RefusalError(NOT_FOUND) from None
    if str(found) != text:
        raise RefusalError(NOT_FOUND)
    return found


def _numbered(found: Numbered) -> Response:
    answer = _json(found.draft, 201 if found.is_new else 200)
    answer.headers["ETag"] = f'"{found.version}"'
    return answer


def _json(answer: BaseModel, status: int = 200) -> Response:
    return Response(answer.model_dump_json(exclude_none=True), status, media_type=JSON)
