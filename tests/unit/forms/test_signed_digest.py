"""What an applicant signs: the same for everybody who has the submission, and another for each that says otherwise."""

import hashlib
import json
from typing import Any
from unicodedata import normalize

import pytest

from schemas.filing.submission import signed_content, signed_digest
from tests.unit.forms.dossiers import NAME, RESIDENCE, residence

FILE = {"key": "files/x", "sha256": "1" * 64, "size": 9}
SIGNED_FORM = {"code": "declaration", "file": FILE}
PAPERS = RESIDENCE["papers"]
SIGNED = signed_digest(residence(), "declaration")


def test_what_is_signed_is_plain_canonical_json_with_defaults_and_without_nulls() -> None:
    content = json.loads(signed_content(residence(), "declaration"))

    assert content == {
        "client_id": "portal-1",
        "submission_id": "s-1",
        "procedure": "1.004222",
        "agency": "H01.12",
        "channel": "online",
        "applicant": RESIDENCE["applicant"] | {"kind": "person"},
        "form": RESIDENCE["form"],
        "papers": [{"code": "owner_consent", "file": PAPERS[0]["file"] | {"media_type": "application/pdf"}}],
        "result_channel": "post",
        "address": RESIDENCE["address"],
    }
    assert (
        signed_content(residence())
        == json.dumps(content, ensure_ascii=False, sort_keys=True, separators=(",", ":")).encode()
    )
    assert hashlib.sha256(signed_content(residence(), "declaration")).hexdigest() == SIGNED


@pytest.mark.parametrize(
    "same",
    [
        {"signature": FILE},
        {"actor": {"subject": "citizen-2", "role": "representative"}},
        {"via": {"principal": "portal-2"}},
        {"papers": [*PAPERS, SIGNED_FORM]},
        {"papers": [{"code": "declaration"}, *PAPERS]},
        {"channel": "online", "version": None},
        {"applicant": RESIDENCE["applicant"] | {"name": normalize("NFD", NAME)}},
    ],
    ids=str,
)
def test_what_comes_with_the_signature_is_not_signed(same: dict[str, Any]) -> None:
    assert signed_digest(residence(**same), "declaration") == SIGNED


@pytest.mark.parametrize(
    "other",
    [
        {"submission_id": "s-2"},
        {"client_id": "portal-2"},
        {"agency": "H01.13"},
        {"version": "2026-12"},
        {"level": 3},
        {"form": RESIDENCE["form"] | {"members": 3}},
        {"papers": []},
        {"papers": [{"code": "owner_consent", "file": FILE}]},
        {"papers": [*PAPERS, {"code": "kinship", "file": FILE}]},
        {"authorisation": FILE},
        {"applicant": RESIDENCE["applicant"] | {"id_number": "001099012346"}},
        {"payer_account": "9704"},
    ],
    ids=str,
)
def test_everything_else_is(other: dict[str, Any]) -> None:
    assert signed_digest(residence(**other), "declaration") != SIGNED


def test_a_form_that_is_no_paper_leaves_all_papers_in() -> None:
    assert signed_digest(residence(papers=[*PAPERS, SIGNED_FORM])) != SIGNED
