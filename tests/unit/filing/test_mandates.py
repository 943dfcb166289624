"""A mandate that ends early, and a representative who is named later: their rights to act, see and complain."""

from datetime import date
from typing import Final

from rules.complaint.grounds import grounds
from rules.filing.submission.representation import side_after
from rules.officers import on_the_applicants_side
from schemas.complaint.state import Claim
from schemas.people import Actor, Role
from tests.unit.filing.lives import (
    APPLICANT,
    FETCHED,
    FILE,
    HANDOVER,
    MANDATE,
    PAPER,
    RECEPTION,
    REPRESENTATIVE,
    SPECIALIST,
    VERIFY,
    Life,
    at,
    procedure,
)

DUNG: Final = Actor(subject="dung", role=Role.REPRESENTATIVE)
THEIRS: Final = MANDATE.model_copy(update={"id_number": "001099000004"})


def named(life: Life) -> Life:
    return life.do("name_representative", APPLICANT, representative="dung", authorisation=THEIRS)


def test_from_the_revocation_on_the_representative_acts_and_sees_no_more() -> None:
    for by in (APPLICANT, REPRESENTATIVE):
        life = Life().do("revoke_mandate", by)
        assert life.refusal("withdraw", REPRESENTATIVE, reason="-") == [("actor", "mandate_over")]
        assert life.refusal("withdraw", APPLICANT, reason="-") == []
        assert side_after(one.event for one in life.log) == ("an", None, None)
        assert life.refusal("revoke_mandate", APPLICANT) == [("", "nobody_authorised")]
        assert "binh" in on_the_applicants_side(life.filing), "who stood for the applicant handles nothing of it"


def test_the_desk_ends_a_mandate_with_a_signed_request_alone() -> None:
    life = Life(**PAPER)
    assert life.refusal("revoke_mandate", RECEPTION) == [("request", "signed_request_required")]
    assert life.refusal("revoke_mandate", SPECIALIST) == [("actor.role", "role_not_allowed")]
    assert life.do("revoke_mandate", RECEPTION, request=FILE).filing.authorisation is None


def test_a_new_representative_takes_the_place_of_the_first() -> None:
    life = named(at(VERIFY))
    assert life.filing.represented_by == "dung"
    assert life.refusal("withdraw", REPRESENTATIVE, reason="-") == [("actor", "mandate_over")]
    assert life.refusal("withdraw", DUNG, reason="-") == []
    assert side_after(one.event for one in life.log) == ("an", "dung", None)
    assert "dung" in on_the_applicants_side(life.filing)
    life.do("revoke_mandate", DUNG)
    assert life.filing.represented_by is None


def test_a_mandate_represents_until_its_last_day() -> None:
    last = MANDATE.model_copy(update={"valid_until": date(2027, 3, 31)})
    assert side_after(one.event for one in Life(authorisation=last).log) == ("an", "binh", last.valid_until)


def test_who_complains_is_who_represents_now() -> None:
    life = named(Life())
    begun = life.filing.model_copy(update={"seq": 0})
    states = [life.filing] * len(life.log)
    found = grounds(begun, life.log, states, (), Claim(about=1))
    assert {(one.subject, one.role) for one in found.complainants} == {("an", "applicant"), ("dung", "representative")}


def test_what_names_no_representative_is_refused() -> None:
    life = Life()
    for by in ("an", "reception-1"):
        said = {"representative": by, "authorisation": THEIRS}
        assert life.refusal("name_representative", RECEPTION, **said) == [("representative", "represents_themselves")]
    for other, rule in ((THEIRS.model_copy(update={"principal": "001099000009"}), "authorisation_for_someone_else"),):
        refused = life.refusal("name_representative", APPLICANT, representative="dung", authorisation=other)
        assert refused == [("authorisation.principal", rule)]
    assert life.refusal("name_representative", REPRESENTATIVE, representative="dung", authorisation=THEIRS) == [
        ("actor.role", "role_not_allowed")
    ]


def test_the_result_goes_to_the_new_representative_alone() -> None:
    life = named(Life(procedure(), result_channel="counter").accepted().decided().issued())
    said = FETCHED | {"receiver": "representative", "recipient": "Dũng"}
    first = said | {"identity": {"document": "citizen_card", "number": MANDATE.id_number}}
    second = said | {"identity": {"document": "citizen_card", "number": THEIRS.id_number}}
    assert life.refusal("hand_over", HANDOVER, **first) == [("identity.number", "identity_differs")]
    assert life.refusal("hand_over", HANDOVER, **second) == []
