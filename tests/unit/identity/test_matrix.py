"""Role by action by state by principal, by brute force against the law's matrix; and which change widens a claim."""

from collections import defaultdict
from collections.abc import Iterator
from datetime import timedelta
from itertools import product
from typing import Any, Final

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from docs.tools.law.matrix import SYSTEM_KINDS, matrix
from docs.tools.law.situations import Situation, situations
from docs.tools.law.stories import AGENCY, DESK, somebody, ways
from rules.filing.guards import PUBLIC_KINDS, check
from rules.identity.grants import not_granted
from rules.identity.scope import widens
from schemas.errors import RefusalError
from schemas.identity.statement import (
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
from tests.speaking import DAY, NOW, PROCEDURE, grant, key_of, principal, statement
from tests.tiers import examples

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
"""By which claims somebody in a role may be spoken for: written down once more, as docs/identity.md says it."""

Cell = tuple[str, str, str]
"""Situation, role, command."""


def grants() -> Iterator[Grant]:
    """Every kind of grant."""
    assurances, procedures = (Assurance.LOW, Assurance.BIOMETRIC), ((), (HERE,), (PROCEDURE,))
    for claim, least, only in product(Claim, assurances, procedures):
        if claim is Claim.OWN:
            for predecessors in ((), (BEFORE,)):
                yield grant(claim, least=least, procedures=only, predecessors=predecessors)
        else:
            for agencies in ((AGENCY,), (DESK,), (ELSEWHERE,), (ELSEWHERE, AGENCY), ("*",)):
                yield grant(claim, *agencies, least=least, procedures=only)


def widest() -> Iterator[Grant]:
    """All that can be granted at all."""
    for claim in Claim:
        own = claim is Claim.OWN
        yield grant(claim, *(() if own else ("*",)), least=Assurance.LOW, predecessors=(BEFORE,) if own else ())


def fits(one: Grant, actor: Actor, filed_by: str) -> bool:
    """Whether a grant is for this actor, who is known by two factors, in a filing of this program."""
    if one.claim.value not in SPOKEN_FOR_BY[actor.role] or one.procedures == (PROCEDURE,):
        return False
    if actor.agency is None:
        whose = filed_by in {"program", *one.predecessors}
    else:
        whose = not {"*", actor.agency}.isdisjoint(one.agencies)
    return whose and one.assurance == Assurance.LOW


def actors(situation: Situation, role: Role) -> set[Actor]:
    """Who plays a role here, and others who would, unless the situation is about just this person."""
    others = {somebody(role, "stranger")} if role not in OFFICERS else {somebody(role, agency=one) for one in _AGENCIES}
    return {situation.actor(role)} | (set() if role is Role.SYSTEM or role in situation.actors else others)


_AGENCIES: Final = (AGENCY, DESK, ELSEWHERE)


def ruled(situation: Situation, kind: str, actor: Actor) -> bool:
    """Whether the rules let it happen."""
    story = situation.story
    if check(story.filing, kind, actor, story.now) is not None:
        return False
    try:
        return bool([story.copy().do(kind, actor, **said) for said in ways(story.filing, kind)])
    except RefusalError:
        return False


@pytest.fixture(scope="module")
def happening() -> dict[Cell, set[Actor]]:
    """In each cell who can do it, whoever signs."""
    found: dict[Cell, set[Actor]] = defaultdict(set)
    for situation, role, kind in product(situations(), Role, KINDS):
        found[situation.name, role, kind] |= {one for one in actors(situation, role) if ruled(situation, kind, one)}
    return found


def signed(who: Principal, actor: Actor, filed_by: str) -> bool:
    """Whether the door lets it in."""
    about = Message(act="a", actor=actor, content="0" * 64, procedure=HERE, filed_by=filed_by)
    said = statement(about, who.id, acr="2")
    return not_granted(Proved(said, who, "k" * 43, "0" * 64), about) is None


def test_no_grant_opens_a_cell_beyond_the_matrix_and_each_cell_is_open_to_who_was_granted_it(
    happening: dict[Cell, set[Actor]],
) -> None:
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


def test_no_program_speaks_for_the_system_whatever_it_was_granted(happening: dict[Cell, set[Actor]]) -> None:
    every = principal("program", *widest(), keys=(key_of(1),))
    system = {actor for (_, role, _), who in happening.items() if role == Role.SYSTEM for actor in who}
    assert system
    assert not [one for one in system if signed(every, one, "program")]


# A change widens what a principal may claim just when it allows something that it did not: held against the grants.

ROLES: Final = (Role.APPLICANT, Role.RECEPTION, Role.SPECIALIST, Role.OPERATOR, Role.AUDITOR)
AGENCIES: Final = (None, "H01.12", "H56.30", "H29.05")
PROCEDURES: Final = ("1.001193", "2.000635", "3.000001")
FILERS: Final = ("desk-1", "portal-1", "portal-9")
"""The last one of each stands in no grant: for all those that nobody has named."""

EVERYTHING: Final = [
    (
        IdentityStatement.model_construct(
            **statement().model_dump() | {"actor": Actor(subject="x", role=role, agency=agency), "acr": str(int(acr))}
        ),
        Message(act="accept", content="0" * 64, procedure=procedure, filed_by=filer),
    )
    for role, agency, procedure, filer, acr in product(ROLES, AGENCIES, PROCEDURES, FILERS, Assurance)
]


def allowed(grants: tuple[Grant, ...]) -> set[int]:
    """All that these allow, by its place among everything."""
    about = principal("desk-1", *grants, keys=())
    return {
        place
        for place, (said, message) in enumerate(EVERYTHING)
        if not_granted(Proved(statement=said, principal=about, key_id="k", sha256="0" * 64), message) is None
    }


@st.composite
def some_grant(draw: st.DrawFn) -> Grant:
    claim = draw(st.sampled_from(Claim))
    own = claim is Claim.OWN
    agencies = () if own else draw(st.sets(st.sampled_from((*AGENCIES[1:-1], "*")), min_size=1))
    return Grant(
        claim=claim,
        agencies=tuple(sorted(agencies)),
        procedures=tuple(sorted(draw(st.sets(st.sampled_from(PROCEDURES[:-1]))))),
        predecessors=tuple(draw(st.sets(st.just(FILERS[1])))) if own else (),
        assurance=draw(st.sampled_from(Assurance)),
    )


GRANTS: Final = st.lists(some_grant(), min_size=1, max_size=4).map(tuple)


def nearly(grants: tuple[Grant, ...], data: st.DataObject) -> tuple[Grant, ...]:
    """The same grants, one of them with another assurance or fewer procedures."""
    place = data.draw(st.integers(0, len(grants) - 1))
    other: dict[str, Any] = {"assurance": data.draw(st.sampled_from(Assurance))}
    if data.draw(st.booleans()):
        other["procedures"] = grants[place].procedures[1:]
    return (*grants[:place], grants[place].model_copy(update=other), *grants[place + 1 :])


@given(GRANTS, st.data())
@settings(max_examples=examples(200), deadline=None)
def test_by_brute_force_it_widens_just_when_something_is_allowed_that_was_not(
    before: tuple[Grant, ...], data: st.DataObject
) -> None:
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
