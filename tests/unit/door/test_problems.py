"""Refusals over HTTP: each code has a status and words, in the language that the request prefers."""

import json

import pytest

from gateway.door.refusals import answer_to, is_expected
from gateway.problems import STATUS, HttpCode, language_of, refusal_response
from motcua.errors import refused as typed
from rules.identity.grants import not_authorised
from schemas.errors import Refusal, RefusalCode, problem
from schemas.words.catalogue import SENTENCES
from tests.conftest import ROOT


def test_every_code_has_a_status_and_a_title() -> None:
    assert set(STATUS) == {*RefusalCode, *HttpCode}
    assert {f"http.{code}" for code in STATUS} == {key for key in SENTENCES if key.startswith("http.")}
    assert set(STATUS.values()) == {400, 401, 403, 404, 405, 408, 409, 412, 413, 415, 422, 429, 500, 503}


def test_a_refusal_by_the_rules_keeps_its_reasons_in_both_languages() -> None:
    why = problem("actor.role", "role_not_allowed", names="cán bộ")
    refusal = Refusal(code=RefusalCode.NOT_ALLOWED, problems=(why,), allowed=("claim",))
    answer = refusal_response(refusal.code, refusal, "en", "r-1")
    assert (answer.status_code, answer.headers["content-type"]) == (409, "application/problem+json")
    assert answer.headers["content-language"] == "en"
    assert json.loads(bytes(answer.body)) == {
        "type": "urn:motcua:problem:not_allowed",
        "title": SENTENCES["http.not_allowed"][1],
        "status": 409,
        "code": "not_allowed",
        "detail": why.message.en,
        "problems": [why.model_dump()],
        "allowed": ["claim"],
        "request_id": "r-1",
    }


def test_a_refusal_without_reasons_says_its_title_and_when_to_try_again() -> None:
    answer = refusal_response(HttpCode.UNAVAILABLE, (), "vi", "r-2", again_in=1.2)
    assert (answer.status_code, answer.headers["retry-after"]) == (503, "2")
    told = json.loads(bytes(answer.body))
    assert (told["detail"], told["again_in"]) == (SENTENCES["http.unavailable"][0], 1.2)
    too_much = Refusal(code=RefusalCode.TOO_MANY, problems=(), again_in=0.4)
    assert refusal_response(too_much.code, too_much, "vi", "r-3").headers["retry-after"] == "1"


@pytest.mark.parametrize(
    ("rule", "status"), [("principals_not_at_hand", 503), ("clock_is_off", 503), ("statement_of_another_actor", 403)]
)
def test_while_the_programs_cant_be_read_nobody_is_called_unauthorised(rule: str, status: int) -> None:
    for error in (not_authorised(rule, seconds=90), typed(not_authorised(rule, seconds=90).refusal)):
        answer = answer_to(error, "vi", "r-4")
        assert (answer.status_code, "retry-after" in answer.headers) == (status, status == 503)
        assert is_expected(error)


@pytest.mark.parametrize(
    ("header", "language"),
    [
        (None, "vi"),
        ("", "vi"),
        ("en", "en"),
        ("en-GB, vi;q=0.9", "en"),
        ("en;q=0.5, vi-VN;q=0.8", "vi"),
        ("fr, de;q=0.9", "vi"),
        ("fr, EN;q=0.1", "en"),
        ("en;q=0", "vi"),
        ("en;q=nan", "vi"),
        ("en;level=1", "vi"),
        ("vi, en", "vi"),
    ],
)
def test_the_language_is_the_one_that_is_preferred(header: str | None, language: str) -> None:
    assert language_of(header) == language


def test_the_page_has_the_status_of_each_code() -> None:
    page = (ROOT / "docs" / "http.md").read_text(encoding="utf-8")
    for status in set(STATUS.values()):
        codes = ", ".join(f"`{code}`" for code, of in STATUS.items() if of == status)
        assert f"| {status} | {codes} |" in page
