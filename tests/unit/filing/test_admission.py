"""A submission is accepted, or refused with all its problems and an offer; representatives; a mandate's end."""

from datetime import date, datetime
from typing import Any, Final

import pytest

from rules.filing import lifecycle
from rules.filing.conditions import day_of_receipt
from rules.filing.kind import FILING
from rules.filing.submission.admission import admit, form_problems
from rules.time.working_time import VIETNAM
from schemas.errors import Offer, Problem, Refusal, RefusalCode, RefusalError
from schemas.files import Paper
from schemas.filing.state import Filing
from schemas.filing.submission import Submission
from schemas.level import Channel, Level
from schemas.people import Actor, PersonKind, Role
from schemas.publishing.procedure import Term
from schemas.text import FormValue
from tests.unit.filing.lives import (
    ADDRESS,
    AGENCY,
    AN,
    APPLICANT,
    CALENDAR,
    FILE,
    MANDATE,
    PAPER,
    RECEPTION,
    REPRESENTATIVE,
    SPECIALIST,
    Life,
    fee,
    local,
    officer,
    procedure,
    submission,
    wrong,
)
from tests.walking import walked

NOW: Final = datetime(2026, 11, 25, 9, tzinfo=VIETNAM)

OFFICER_AS_APPLICANT = AN.model_copy(update={"subject": RECEPTION.subject})
IDENTITY = Paper(code="identity", file=FILE)


def problems_of(rules: dict[str, Any], **changes: Any) -> list[tuple[str, str]]:
    with pytest.raises(RefusalError) as refused:
        admit(submission(**changes), procedure(**rules), NOW)
    assert refused.value.refusal.code is RefusalCode.BAD_SUBMISSION
    return [(problem.field, problem.rule) for problem in refused.value.refusal.problems]


@walked(
    ("rules", "changes", "field", "rule"),
    [
        ({"level": 3}, {"level": 4, "result_channel": "counter"}, "level", "level_above_procedure"),
        ({}, {"level": 1, "result_channel": "counter"}, "channel", "channel_not_allowed_at_level"),
        ({}, {"level": 2, "result_channel": "counter"}, "channel", "channel_not_allowed_at_level"),
        ({"level": 2}, {"result_channel": "counter"}, "channel", "channel_not_allowed_at_level"),
        ({"review": []}, {}, "procedure", "information_only"),
        ({"review": []}, PAPER, "procedure", "information_only"),
        ({"signature": True}, {"level": 4}, "signature", "signature_required"),
        ({}, {"actor": RECEPTION}, "actor.role", "applicant_files_online"),
        ({}, {"actor": officer(Role.SYSTEM)}, "actor.role", "applicant_files_online"),
        ({}, {"actor": APPLICANT.model_copy(update={"subject": "eve"})}, "actor.subject", "applicant_is_someone_else"),
        ({}, {"channel": "counter"}, "actor", "reception_records_paper"),
        ({}, {"channel": "counter", "actor": officer(Role.CLERK)}, "actor", "reception_records_paper"),
        ({}, PAPER | {"actor": officer(Role.RECEPTION, agency="H56.30")}, "actor", "reception_records_paper"),
        ({}, PAPER | {"applicant": OFFICER_AS_APPLICANT}, "actor.subject", "own_filing"),
        ({}, {"papers": (IDENTITY, Paper(code="diploma", file=FILE))}, "papers[1].code", "unknown_paper"),
        ({}, {"papers": (IDENTITY, IDENTITY)}, "papers[1].code", "paper_twice"),
        ({}, {"papers": (Paper(code="identity"),)}, "papers[0].file", "file_required_online"),
        ({}, {"papers": ()}, "papers.identity", "paper_required"),
        ({}, {"form": {"name": "An", "age": 3}}, "form.age", "unknown_field"),
        ({}, {"form": {"copies": 1}}, "form.name", "field_required"),
        ({}, {"form": {"name": ""}}, "form.name", "field_required"),
        ({}, {"form": {"name": "   "}}, "form.name", "field_required"),
        ({}, {"form": {"name": 7}}, "form.name", "not_a_text"),
        ({}, {"form": {"name": "A"}}, "form.name", "below_minimum"),
        ({}, {"form": {"name": "A" * 21}}, "form.name", "above_maximum"),
        ({}, {"form": {"name": "An", "copies": "2"}}, "form.copies", "not_an_integer"),
        ({}, {"form": {"name": "An", "copies": True}}, "form.copies", "not_an_integer"),
        ({}, {"form": {"name": "An", "copies": -1}}, "form.copies", "below_minimum"),
        ({}, {"form": {"name": "An", "copies": 51}}, "form.copies", "above_maximum"),
        ({}, {"form": {"name": "An", "born": "1/2/2026"}}, "form.born", "not_a_date"),
        ({}, {"form": {"name": "An", "born": "2026-02-30"}}, "form.born", "not_a_date"),
        ({}, {"form": {"name": "An", "born": "20260228"}}, "form.born", "not_a_date"),
        ({}, {"form": {"name": "An", "born": 20260228}}, "form.born", "not_a_date"),
        ({}, {"form": {"name": "An", "urgent": "yes"}}, "form.urgent", "not_a_boolean"),
        ({}, {"form": {"name": "An", "urgent": 1}}, "form.urgent", "not_a_boolean"),
        ({}, {"form": {"name": "An", "register": "divorce"}}, "form.register", "not_a_choice"),
        ({"result_channels": ["counter"]}, {}, "result_channel", "result_channel_not_allowed"),
        ({}, {"level": 3}, "result_channel", "result_channel_not_allowed"),
        ({"result_as_filed": True}, {"result_channel": "counter"}, "result_channel", "result_channel_not_allowed"),
        ({"result_as_filed": True}, PAPER | {"level": 4}, "result_channel", "result_channel_not_allowed"),
        ({}, {"result_channel": "post"}, "address", "address_required"),
        ({"fee": fee(channels=("counter",))}, {"fee_channel": "online"}, "fee_channel", "fee_channel_not_allowed"),
        ({"fee": fee()}, {"fee_channel": "post"}, "fee_channel", "fee_channel_not_allowed"),
        (
            {"fee": fee(), "level": 3},
            {"fee_channel": "online", "result_channel": "counter"},
            "fee_channel",
            "fee_channel_not_allowed",
        ),
        (
            {"fee": fee(channels=("online",)), "level": 3},
            {"result_channel": "counter"},
            "fee_channel",
            "fee_channel_not_allowed",
        ),
    ],
    exactly=45,
)
def test_one_mistake_is_the_one_said(rules: dict[str, Any], changes: dict[str, Any], field: str, rule: str) -> None:
    assert problems_of(rules, **changes) == [(field, rule)]


def test_everything_wrong_is_said_at_once() -> None:
    assert problems_of(
        {"signature": True, "fee": fee(channels=("counter",))},
        level=4,
        actor=RECEPTION,
        papers=(Paper(code="diploma"),),
        form={"name": "A", "age": 3},
        result_channel="post",
    ) == [
        ("signature", "signature_required"),
        ("actor.role", "applicant_files_online"),
        ("papers[0].code", "unknown_paper"),
        ("papers[0].file", "file_required_online"),
        ("papers.identity", "paper_required"),
        ("form.name", "below_minimum"),
        ("form.age", "unknown_field"),
        ("address", "address_required"),
    ]


@pytest.mark.parametrize(
    ("rules", "changes", "level"),
    [
        ({"signature": True}, {"signature": FILE}, 4),
        ({"signature": True}, {"result_channel": "counter"}, 3),
        ({"signature": False}, {}, 4),
        ({"signature": True}, {**PAPER, "result_channel": "counter"}, 3),
        ({}, {**PAPER, "channel": "post", "result_channel": "post", "address": ADDRESS}, 3),
        ({}, {**PAPER, "result_channel": "online"}, 4),
        ({"fee": fee()}, {**PAPER, "result_channel": "counter", "fee_channel": "online"}, 4),
        ({"fee": fee(channels=("online",))}, {**PAPER, "result_channel": "counter"}, 4),
        ({"level": 3}, {**PAPER, "result_channel": "counter"}, 3),
        ({"level": 1}, {**PAPER, "result_channel": "counter"}, 1),
        ({"level": 2}, {**PAPER, "channel": "post", "result_channel": "counter"}, 2),
        ({}, {"level": 3, "result_channel": "counter"}, 3),
    ],
)
def test_the_level_filed_at(rules: dict[str, Any], changes: dict[str, Any], level: int) -> None:
    assert admit(submission(**changes), procedure(**rules), NOW).level == level


URGENT: Final = {"signature": True, "unsigned_when": [{"field": "urgent", "one_of": [True]}]}


@pytest.mark.parametrize(("more", "level"), [({"urgent": True}, 4), ({"urgent": False}, 3), ({}, 3)])
def test_no_signature_is_asked_for_where_something_else_stands_for_it(more: dict[str, bool], level: int) -> None:
    form = {"name": "An"} | more
    assert admit(submission(form=form, result_channel="counter"), procedure(**URGENT), NOW).level == level
    if level == 3:
        assert problems_of(URGENT, form=form, level=4) == [("signature", "signature_required")]


COPIES_0 = {"form": {"name": "An", "copies": 0}}


@walked(
    ("rules", "changes", "channel"),
    [
        ({}, {}, None),
        ({"fee": fee()}, {}, "online"),
        ({"fee": fee()}, {"fee_channel": "counter"}, "counter"),
        ({"fee": fee()}, {"level": 3, "result_channel": "counter"}, "counter"),
        ({"fee": fee(channels=("counter",))}, {}, "counter"),
        ({"fee": fee()}, COPIES_0, None),
        ({"fee": fee()}, COPIES_0 | {"fee_channel": "post"}, None),
    ],
    exactly=7,
)
def test_the_channel_of_the_fee(rules: dict[str, Any], changes: dict[str, Any], channel: str | None) -> None:
    assert admit(submission(**changes), procedure(**rules), NOW).fee_channel == channel


def test_a_complete_submission_with_every_kind_of_field_is_admitted() -> None:
    form: dict[str, FormValue] = {
        "name": "An",
        "copies": 50,
        "born": "2026-02-28",
        "urgent": False,
        "register": "birth",
    }
    assert list(form_problems(procedure(), form)) == []
    assert admit(submission(form=form, result_channel="post", address=ADDRESS), procedure(), NOW).level == 4


SIGNED: Final[dict[str, Any]] = {"signature": True}
AT_COUNTER: Final = Offer(level=Level.ONLINE_FILING, result_channel=Channel.COUNTER)


def refusal(rules: dict[str, Any], **changes: Any) -> Refusal:
    with pytest.raises(RefusalError) as refused:
        Life(procedure(**rules), **changes)
    return refused.value.refusal


def test_what_is_offered_is_filed() -> None:
    no = refusal(SIGNED | {"fee": fee()}, level=4, fee_channel="online")
    assert no.offer is not None
    life = Life(procedure(**SIGNED, fee=fee()), **no.offer.model_dump())
    assert (life.filing.level, life.filing.result_channel, life.filing.fee_channel) == (3, "counter", "counter")


@pytest.mark.parametrize(
    ("rules", "changes", "offer"),
    [
        ({}, {"level": 4, "result_channel": "counter"}, Offer(level=Level.ONLINE_FILING)),
        ({}, {"level": 4, "result_channel": "post", "address": ADDRESS}, Offer(level=Level.ONLINE_FILING)),
        ({}, {}, AT_COUNTER),  # level 3 was taken by itself, and has no such channel
        ({}, {"level": 3}, AT_COUNTER),
        ({"result_channels": ["online", "post", "counter"]}, {"level": 4}, AT_COUNTER),
        (
            {"result_channels": ["online", "post"]},
            {"level": 4},
            Offer(level=Level.ONLINE_FILING, result_channel="post"),
        ),
        ({"fee": fee(channels=("online",))}, {"level": 4, "fee_channel": "online"}, AT_COUNTER),
        ({"result_channels": ["online"]}, {"level": 4}, None),
        ({}, {"level": 2, "result_channel": "counter"}, None),
        ({}, {"result_channel": "counter", "papers": ()}, None),  # a level lower is where it was refused
        ({}, {"signature": FILE, "papers": ()}, None),
        ({"signature": False}, {"level": 4, "papers": ()}, None),
    ],
)
def test_it_is_offered_where_it_would_do(rules: dict[str, Any], changes: dict[str, Any], offer: Offer | None) -> None:
    assert refusal(SIGNED | rules, **changes).offer == offer


FIRST: Final = date(2027, 3, 1)
BEFORE: Final = date(2027, 2, 28)


def received(at: datetime | None) -> Submission:
    return submission().model_copy(update={"received_at": at})


@pytest.mark.parametrize(
    ("at", "now", "day"),
    [
        (None, "2027-02-28 23:59", BEFORE),
        (None, "2027-03-01 00:00", FIRST),
        ("2027-02-28 23:59", "2027-03-01 10:00", BEFORE),
        ("2027-03-01 00:00", "2027-03-01 10:00", FIRST),
        ("2027-03-01 00:00", "2027-02-28 23:59", BEFORE),
    ],
    ids=["last minute", "first minute", "by post before", "by post since", "in the future is today"],
)
def test_the_day_of_receipt_is_one_of_vietnam(at: str | None, now: str, day: date) -> None:
    assert day_of_receipt(received(None if at is None else local(at)), local(now)) == day


def refused(found: dict[str, Any], **changes: Any) -> list[Problem]:
    """Returns the problems for which a submission is refused, if the record has found these facts."""
    life = Life()
    draft = Filing(filing_id=life.filing.filing_id, agency=AGENCY, procedure=procedure(), calendar=CALENDAR, level=1)
    command = life.submit(**changes).model_copy(update=found)
    with pytest.raises(RefusalError) as error:
        lifecycle.decide(draft, command, life.now)
    return list(error.value.refusal.problems)


@pytest.mark.parametrize(
    ("term", "en"),
    [
        (Term(valid_from=FIRST, valid_until=date(2027, 12, 31)), "from 1 March 2027 to 31 December 2027"),
        (Term(valid_from=FIRST), "from 1 March 2027 on"),
        (Term(valid_until=BEFORE), "until 28 February 2027"),
    ],
    ids=["between", "since", "until"],
)
def test_a_version_that_is_not_in_force_says_when_it_is(term: Term, en: str) -> None:
    [named] = refused({"not_in_force": term}, version="2026-12")
    [current] = refused({"not_in_force": term})
    assert (named.field, named.rule) == ("version", "version_not_in_force")
    assert (current.field, current.rule) == ("procedure", "version_not_in_force")
    assert named.message.en == f"this version is in force only for what is received {en}"


# Who files for somebody else.

COMPANY: Final = AN.model_copy(update={"kind": PersonKind.ORGANISATION, "id_number": "0100109106"})
DIRECTOR: Final = Actor(subject="director", role=Role.REPRESENTATIVE)
TODAY: Final = date(2026, 11, 25)
"""The day of `START` in Vietnam, the default day of these tests."""

EXPIRED: Final = [("actor", "authorisation_expired")]


def mandate(**said: Any) -> dict[str, Any]:
    return {"authorisation": MANDATE.model_copy(update=said)}


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
def test_one_mistake_of_an_authorisation_is_the_one_said(said: dict[str, Any], field: str, rule: str) -> None:
    assert wrong(**mandate(**said)) == [(f"authorisation.{field}", rule)]


def test_who_files_for_themselves_or_their_organisation_needs_none_and_brings_none_of_somebody_else() -> None:
    somebody_else = [("authorisation.principal", "authorisation_for_someone_else")]
    assert wrong(actor=APPLICANT, **mandate(principal=MANDATE.id_number)) == somebody_else
    assert wrong(actor=APPLICANT, applicant=COMPANY, authorisation=None) == []


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
    """At 00:30 in Vietnam it is still the day before in UTC."""
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
def test_an_organisations_representative_has_its_code(given: dict[str, Any], said: list[tuple[str, str]]) -> None:
    """A representative by law also needs an authorisation, since only the filer has confirmed the representation."""
    director = COMPANY.model_copy(update={"stands_for_it": DIRECTOR.subject})
    assert wrong(**{"authorisation": None} | given, applicant=director, actor=DIRECTOR) == said


def test_the_desk_records_an_authorisation_on_paper_and_what_is_said_of_it_must_be_right() -> None:
    assert wrong(authorisation=FILE.model_dump(), **PAPER) == []
    assert wrong(**mandate(valid_until=date(2026, 11, 24)), **PAPER) == [
        ("authorisation.valid_until", "authorisation_expired")
    ]
    by_post = PAPER | {"channel": "post", "received_at": "2026-11-24T16:00:00+07:00"}
    assert wrong(**mandate(valid_until=date(2026, 11, 24)), **by_post) == []


def acting(**said: Any) -> Life:
    """Returns a representative's filing with an open question; the authorisation ends with the next day."""
    life = Life(**mandate(valid_until=date(2026, 11, 26), **said)).accepted().do("claim", SPECIALIST)
    return life.do("ask", SPECIALIST, question="Ngày sinh?")


def test_a_representative_acts_until_the_last_day_has_passed() -> None:
    life = acting().until("2026-11-26 23:59")
    assert life.refusal("answer", REPRESENTATIVE, n=1, answer="1/1") == []
    life.until("2026-11-27 00:00")
    assert life.refusal("answer", REPRESENTATIVE, n=1, answer="1/1") == EXPIRED
    assert life.refusal("withdraw", REPRESENTATIVE, reason="-") == EXPIRED
    offered = {action.name: action for action in FILING.actions(life.filing, REPRESENTATIVE, life.now)}
    assert not any(action.allowed for action in offered.values())
    for actor in (APPLICANT, RECEPTION):
        assert life.refusal("answer", actor, n=1, answer="1/1") == []
