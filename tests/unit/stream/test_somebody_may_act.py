"""In every state of an open stream, a timer runs or an answer is pending, and somebody may act.

This also holds with only one leader, without the applicant, with a recused leader and a deputy, in a closed agency.
"""

import os
from collections.abc import Callable
from typing import Final

import pytest

from rules.filing import lifecycle
from rules.filing.clocks import silence_has_approved
from rules.streams import KINDS
from schemas.filing.commands import PassOnTo
from schemas.people import Actor, Role
from tests.tiers import FULL, examples
from tests.unit.filing.lives import APPLICANT, REPRESENTATIVE, officer
from tests.unit.filing.shapes import SHAPE_NAMES, SHAPES
from tests.unit.stream import plays
from tests.unit.stream.reached import Key, Play, Reached, reached

ROLES: Final = (
    *(Role.RECEPTION, Role.SPECIALIST, Role.LEADER, Role.CLERK, Role.CASHIER, Role.HANDOVER, Role.TEAM_LEAD),
    Role.OPERATOR,
)
ONE_LEADER: Final = tuple(map(officer, ROLES))
"""One human in each role, and no other leader."""
DEPUTIES: Final = (
    *(one for one in ONE_LEADER if one.role not in {Role.LEADER, Role.SPECIALIST}),
    *(officer(Role.LEADER, "leader-2"), officer(Role.SPECIALIST, "specialist-2")),
)
"""Everybody, but with another leader and another specialist: those of all earlier acts are kept from the filing."""
SIDE: Final = (APPLICANT, REPRESENTATIVE)
WORLDS: Final[dict[str, tuple[tuple[Actor, ...], tuple[Actor, ...]]]] = {
    "one leader": (ONE_LEADER, SIDE),
    "a dead applicant": (ONE_LEADER, ()),
    "deputies": (DEPUTIES, SIDE),
}
PLAYS: Final[dict[str, Callable[..., Play]]] = {
    "payment": plays.payment,
    "parcel": plays.parcel,
    "referral": plays.referral,
    "complaint": plays.complaint,
    "papers": plays.papers,
    "result": plays.result,
    "refund": plays.refund,
}

PLAYED: Final = SHAPE_NAMES if FULL in os.environ else SHAPE_NAMES[3::4]
"""The procedures whose filings are played; in the short tier every fourth, with both that know a succession."""


def wrong(found: Reached) -> list[tuple[str, Key]]:
    """Returns up to three places where a stream is stuck, or from which the agency can't bring it to an end."""
    stuck = [(why, key) for key in found.places if (why := found.stuck(key)) is not None]
    return [*stuck, *(("nobody brings it to an end", key) for key in found.dead_ends())][:3]


def test_every_kind_is_played() -> None:
    assert {*PLAYS, "filing"} == {*KINDS}


@pytest.mark.parametrize("kind", PLAYS)
def test_no_stream_is_ever_without_a_timer_or_somebody_who_may_act(kind: str) -> None:
    for world, people in [*WORLDS.items()][: examples(3, few=1)]:
        found = reached(PLAYS[kind](*people), most=examples(5_000, few=100))
        assert wrong(found) == [], world


@pytest.mark.parametrize("shape", PLAYED)
def test_no_filing_is_ever_without_a_timer_or_somebody_who_may_act(shape: str) -> None:
    rules = SHAPES[SHAPE_NAMES.index(shape)]
    for world, people in [*WORLDS.items()][: examples(3, few=1)]:
        for on_paper in (False, True)[: examples(2, few=1)]:
            found = reached(plays.filing(*people, rules, on_paper=on_paper), most=examples(120, few=30))
            assert wrong(found) == [], (world, on_paper)
            assert held_back(found) == [], (world, on_paper)


def held_back(found: Reached) -> list[Key]:
    """Returns the places where a closed agency's filing ought to go to the successor, but can't."""
    kept = []
    for key in found.places.keys() - found.unknown:
        state, now = found.places[key]
        stays = state.closed or lifecycle.stage(state) in plays.MADE_WHERE_DECIDED or silence_has_approved(state, now)
        passed = any((one.actor.role, one.model) == (Role.OPERATOR, PassOnTo) for one, _ in found.left_by[key])
        kept += [] if stays or passed else [key]
    return kept
