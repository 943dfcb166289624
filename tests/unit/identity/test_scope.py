"""A change widens what a principal may claim just when it allows something that it did not: held against the grants."""

from __future__ import annotations

from datetime import timedelta
from itertools import product
from typing import Any, Final

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rules.identity.grants import not_granted
from rules.identity.scope import widens
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
from schemas.people import Actor, Role
from tests.speaking import DAY, NOW, grant, key_of, principal, statement
from tests.tiers import examples

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
