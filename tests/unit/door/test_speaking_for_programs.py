"""A statement for another program: the door signs, and the program's rights decide."""

from typing import Any

import pytest

from motcua.identity import sign
from rules.identity.grants import widens
from rules.identity.statements import Ring
from schemas.errors import Refusal
from schemas.identity.statement import Assurance, Claim, Grant, Principal, PrincipalFile, PrincipalKind
from tests.speaking import NOW, grant, heard, key_of, principal, private_key, statement

DOOR, DESK = 1, 2


def ring(*programs: str, kind: PrincipalKind = PrincipalKind.DESK, subject: str | None = None) -> Ring:
    """Returns a ring with a desk, and a door that may speak for these programs."""
    officers = grant(Claim.OFFICERS, "H01.12")
    desk = principal("desk-1", officers, keys=()).model_copy(update={"kind": kind, "subject": subject})
    grants = (Grant(claim=Claim.PROGRAMS, programs=programs, assurance=Assurance.LOW),) if programs else ()
    return Ring([principal("door-1", *grants, keys=(key_of(DOOR),)), desk])


def judged(known: Ring, **other: Any) -> str:
    """Returns the id of the program that a statement by the door for the desk counts for, or the refusal's rule."""
    found = heard(sign(statement(**{"by": "door-1", "client": "desk-1"} | other), private_key(DOOR)), known, NOW)
    return found.problems[0].rule if isinstance(found, Refusal) else found.principal.id


def test_the_rights_are_those_of_the_program_that_is_spoken_for() -> None:
    assert judged(ring("desk-1")) == "desk-1"
    assert judged(ring("*")) == "desk-1"
    assert judged(ring("desk-1"), client=None) == "role_not_granted"
    assert judged(ring("desk-1"), acr="1") == "assurance_too_low"


@pytest.mark.parametrize(
    ("known", "client"),
    [
        (ring(), "desk-1"),
        (ring("other"), "desk-1"),
        (ring("desk-1"), "nobody"),
        (ring("*", kind=PrincipalKind.OPERATION), "desk-1"),
        (ring("*", kind=PrincipalKind.BACK_OFFICE), "desk-1"),
        (ring("desk-1", subject="h01.12-specialist-1"), "desk-1"),
    ],
)
def test_nobody_is_spoken_for_without_a_grant(known: Ring, client: str) -> None:
    assert judged(known, client=client) == "program_not_spoken_for"


def test_an_operators_program_is_spoken_for_only_by_name() -> None:
    assert judged(ring("desk-1", kind=PrincipalKind.OPERATION)) == "desk-1"


def test_a_grant_for_programs_is_for_nothing_else() -> None:
    everybodys = {"claim": "programs", "programs": ("a",), "agencies": ("*",)}
    for wrong in ({"claim": "programs"}, {"claim": "own", "programs": ("a",)}, everybodys):
        with pytest.raises(ValueError, match="value_error"):
            Grant.model_validate({"assurance": 1} | wrong)
    speaks = Grant(claim=Claim.PROGRAMS, programs=("*",), assurance=Assurance.LOW)
    with pytest.raises(ValueError, match="value_error"):
        PrincipalFile.model_validate(
            {"id": "k", "name": "k", "kind": "desk", "subject": "s", "grants": (speaks.model_dump(),)}
        )


def test_a_further_program_widens_a_grant() -> None:
    def door(*programs: str) -> Principal:
        return principal("door-1", Grant(claim=Claim.PROGRAMS, programs=programs, assurance=Assurance.LOW), keys=())

    assert widens(door("a"), door("a", "b"))
    assert widens(door("a"), door("*"))
    assert not widens(door("a", "b"), door("a"))
    assert not widens(door("*"), door("a"))
