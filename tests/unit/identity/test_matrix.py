"""All rights by brute force: commands by role, state and principal; questions by role and relation; wider grants."""

from collections import Counter, defaultdict
from collections.abc import Iterator
from datetime import timedelta
from itertools import product
from pathlib import Path
from typing import Any, Final, get_args

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from docs.tools.law.matrix import SYSTEM_KINDS, matrix
from docs.tools.law.situations import Situation, situations
from docs.tools.law.stories import AGENCY, DESK, somebody, ways
from rules.filing.queues import PUBLIC_KINDS, check
from rules.identity.grants import not_granted, speaks_for, widens
from rules.identity.looks import ABOUT_A_FILING, LISTS, OF_AGENCIES, OPEN, Facts, asker, reaches, sees
from schemas import reading as rd
from schemas.errors import RefusalError
from schemas.identity.statement import (
    ALL_AGENCIES,
    Assurance,
    Claim,
    Grant,
    IdentityStatement,
    Message,
    Principal,
    PrincipalKind,
    Proved,
)
from schemas.people import OFFICERS, Actor, Role
from tests.contract.samples import QUESTIONS
from tests.speaking import DAY, NOW, PROCEDURE, grant, key_of, principal, statement
from tests.tiers import examples
from tests.walking import walked

ELSEWHERE: Final = "H99.99"
HERE: Final = "1.000001"
BEFORE: Final = "portal-0"
KINDS: Final = (*PUBLIC_KINDS, *SYSTEM_KINDS)

SPOKEN_FOR_BY: Final = {
    Role.APPLICANT: {"own"},
    Role.REPRESENTATIVE: {"own"},
    Role.RECEPTION: {"officers", "desk"},
    Role.SPECIALIST: {"officers"},
    Role.LEADER: {"officers"},
    Role.CLERK: {"officers"},
    Role.CASHIER: {"officers", "desk"},
    Role.HANDOVER: {"officers", "desk"},
    Role.TEAM_LEAD: {"officers"},
    Role.OPERATOR: {"operator"},
    Role.AUDITOR: {"auditor"},
    Role.SYSTEM: set[str](),
}
"""The claims by which a principal may speak for each role: repeated here as docs/identity.md has them."""

Cell = tuple[str, str, str]
"""Situation, role, command."""


def grants() -> Iterator[Grant]:
    """Yields grants of every kind."""
    assurances, procedures = (Assurance.LOW, Assurance.BIOMETRIC), ((), (HERE,), (PROCEDURE,))
    for claim, least, only in product(Claim, assurances, procedures):
        if claim is Claim.PROGRAMS:
            yield grant(claim, least=least)
        elif claim is Claim.OWN:
            for predecessors in ((), (BEFORE,)):
                yield grant(claim, least=least, procedures=only, predecessors=predecessors)
        else:
            for agencies in ((AGENCY,), (DESK,), (ELSEWHERE,), (ELSEWHERE, AGENCY), ("*",)):
                yield grant(claim, *agencies, least=least, procedures=only)


def widest() -> Iterator[Grant]:
    """Yields for each claim the widest grant that can be given."""
    for claim in Claim:
        own = claim is Claim.OWN
        agencies = () if claim in {Claim.OWN, Claim.PROGRAMS} else ("*",)
        yield grant(claim, *agencies, least=Assurance.LOW, predecessors=(BEFORE,) if own else ())


def fits(one: Grant, actor: Actor, filed_by: str) -> bool:
    """Returns True if a grant covers this actor, authenticated by two factors, in a filing of this program."""
    if one.claim.value not in SPOKEN_FOR_BY[actor.role] or one.procedures == (PROCEDURE,):
        return False
    if actor.agency is None:
        whose = filed_by in {"program", *one.predecessors}
    else:
        whose = not {"*", actor.agency}.isdisjoint(one.agencies)
    return whose and one.assurance == Assurance.LOW


def actors(situation: Situation, role: Role) -> set[Actor]:
    """Returns a situation's actor in this role, and other actors in it unless the situation is about that person."""
    others = {somebody(role, "stranger")} if role not in OFFICERS else {somebody(role, agency=one) for one in _AGENCIES}
    return {situation.actor(role)} | (set() if role is Role.SYSTEM or role in situation.actors else others)


_AGENCIES: Final = (AGENCY, DESK, ELSEWHERE)


def ruled(situation: Situation, kind: str, actor: Actor) -> bool:
    """Returns True if the rules allow this actor to give the command."""
    story = situation.story
    if check(story.filing, kind, actor, story.now) is not None:
        return False
    try:
        return bool([story.copy().do(kind, actor, **said) for said in ways(story.filing, kind)])
    except RefusalError:
        return False


@pytest.fixture(scope="module")
def happening() -> dict[Cell, set[Actor]]:
    """The actors to whom the rules allow each cell's command, whichever program signs."""
    found: dict[Cell, set[Actor]] = defaultdict(set)
    for situation, role, kind in product(situations(), Role, KINDS):
        found[situation.name, role, kind] |= {one for one in actors(situation, role) if ruled(situation, kind, one)}
    return found


def signed(who: Principal, actor: Actor, filed_by: str) -> bool:
    """Returns True if this principal may sign a message for this actor."""
    about = Message(act="a", actor=actor, content="0" * 64, procedure=HERE, filed_by=filed_by)
    return not_granted(Proved(statement(about, who.id, acr="2"), who, "k" * 43, "0" * 64), about) is None


def test_no_grant_opens_a_cell_beyond_the_matrix_and_each_cell_is_open(happening: dict[Cell, set[Actor]]) -> None:
    law = {(row.situation, row.role, row.command) for row in matrix().rows if row.allowed}
    one_key: Any = (key_of(1),)
    programs = [(one, principal("program", one, keys=one_key)) for one in grants()]
    everything = principal("program", *widest(), keys=one_key)
    beyond, differs, opened = set(), set(), set[Cell]()
    for cell, who in happening.items():
        for actor, filed_by in product(who, ("program", BEFORE, "another")):
            if signed(everything, actor, filed_by) and cell not in law:
                beyond.add((cell, actor))
    may = {
        (actor, filed_by): [(one, signed(program, actor, filed_by)) for one, program in programs]
        for actor in {actor for who in happening.values() for actor in who}
        for filed_by in ("program", BEFORE, "another")
    }
    for (actor, filed_by), granted in may.items():
        differs |= {(actor, filed_by, one) for one, may_ in granted if may_ is not fits(one, actor, filed_by)}
    for cell, who in happening.items():
        if any(may_ for actor in who for _, may_ in may[actor, "program"]):
            opened.add(cell)
    assert not beyond
    assert not differs
    assert opened == {cell for cell in law if cell[1] != Role.SYSTEM}


# A change widens what a principal may claim just when it allows something that it did not: held against the grants.

ROLES: Final = (Role.APPLICANT, Role.RECEPTION, Role.SPECIALIST, Role.OPERATOR, Role.AUDITOR)
AGENCIES: Final = (None, "H01.12", "H56.30", "H29.05")
PROCEDURES: Final = ("1.001193", "2.000635", "3.000001")
FILERS: Final = ("desk-1", "portal-1", "portal-9")
CLIENTS: Final = ("portal-1", "portal-9")
"""Client ids, the last of which no grant names."""

EVERYTHING: Final = [
    (
        IdentityStatement.model_construct(
            **statement().model_dump() | {"actor": Actor(subject="x", role=role, agency=agency), "acr": str(int(acr))}
        ),
        Message(act="accept", content="0" * 64, procedure=procedure, filed_by=filer, client_id=client),
    )
    for role, agency, procedure, filer, acr in product(ROLES, AGENCIES, PROCEDURES, FILERS, Assurance)
    for client in (None, *CLIENTS)
]


SPOKEN_FOR: Final = (principal("portal-9", keys=()), principal("operations", grant(Claim.OPERATOR, "*"), keys=()))
"""Programs to speak for. A grant for all programs covers the first one only; the second must be named."""


def allowed(grants: tuple[Grant, ...]) -> set[Any]:
    """Returns all that these grants allow: the indexes of messages, and the programs to speak for, by assurance."""
    about = principal("desk-1", *grants, keys=())
    programs = {(one.id, acr) for one in SPOKEN_FOR for acr in Assurance if speaks_for(about, one, acr)}
    return programs | {
        place
        for place, (said, message) in enumerate(EVERYTHING)
        if not_granted(Proved(statement=said, principal=about, key_id="k", sha256="0" * 64), message) is None
    }


@st.composite
def some_grant(draw: st.DrawFn) -> Grant:
    claim = draw(st.sampled_from(Claim))
    own = claim is Claim.OWN
    if claim is Claim.PROGRAMS:
        programs = draw(st.sets(st.sampled_from(("*", "operations")), min_size=1))
        return Grant(claim=claim, programs=tuple(sorted(programs)), assurance=draw(st.sampled_from(Assurance)))
    return Grant(
        claim=claim,
        agencies=tuple(sorted(() if own else draw(st.sets(st.sampled_from((*AGENCIES[1:-1], "*")), min_size=1)))),
        procedures=tuple(sorted(draw(st.sets(st.sampled_from(PROCEDURES[:-1]))))),
        predecessors=tuple(draw(st.sets(st.just(FILERS[1])))) if own else (),
        client_ids=tuple(sorted(draw(st.sets(st.sampled_from((*CLIENTS[:-1], "*")))))) if claim in MAY_FILE else (),
        assurance=draw(st.sampled_from(Assurance)),
    )


MAY_FILE: Final = (Claim.OWN, Claim.OFFICERS, Claim.DESK)
GRANTS: Final = st.lists(some_grant(), min_size=1, max_size=4).map(tuple)


def nearly(grants: tuple[Grant, ...], data: st.DataObject) -> tuple[Grant, ...]:
    """Returns these grants with one of them changed: another assurance, and perhaps fewer procedures."""
    place = data.draw(st.integers(0, len(grants) - 1))
    other: dict[str, Any] = {"assurance": data.draw(st.sampled_from(Assurance))}
    if data.draw(st.booleans()):
        other["procedures"] = grants[place].procedures[1:]
    return (*grants[:place], grants[place].model_copy(update=other), *grants[place + 1 :])


@given(GRANTS, st.data())
@settings(max_examples=examples(200), deadline=None)
def test_it_widens_just_when_something_more_is_allowed(before: tuple[Grant, ...], data: st.DataObject) -> None:
    after = nearly(before, data) if data.draw(st.booleans()) else data.draw(GRANTS)
    found = widens(principal("desk-1", *before, keys=()), principal("desk-1", *after, keys=()))
    assert found is not (allowed(after) <= allowed(before))


def test_two_grants_of_before_may_cover_one_together() -> None:
    both = grant(Claim.OFFICERS, "H01.12", "H56.30", procedures=PROCEDURES[:2])
    parts = [grant(Claim.OFFICERS, one, procedures=(of,)) for one in AGENCIES[1:3] for of in PROCEDURES[:2]]
    assert not widens(principal("d", *parts, keys=()), principal("d", both, keys=()))
    assert widens(principal("d", *parts[1:], keys=()), principal("d", both, keys=()))


KEPT: Final = principal("desk-1", grant(Claim.OFFICERS, "H01.12"), keys=(key_of(1), key_of(2, revoked_at=NOW)))
CHANGES: Final[dict[str, tuple[Principal | None, dict[str, Any], bool]]] = {
    "a new one": (None, {}, True),
    "nothing": (KEPT, {}, False),
    "another name": (KEPT, {"name": "Another"}, False),
    "something else": (KEPT, {"kind": PrincipalKind.PORTAL}, True),
    "somebody else's": (KEPT, {"agency": "H01.12"}, True),
    "one person's": (KEPT, {"subject": "h01.12-leader-1"}, False),
    "everybody's": (KEPT.model_copy(update={"subject": "h01.12-leader-1"}), {"subject": None}, True),
    "another person's": (KEPT.model_copy(update={"subject": "a"}), {"subject": "b"}, True),
    "a key": (KEPT, {"keys": (*KEPT.keys, key_of(3))}, True),
    "one key less": (KEPT, {"keys": KEPT.keys[:1]}, False),
    "a key revoked": (KEPT, {"keys": (key_of(1, revoked_at=NOW), KEPT.keys[1])}, False),
    "a key no longer revoked": (KEPT, {"keys": (key_of(1), key_of(2))}, True),
    "a longer key": (KEPT, {"keys": (key_of(1, valid_until=NOW + 2 * DAY), KEPT.keys[1])}, True),
    "a shorter key": (KEPT, {"keys": (key_of(1, valid_until=NOW + timedelta(seconds=1)), KEPT.keys[1])}, False),
    "an earlier key": (KEPT, {"keys": (key_of(1, valid_from=NOW - 2 * DAY), KEPT.keys[1])}, True),
}


@pytest.mark.parametrize(("before", "other", "expected"), CHANGES.values(), ids=CHANGES.keys())
def test_what_else_widens(before: Principal | None, other: dict[str, Any], expected: bool) -> None:  # noqa: FBT001 -- a table
    assert widens(before, KEPT.model_copy(update=other)) is expected


# Question × role × relation, by brute force, against the table of docs/access.md.

HOME, COUNTER, AWAY = "H01.12", "H01.13", "H56.30"
FILING: Final = Facts(
    filed_by="p-1", procedure=PROCEDURE, agencies=frozenset({HOME, COUNTER}), applicant="an", representative="chi"
)
ASKED: Final[dict[str, rd.Question]] = {one.ask: one for one in QUESTIONS}
ASKED["file"] = ASKED["file"].model_copy(update={"link": None})
ASKED["upload"] = ASKED["upload"].model_copy(update={"client_id": None, "submission_id": None})
SIDE: Final = {Role.APPLICANT, Role.REPRESENTATIVE}
OVERSEERS: Final = {Role.OPERATOR, Role.AUDITOR}
STAFF: Final = set(Role) - SIDE - OVERSEERS - {Role.SYSTEM}
CLAIM: Final = {Role.OPERATOR: Claim.OPERATOR, Role.AUDITOR: Claim.AUDITOR} | dict.fromkeys(SIDE, Claim.OWN)

STRANGER: Final = Principal(
    id="p-9",
    name="p-9",
    kind=PrincipalKind.DESK,
    grants=(Grant(claim=Claim.DESK, agencies=(AWAY,), assurance=Assurance.STRONGEST),),
)

FOR: Final[dict[str, set[Role]]] = {
    **dict.fromkeys(
        ["filing", "clocks", "result", "payment", "parcel", "referral", "complaints", "papers", "receipt", "changes"],
        SIDE | STAFF | OVERSEERS,
    ),
    "actions": SIDE | STAFF | OVERSEERS,
    **dict.fromkeys(["file", "upload"], SIDE | STAFF),
    "timeline": STAFF,  # the sample's audience is `officer`
    "delivery": SIDE,
    "access": SIDE | OVERSEERS,
}


def proved_question(principal: Principal, actor: Actor | None, acr: str = "2") -> Proved:
    said = statement(Message(act="ask.filing", content="0" * 64), actor=actor, acr=acr, command_id=None, stream=None)
    return Proved(said, principal, "k", "0" * 64)


def program(*grants: Grant, name: str = "p-1") -> Principal:
    return Principal(id=name, name=name, kind=PrincipalKind.DESK, grants=grants)


def granted(role: Role, *agencies: str, least: Assurance = Assurance.TWO_FACTORS, **other: Any) -> Grant:
    claim = CLAIM.get(role, Claim.OFFICERS)
    return Grant(claim=claim, agencies=() if claim is Claim.OWN else agencies or (HOME,), assurance=least, **other)


def see(
    principal: Principal, question: rd.Question, actor: Actor | None, facts: Facts = FILING, acr: str = "2"
) -> bool:
    """Returns True if the asker sees the filing; False also if the question itself is refused."""
    if isinstance(question, rd.AskActions) and actor is not None:
        question = question.model_copy(update={"actor": actor})
    try:
        return sees(asker(proved_question(principal, actor, acr), question), facts)
    except RefusalError:
        return False


def reached(principal: Principal, question: rd.Question, actor: Actor | None) -> bool:
    """Returns True if the asker may have the list that this question requests."""
    try:
        return bool(reaches(asker(proved_question(principal, actor), question), question))
    except RefusalError:
        return False


def looker(role: Role, *, ours: bool = True, agency: str = HOME) -> Actor:
    subject = {Role.APPLICANT: "an", Role.REPRESENTATIVE: "chi"}.get(role, "officer") if ours else "somebody"
    return Actor(subject=subject, role=role, agency=None if role in SIDE else agency)


def test_every_question_stands_in_one_table() -> None:
    tables = (ABOUT_A_FILING, LISTS, OF_AGENCIES)
    assert Counter(kind for table in tables for kind in table) == Counter(get_args(rd.Question))
    assert {kind for kind in get_args(rd.Question) if "stream" in kind.model_fields} == set(ABOUT_A_FILING)


def test_the_table_has_every_question() -> None:
    about = {str(one.model_fields["ask"].default) for one in get_args(rd.Question) if "stream" in one.model_fields}
    assert about == FOR.keys() | {"linked_result"}
    page = (Path(__file__).parents[3] / "docs" / "access.md").read_text(encoding="utf-8")
    assert {name for name in ASKED if f"`{name}`" not in page.split("\n## ")[1]} == set()


@walked("name", FOR, exactly=16)
def test_question_by_role_by_relation(name: str) -> None:
    """A single wrong fact is enough to hide the filing."""
    question = ASKED[name]
    for role, ours, where, filer, procedure, acr in product(
        Role, (True, False), (HOME, COUNTER, AWAY), ("p-1", "p-0", "p-9"), (PROCEDURE, "1.001193"), ("1", "2")
    ):
        if role is Role.SYSTEM:
            assert not see(program(granted(Role.SPECIALIST, ALL_AGENCIES)), question, looker(role))
            continue
        grant = granted(role, ALL_AGENCIES, procedures=(procedure,), predecessors=("p-0",) if role in SIDE else ())
        actor = looker(role, ours=ours, agency=where)
        related = (ours and filer != "p-9") if role in SIDE else where != AWAY
        facts = Facts(filer, PROCEDURE, FILING.agencies, FILING.applicant, FILING.representative)
        expected = role in FOR[name] and related and procedure == PROCEDURE and acr == "2"
        assert see(program(grant), question, actor, facts, acr) is expected, (role, ours, where, filer, procedure, acr)


@walked("name", sorted(FOR.keys() - {"actions"}), exactly=15)
def test_a_program_by_itself_sees_what_grants_of_assurance_1_show(name: str) -> None:
    question = ASKED[name]
    for role, least, where, filer in product(
        set(Role) - {Role.SYSTEM}, Assurance, (HOME, AWAY, ALL_AGENCIES), ("p-1", "p-9")
    ):
        claim = granted(role, where, least=least)
        allowed = {Role.APPLICANT, Role.REPRESENTATIVE} if role in SIDE else {role} if role in OVERSEERS else STAFF
        related = filer == "p-1" if role in SIDE else where != AWAY
        facts = Facts(filer, PROCEDURE, FILING.agencies, FILING.applicant, FILING.representative)
        expected = least is Assurance.LOW and bool(allowed & FOR[name]) and related
        assert see(program(claim), question, None, facts) is expected, (role, least, where, filer)


def test_the_key_of_one_person_asks_nothing_by_itself() -> None:
    one = program(granted(Role.LEADER, ALL_AGENCIES, least=Assurance.LOW))
    question = ASKED["filing"]
    assert asker(proved_question(one, None), question).actor is None
    with pytest.raises(RefusalError, match="program_not_granted"):
        asker(proved_question(one.model_copy(update={"subject": "h01.12-leader-1"}), None), question)


def test_a_program_by_itself_asks_only_for_those_it_may_speak_for() -> None:
    asked = rd.AskActions(stream="filing:x", actor=looker(Role.SPECIALIST))
    low, high = (program(granted(Role.SPECIALIST, least=least)) for least in (Assurance.LOW, Assurance.TWO_FACTORS))
    assert see(low, asked, None)
    assert not see(high, asked, None)
    assert not see(low, asked.model_copy(update={"actor": looker(Role.SPECIALIST, agency=AWAY)}), None)
    assert not see(low, asked.model_copy(update={"actor": looker(Role.APPLICANT)}), None)
    own = program(granted(Role.APPLICANT, least=Assurance.LOW))
    assert see(own, asked.model_copy(update={"actor": looker(Role.APPLICANT)}), None)
    assert not see(own, asked.model_copy(update={"actor": looker(Role.APPLICANT, ours=False)}), None)


def test_a_program_uploads_for_none_but_its_own_filings() -> None:
    asked = ASKED["upload"].model_copy(update={"client_id": "portal-1", "submission_id": "S-1"})
    for actor, least in ((looker(Role.APPLICANT), Assurance.TWO_FACTORS), (None, Assurance.LOW)):
        mine, others = (
            program(granted(Role.APPLICANT, least=least, client_ids=(name,))) for name in ("portal-1", "p-9")
        )
        assert asker(proved_question(mine, actor), asked).grants == mine.grants
        for stranger in (others, program(granted(Role.APPLICANT, least=least))):
            with pytest.raises(RefusalError, match="client_not_granted"):
                asker(proved_question(stranger, actor), asked)


def test_actions_are_asked_for_by_whom_they_are() -> None:
    asked = rd.AskActions(stream="filing:x", actor=looker(Role.LEADER))
    with pytest.raises(RefusalError, match="statement_of_another_actor"):
        asker(proved_question(program(granted(Role.LEADER)), looker(Role.SPECIALIST)), asked)


@walked("audience", rd.Audience, at_least=4)
@walked("role", sorted(set(Role) - {Role.SYSTEM}), at_least=11)
def test_a_timeline_is_for_its_audience(audience: rd.Audience, role: Role) -> None:
    seen = {rd.Audience.OFFICER: STAFF, rd.Audience.AUDITOR: STAFF | OVERSEERS}.get(audience, set(Role) - {Role.SYSTEM})
    asked = rd.AskTimeline(stream="filing:x", audience=audience)
    assert see(program(granted(role)), asked, looker(role)) is (role in seen)


@walked("role", Role, at_least=12)
@walked("name", [name for name, one in ASKED.items() if hasattr(one, "agency") and type(one) not in OPEN], at_least=2)
def test_lists_of_an_agency(name: str, role: Role) -> None:
    for asked_of, where, everywhere in product((HOME, AWAY, None), (HOME, AWAY), (True, False)):
        if asked_of is None and type(ASKED[name]).model_fields["agency"].is_required():
            continue
        question = ASKED[name].model_copy(update={"agency": asked_of})
        principal = program(granted(role, *((ALL_AGENCIES,) if everywhere else (HOME,))))
        found = reached(principal, question, looker(role, agency=where))
        officer = role in STAFF | OVERSEERS and (everywhere or where == HOME)
        assert found is (officer and (asked_of == where or (role is Role.OPERATOR and everywhere)))


@pytest.mark.parametrize("name", ["filings", "persons_filings"])
def test_lists_of_filings_reach_what_is_theirs(name: str) -> None:
    question = ASKED[name]
    for role in SIDE:
        with pytest.raises(RefusalError, match="role_not_allowed"):
            asker(proved_question(program(granted(role)), looker(role)), question)
    mine = granted(Role.APPLICANT, least=Assurance.LOW, predecessors=("p-0",), procedures=(PROCEDURE,))
    (by_itself,) = reaches(asker(proved_question(program(mine), None), question), question)
    assert (by_itself.filers, by_itself.procedures, by_itself.agencies) == (("p-1", "p-0"), (PROCEDURE,), ())
    officers = program(granted(Role.SPECIALIST, ALL_AGENCIES))
    (theirs,) = reaches(asker(proved_question(officers, looker(Role.SPECIALIST)), question), question)
    assert theirs.agencies == (HOME,)
    assert theirs.filers == (("p-1",) if name == "filings" else ())


def test_a_link_is_for_everybody_who_is_who_they_say() -> None:
    for question in (ASKED["linked_result"], ASKED["file"].model_copy(update={"link": "L" * 43})):
        asker(proved_question(STRANGER, None), question)
        asker(proved_question(program(granted(Role.APPLICANT)), looker(Role.APPLICANT, ours=False)), question)
        with pytest.raises(RefusalError, match="role_not_granted"):
            asker(proved_question(program(granted(Role.APPLICANT)), looker(Role.LEADER)), question)
