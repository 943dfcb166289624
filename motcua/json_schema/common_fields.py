"""The descriptions of fields that stand in four models of the contract or more, and mean the same in each.

Any other field has its description below it, in the source of its model; so has one of these where it means something
else.
"""

from __future__ import annotations

from typing import Final

COMMON: Final = {
    "about": "seq of the event of the filing that is complained about",
    "acting_for": "identity of the absent officer in whose place it is done; not there if in nobody's",
    "actor": "who acts: their identity, their role, and for an officer the agency",
    "agency": "code of the agency that handles it, such as H56.30",
    "amount": "money in đồng",
    "ask": "which question this is",
    "asked": "money in đồng that was asked for",
    "asked_by": "identity of who asked, and of the absent one in whose place that was; empty: the system did",
    "at": "when it happened",
    "by": "by how much longer",
    "calendar": "code and version of the calendar that counts working time, such as vn@2026.1",
    "capture_id": "the bank's own id of the money that it took",
    "channel": "by which way: online, at the counter or by post",
    "client_id": "the system that files, as it calls itself",
    "clock": "which of the filing's clocks",
    "code": "its name in the procedure: lower-case letters, digits and _",
    "copies": "how many originals of the result were made",
    "desk": "code of the agency at whose desk it was handed in, where that is not the one that decides",
    "due": "by when it must be done, as the calendar says",
    "expires_on": "the last day on which the result is in force; not there: for as long as nobody revokes it",
    "filing_id": "the filing's id, derived from client_id and submission_id",
    "forgone": "money in đồng less than was asked, which the agency goes without",
    "kind": "which message this is",
    "legal_basis": "the law that it rests on",
    "level": "level of the online service, 1 to 4: what can be done online",
    "limit": "how long there is",
    "n": "its number in the filing, from 1",
    "name": "what it is called",
    "note": "what is to be said about it",
    "number": "its number, as people quote it",
    "officer": "identity of the officer in the agency's directory",
    "outcome": "how it was decided: approved or refused",
    "overdue": "whether it is past its due moment",
    "part": "code of the part of the procedure that another agency decides",
    "percent": "by how many hundredths of the fee, 1 to 100",
    "procedure": "code of the procedure, such as 1.001193",
    "reason": "why, in words",
    "reference": "number of the official document, such as 123/TB-CCT",
    "registered": "number of the result in the agency's register",
    "result": "the file of the result, or of the notice of refusal",
    "role": "the part that they play",
    "seq": "number of the event in its stream, from 1",
    "sha256": "SHA-256 of the file's bytes, in hex",
    "state": "where it stands",
    "statement": "who speaks, signed by a registered program as a compact JWS; asked for wherever identity is required",
    "status": "national status code of a filing, 1 to 10",
    "step": "code of the review step in the procedure",
    "subject": "who it is: an identity at the identity provider, or in the agency's directory",
    "version": "published version, such as 2026-12",
    "when": "conditions that must all hold; none: always",
}
