"""Role by action by state by principal, by brute force: nobody's grant opens a cell that the law's matrix has not."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from itertools import product
from typing import Any, Final

import pytest

from docs.tools.law.matrix import SYSTEM_KINDS, matrix
from docs.tools.law.situations import Situation, situations
from docs.tools.law.stories import AGENCY, DESK, somebody, ways
from rules.filing.guards import PUBLIC_KINDS, check
from rules.identity.grants import not_granted
from schemas.errors import RefusalError
from schemas.identity.statement import Assurance, Claim, Grant, Message, Principal, Proved
from schemas.people import OFFICERS, Actor, Role
from tests.speaking import PROCEDURE, grant, key_of, principal, statement

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
