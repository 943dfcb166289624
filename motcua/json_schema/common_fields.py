"""The descriptions of fields that stand in four models of the contract or more, and mean the same in each.

Any other field has its description below it, in the source of its model; so has a field of the same name with another
meaning.
"""

from __future__ import annotations

from typing import Final

COMMON: Final = {
    "about": "seq of the filing's event that the complaint is about",
    "acting_for": "identity of the absent officer for whom a substitute acts; not set if there is none",
    "actor": "the acting person: identity, role, and for an officer the agency",
    "agency": "code of the responsible agency, such as H56.30",
    "amount": "amount in đồng",
    "ask": "kind of the question",
    "asked": "requested amount in đồng",
    "asked_by": "identity of the requester, and of the absent officer for whom they acted; empty: the system",
    "at": "time of the event",
    "by": "additional time",
    "calendar": "code and version of the calendar for working time, such as vn@2026.1",
    "capture_id": "the provider's own id of the received money",
    "channel": "channel: online, at the counter or by post",
    "client_id": "id of the client system that files, chosen by itself",
    "clock": "name of the filing's clock",
    "code": "code in the procedure: lower-case letters, digits and _",
    "copies": "number of originals made of the result",
    "desk": "code of the agency at whose desk it was handed in, if that is not the deciding agency",
    "due": "deadline, computed on the calendar",
    "expires_on": "last day on which the result is in force; not set: until it is revoked",
    "filing_id": "id of the filing, derived from client_id and submission_id",
    "forgone": "unpaid rest of the requested amount in đồng, which the agency forgoes",
    "kind": "kind of the message",
    "legal_basis": "legal basis in words",
    "level": "level of the online service, 1 to 4",
    "limit": "length of the time limit",
    "n": "number in the filing, from 1",
    "name": "its name",
    "note": "remark in words",
    "number": "number for people to quote",
    "officer": "identity of the officer in the agency's directory",
    "outcome": "decision: approved or refused",
    "overdue": "whether its deadline has passed",
    "part": "code of the part of the procedure that another agency decides",
    "percent": "percentage of the fee",
    "procedure": "code of the procedure, such as 1.001193",
    "reason": "reason in words",
    "reference": "number of the official document, such as 123/TB-CCT",
    "registered": "number of the result in the agency's register",
    "result": "file of the result, or of the notice of refusal",
    "role": "role of the person or system",
    "seq": "number of the event in its stream, from 1",
    "sha256": "SHA-256 of the file's bytes, in hex",
    "state": "current state",
    "statement": "identity of the caller, signed by a registered program as a compact JWS; required if identities are",
    "status": "national status code of a filing, 1 to 10",
    "step": "code of the review step in the procedure",
    "subject": "identity at the identity provider, or in the agency's directory",
    "version": "published version, such as 2026-12",
    "when": "conditions that must all hold; none: always",
}
