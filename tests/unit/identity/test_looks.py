"""Question × role × relation, by brute force, against the table of docs/access.md."""

from collections import Counter
from itertools import product
from pathlib import Path
from typing import Any, Final, get_args

import pytest

from rules.identity.looks import (
    ABOUT_A_FILING,
    LISTS,
    OF_AGENCIES,
    OPEN,
    Facts,
    asker,
    reaches,
    sees,
)
from schemas import reading as rd
from schemas.errors import RefusalError
from schemas.identity.statement import ALL_AGENCIES, Assurance, Claim, Grant, Message, Principal, PrincipalKind, Proved
from schemas.people import Actor, Role
from tests.contract.samples import QUESTIONS
from tests.speaking import PROCEDURE, statement
from tests.walking import walked

HERE, DESK, ELSEWHERE = "H01.12", "H01.13", "H56.30"
FILING: Final = Facts(
    filed_by="p-1", procedure=PROCEDURE, agencies=frozenset({HERE, DESK}), applicant="an", representative="chi"
)
ASKED: Final[dict[str, rd.Question]] = {one.ask: one for one in QUESTIONS}
SIDE: Final = {Role.APPLICANT, Role.REPRESENTATIVE}
OVERSEERS: Final = {Role.OPERATOR, Role.AUDITOR}
STAFF: Final = set(Role) - SIDE - OVERSEERS - {Role.SYSTEM}
CLAIM: Final = {Role.OPERATOR: Claim.OPERATOR, Role.AUDITOR: Claim.AUDITOR} | dict.fromkeys(SIDE, Claim.OWN)

STRANGER: Final = Principal(
    id="p-9",
    name="p-9",
    kind=PrincipalKind.DESK,
    grants=(Grant(claim=Claim.DESK, agencies=(ELSEWHERE,), assurance=Assurance.STRONGEST),),
)

FOR: Final[dict[str, set[Role]]] = {
    **dict.fromkeys(
        ["filing", "clocks", "result", "payment", "parcel", "referral", "complaints", "papers", "receipt", "changes"],
        SIDE | STAFF | OVERSEERS,
    ),
    "actions": SIDE | STAFF | OVERSEERS,
    "timeline": STAFF,  # the sample's audience is `officer`
    "delivery": SIDE,
    "parked": OVERSEERS,
    "access": SIDE | OVERSEERS,
}


def told(principal: Principal, actor: Actor | None, acr: str = "2") -> Proved:
    said = statement(Message(act="ask.filing", content="0" * 64), actor=actor, acr=acr, command_id=None, stream=None)
    return Proved(said, principal, "k", "0" * 64)


def program(*grants: Grant, name: str = "p-1") -> Principal:
    return Principal(id=name, name=name, kind=PrincipalKind.DESK, grants=grants)


def granted(role: Role, *agencies: str, least: Assurance = Assurance.TWO_FACTORS, **other: Any) -> Grant:
    claim = CLAIM.get(role, Claim.OFFICERS)
    return Grant(claim=claim, agencies=() if claim is Claim.OWN else agencies or (HERE,), assurance=least, **other)


def see(
    principal: Principal, question: rd.Question, actor: Actor | None, facts: Facts = FILING, acr: str = "2"
) -> bool:
    """Whether they see the filing; not, where they may not ask at all."""
    if isinstance(question, rd.AskActions) and actor is not None:
        question = question.model_copy(update={"actor": actor})
    try:
        return sees(asker(told(principal, actor, acr), question), facts)
    except RefusalError:
        return False


def reached(principal: Principal, question: rd.Question, actor: Actor | None) -> bool:
    """Whether they may ask for this list."""
    try:
        return bool(reaches(asker(told(principal, actor), question), question))
    except RefusalError:
        return False


def somebody(role: Role, *, ours: bool = True, agency: str = HERE) -> Actor:
    subject = {Role.APPLICANT: "an", Role.REPRESENTATIVE: "chi"}.get(role, "officer") if ours else "somebody"
    return Actor(subject=subject, role=role, agency=None if role in SIDE else agency)


def test_every_question_stands_in_one_table() -> None:
    tables = (ABOUT_A_FILING, LISTS, OF_AGENCIES)
    assert Counter(kind for table in tables for kind in table) == Counter(get_args(rd.Question))
    about = {kind for kind in get_args(rd.Question) if "stream" in kind.model_fields}
    assert about == set(ABOUT_A_FILING)


def test_the_table_has_every_question() -> None:
    about = {str(one.model_fields["ask"].default) for one in get_args(rd.Question) if "stream" in one.model_fields}
    assert about == FOR.keys() | {"linked_result"}
    page = (Path(__file__).parents[3] / "docs" / "access.md").read_text(encoding="utf-8")
    assert {name for name in ASKED if f"`{name}`" not in page.split("\n## ")[1]} == set()


@walked("name", FOR, exactly=15)
def test_question_by_role_by_relation(name: str) -> None:
    """Of all that could be otherwise, each thing alone takes the filing out of sight."""
    question = ASKED[name]
    for role, ours, where, filer, procedure, acr in product(
        Role, (True, False), (HERE, DESK, ELSEWHERE), ("p-1", "p-0", "p-9"), (PROCEDURE, "1.001193"), ("1", "2")
    ):
        if role is Role.SYSTEM:
            assert not see(program(granted(Role.SPECIALIST, ALL_AGENCIES)), question, somebody(role))
            continue
        before = ("p-0",) if role in SIDE else ()
        grant = granted(role, ALL_AGENCIES, procedures=(procedure,), predecessors=before)
        actor = somebody(role, ours=ours, agency=where)
        related = (ours and filer != "p-9") if role in SIDE else where != ELSEWHERE
        facts = Facts(filer, PROCEDURE, FILING.agencies, FILING.applicant, FILING.representative)
        expected = role in FOR[name] and related and procedure == PROCEDURE and acr == "2"
        assert see(program(grant), question, actor, facts, acr) is expected, (role, ours, where, filer, procedure, acr)


@walked("name", sorted(FOR.keys() - {"actions"}), exactly=14)
def test_a_program_by_itself_sees_what_grants_of_assurance_1_show(name: str) -> None:
    question = ASKED[name]
    for role, least, where, filer in product(
        set(Role) - {Role.SYSTEM}, Assurance, (HERE, ELSEWHERE, ALL_AGENCIES), ("p-1", "p-9")
    ):
        claim = granted(role, where, least=least)
        allowed = {Role.APPLICANT, Role.REPRESENTATIVE} if role in SIDE else {role} if role in OVERSEERS else STAFF
        related = filer == "p-1" if role in SIDE else where != ELSEWHERE
        facts = Facts(filer, PROCEDURE, FILING.agencies, FILING.applicant, FILING.representative)
        expected = least is Assurance.LOW and bool(allowed & FOR[name]) and related
        assert see(program(claim), question, None, facts) is expected, (role, least, where, filer)


def test_a_program_by_itself_asks_only_for_those_it_may_speak_for() -> None:
    asked = rd.AskActions(stream="filing:x", actor=somebody(Role.SPECIALIST))
    low, high = (program(granted(Role.SPECIALIST, least=least)) for least in (Assurance.LOW, Assurance.TWO_FACTORS))
    assert see(low, asked, None)
    assert not see(high, asked, None)
    assert not see(low, asked.model_copy(update={"actor": somebody(Role.SPECIALIST, agency=ELSEWHERE)}), None)
    assert not see(low, asked.model_copy(update={"actor": somebody(Role.APPLICANT)}), None)
    own = program(granted(Role.APPLICANT, least=Assurance.LOW))
    assert see(own, asked.model_copy(update={"actor": somebody(Role.APPLICANT)}), None)
    assert not see(own, asked.model_copy(update={"actor": somebody(Role.APPLICANT, ours=False)}), None)


def test_actions_are_asked_for_by_whom_they_are() -> None:
    asked = rd.AskActions(stream="filing:x", actor=somebody(Role.LEADER))
    with pytest.raises(RefusalError, match="statement_of_another_actor"):
        asker(told(program(granted(Role.LEADER)), somebody(Role.SPECIALIST)), asked)


@walked("audience", rd.Audience, at_least=4)
@walked("role", sorted(set(Role) - {Role.SYSTEM}), at_least=11)
def test_a_timeline_is_for_its_audience(audience: rd.Audience, role: Role) -> None:
    seen = {rd.Audience.OFFICER: STAFF, rd.Audience.AUDITOR: STAFF | OVERSEERS}.get(audience, set(Role) - {Role.SYSTEM})
    asked = rd.AskTimeline(stream="filing:x", audience=audience)
    assert see(program(granted(role)), asked, somebody(role)) is (role in seen)


OF_ONE_AGENCY: Final = [name for name, one in ASKED.items() if hasattr(one, "agency") and type(one) not in OPEN]


@walked("role", Role, at_least=12)
@walked("name", OF_ONE_AGENCY, at_least=2)
def test_lists_of_an_agency(name: str, role: Role) -> None:
    for asked_of, where, everywhere in product((HERE, ELSEWHERE, None), (HERE, ELSEWHERE), (True, False)):
        if asked_of is None and type(ASKED[name]).model_fields["agency"].is_required():
            continue
        question = ASKED[name].model_copy(update={"agency": asked_of})
        principal = program(granted(role, *((ALL_AGENCIES,) if everywhere else (HERE,))))
        found = reached(principal, question, somebody(role, agency=where))
        officer = role in STAFF | OVERSEERS and (everywhere or where == HERE)
        assert found is (officer and (asked_of == where or (role is Role.OPERATOR and everywhere)))


@pytest.mark.parametrize("name", ["filings", "persons_filings"])
def test_lists_of_filings_reach_what_is_theirs(name: str) -> None:
    question = ASKED[name]
    for role in SIDE:
        with pytest.raises(RefusalError, match="role_not_allowed"):
            asker(told(program(granted(role)), somebody(role)), question)
    mine = granted(Role.APPLICANT, least=Assurance.LOW, predecessors=("p-0",), procedures=(PROCEDURE,))
    (by_itself,) = reaches(asker(told(program(mine), None), question), question)
    assert (by_itself.filers, by_itself.procedures, by_itself.agencies) == (("p-1", "p-0"), (PROCEDURE,), ())
    officers = program(granted(Role.SPECIALIST, ALL_AGENCIES))
    (theirs,) = reaches(asker(told(officers, somebody(Role.SPECIALIST)), question), question)
    assert theirs.agencies == (HERE,)
    assert theirs.filers == (("p-1",) if name == "filings" else ())


def test_a_link_is_for_everybody_who_is_who_they_say() -> None:
    asker(told(STRANGER, None), ASKED["linked_result"])
    asker(told(program(granted(Role.APPLICANT)), somebody(Role.APPLICANT, ours=False)), ASKED["linked_result"])
    with pytest.raises(RefusalError, match="role_not_granted"):
        asker(told(program(granted(Role.APPLICANT)), somebody(Role.LEADER)), ASKED["linked_result"])
