"""The headers of requests and answers in the OpenAPI document."""

from typing import Any, Final

REASON_HEADER: Final = "Motcua-Reason"


def _header(schema: dict[str, Any], says: str) -> dict[str, Any]:
    return {"description": says, "schema": schema}


_TEXT: Final = {"type": "string"}
_ETAG: Final = {"type": "string", "pattern": '^"[1-9][0-9]{0,9}"$'}
_REASON: Final = {"type": "string", "maxLength": 18000, "pattern": "^[ -~]+$"}
PARAMETERS: Final = {
    name: {"name": name, "in": "header", "required": False} | header
    for name, header in {
        REASON_HEADER: _header(_REASON, "reason for the look, which the applicant can read, in percent-encoded UTF-8"),
        "Idempotency-Key": _header(
            _TEXT, "the `command_id` or `submission_id` of the body; any other value is refused"
        ),
        "If-Match": _header(
            _ETAG,
            "the ETag of a view: the command holds only while no event by a person has come after it; or that of a "
            "draft: it is saved only while nobody has saved it since",
        ),
        "Accept-Language": _header(_TEXT, "language of a refusal: `vi` or `en`; Vietnamese by default"),
    }.items()
}
_PLACE: Final = "of 201: address of the filing, or of the complaints; of 202: of the receipt or refusal, once known"
HEADERS: Final = {
    "ETag": _header(_ETAG, "number of the last event that the answer shows; of a draft, of its last save"),
    "Location": _header({"type": "string", "format": "uri-reference"}, _PLACE),
    "Retry-After": _header({"type": "integer", "minimum": 1}, "seconds until the request may be sent again"),
    "Content-Language": _header({"enum": ["vi", "en"]}, "language of `title` and `detail`"),
    "WWW-Authenticate": _header(_TEXT, "the scheme `Bearer` (RFC 6750)"),
    "X-Request-Id": _header({"type": "string", "format": "uuid"}, "id of the request, for questions to the operator"),
}
OF_STATUS: Final = {401: ("WWW-Authenticate",), 429: ("Retry-After",), 503: ("Retry-After",)}
