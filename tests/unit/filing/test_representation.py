"""Who files for somebody else: under which authorisation, and for how long they may act."""

from __future__ import annotations

from datetime import date
from typing import Any, Final

import pytest

from rules.filing import lifecycle
from rules.filing.projections import view
from schemas.errors import RefusalError
from schemas.people import Actor, PersonKind, Role
from tests.unit.filing.lives import (
    AN,
    APPLICANT,
    FILE,
    MANDATE,
    PAPER,
    RECEPTION,
    REPRESENTATIVE,
    SPECIALIST,
    START,
    Life,
    local,
)

COMPANY: Final = AN.model_copy(update={"kind": PersonKind.ORGANISATION, "id_number": "0100109106"})
DIRECTOR: Final = Actor(subject="director", role=Role.REPRESENTATIVE)
TODAY: Final = date(2026, 11, 25)
"""The day of `START` in Vietnam, as long as nothing else is said."""

EXPIRED: Final = [("actor", "authorisation_expired")]


def mandate(**said: Any) -> dict[str, Any]:
    return {"authorisation": MANDATE.model_copy(update=said)}


def wrong(**changes: Any) -> list[tuple[str, str]]:
    """Field and rule of everything for which a submission is refused; none if it is filed."""
    try:
        Life(**changes)
    except RefusalError as no:
        return [(problem.field, problem.rule) for problem in no.refusal.problems]
    return []


def test_who_files_for_themselves_brings_no_authorisation_of_somebody_else() -> None:
    said = mandate(principal=MANDATE.id_number)
    assert wrong(actor=APPLICANT, **said) == [("authorisation.principal", "authorisation_for_someone_else")]


@pytest.mark.parametrize(
    ("said", "field", "rule"),
    [
        ({"principal": None}, "principal", "authorisation_incomplete"),
        ({"id_number": None}, "id_number", "authorisation_incomplete"),
        ({"principal": MANDATE.id_number}, "principal", "authorisation_for_someone_else"),
        ({"valid_from": date(2026, 11, 26)}, "valid_from", "authorisation_not_yet_valid"),
        ({"valid_until": date(2026, 11, 24)}, "valid_until", "authorisation_expired"),
        ({"scope": ("1.001193", "2.000636")}, "scope", "authorisation_out_of_scope"),
        ({"media_type": "text/plain"}, "media_type", "file_type_not_accepted"),
    ],
)
def test_one_thing_wrong_with_an_authorisation_is_the_one_thing_said(
    said: dict[str, Any], field: str, rule: str
) -> None:
    assert wrong(**mandate(**said)) == [(f"authorisation.{field}", rule)]


@pytest.mark.parametrize(
    "said",
    [
        {},
        {"valid_from": TODAY, "valid_until": TODAY},
        {"scope": ("1.001193", "2.000635")},
        {"representative": "Trần Văn Bình", "media_type": "image/png"},
    ],
)
def test_one_that_says_what_it_must_is_filed_under(said: dict[str, Any]) -> None:
    assert wrong(**mandate(**said)) == []


def test_the_day_is_that_of_vietnam_at_the_hour_of_receipt() -> None:
    """At half past midnight in Vietnam it is still the day before in Greenwich."""
    life, night = Life(), local("2026-11-26 00:30")
    begun = life.filing.model_copy(update={"seq": 0})
    yesterdays = life.submit(**mandate(valid_until=TODAY))
    with pytest.raises(RefusalError, match="authorisation_expired"):
        lifecycle.decide(begun, yesterdays, night)
    assert lifecycle.decide(begun, life.submit(**mandate(valid_from=date(2026, 11, 26))), night)


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({}, [("authorisation", "authorisation_required")]),
        (mandate(), [("authorisation.principal", "authorisation_for_someone_else")]),
        (mandate(principal=COMPANY.id_number), []),
    ],
)
def test_whoever_represents_an_organisation_is_bound_to_its_code(
    given: dict[str, Any], said: list[tuple[str, str]]
) -> None:
    """Also whoever is said to stand for it by law: that is said by the one who files."""
    director = COMPANY.model_copy(update={"stands_for_it": DIRECTOR.subject})
    assert wrong(**{"authorisation": None} | given, applicant=director, actor=DIRECTOR) == said


def test_an_organisation_that_files_itself_needs_none() -> None:
    assert wrong(authorisation=None, applicant=COMPANY, actor=APPLICANT) == []


def test_the_desk_records_an_authorisation_on_paper_and_what_is_said_of_it_must_be_right() -> None:
    assert wrong(authorisation=FILE.model_dump(), **PAPER) == []
    assert wrong(**mandate(valid_until=date(2026, 11, 24)), **PAPER) == [
        ("authorisation.valid_until", "authorisation_expired")
    ]
    by_post = PAPER | {"channel": "post", "received_at": "2026-11-24T16:00:00+07:00"}
    assert wrong(**mandate(valid_until=date(2026, 11, 24)), **by_post) == []


def acting(**said: Any) -> Life:
    """Three questions are open, and the authorisation ends with the day after."""
    life = Life(**mandate(valid_until=date(2026, 11, 26), **said)).accepted().do("claim", SPECIALIST)
    return life.do("ask", SPECIALIST, question="Ngày sinh?")


def test_a_representative_acts_until_the_last_day_has_passed() -> None:
    life = acting().until("2026-11-26 23:59")
    assert life.refusal("answer", REPRESENTATIVE, n=1, answer="1/1") == []
    life.until("2026-11-27 00:00")
    assert life.refusal("answer", REPRESENTATIVE, n=1, answer="1/1") == EXPIRED
    assert life.refusal("withdraw", REPRESENTATIVE, reason="-") == EXPIRED
    offered = {action.name: action for action in lifecycle.available_actions(life.filing, REPRESENTATIVE, life.now)}
    assert not any(action.allowed for action in offered.values())


def test_then_the_applicant_and_the_desk_act_as_ever() -> None:
    life = acting().until("2026-11-27 08:00")
    assert life.refusal("answer", APPLICANT, n=1, answer="1/1") == []
    assert life.refusal("answer", RECEPTION, n=1, answer="1/1") == []


def test_without_an_end_a_representative_acts_on() -> None:
    life = Life().wait(days=400)
    assert life.refusal("withdraw", REPRESENTATIVE, reason="-") == []
    life.filing = life.filing.model_copy(update={"authorisation": None})  # by a snapshot from before it was kept
    assert life.refusal("withdraw", REPRESENTATIVE, reason="-") == []


def test_officers_are_shown_under_what_it_was_filed() -> None:
    life = Life(**mandate(representative="Trần Văn Bình", valid_until=date(2026, 12, 31), scope=("2.000635",)))
    shown = view(life.filing, life.now, 0).authorisation
    assert shown is not None
    assert (shown.representative, shown.id_number) == ("Trần Văn Bình", MANDATE.id_number)
    assert (shown.valid_until, shown.scope, shown.sha256) == (date(2026, 12, 31), ("2.000635",), MANDATE.sha256)
    assert view(Life(authorisation=None, actor=APPLICANT).filing, START, 0).authorisation is None
