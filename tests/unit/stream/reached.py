"""The states that a stream can reach by its rules, through the directory's people, the system, and time."""

import random
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final, NamedTuple, TypeAlias

from rules.stream_kind import StreamKind
from schemas.base import numbers_taken
from schemas.errors import RefusalError
from schemas.filing.commands import Command
from schemas.people import OFFICERS, SYSTEM, Actor
from schemas.stream.ledger import Recorded
from tests.unit.filing.lives import VIA, drawn

OF_NO_TASK: Final = frozenset(
    {"recuse", "correct_applicant", "revoke_mandate", "name_representative", "change_delivery", "revoke_cessation"}
)
"""Commands after which a stream waits for the same act as before."""


Key: TypeAlias = tuple[object, ...]


class Move(NamedTuple):
    """A command that may be given to a stream. `at`: the sender waits until then; None: it is given at once."""

    actor: Actor
    model: type[Command]
    content: dict[str, Any]
    at: datetime | None = None


class Place(NamedTuple):
    """A state of a stream, and the time at which it was reached."""

    state: Any
    now: datetime


@dataclass(frozen=True)
class Play:
    """A stream of one kind, and its surroundings.

    Attributes:
        begun: Returns the places from which the stream begins.
        moves: Returns every command that may be given.
        rings: Returns the time of the stream's next timer; None if none runs.
        asks: Returns True if an activity waits for an answer from outside.
        key: Returns the key of a state, its stage first; times and names that change nothing are left out.
    """

    kind: StreamKind[Any]
    begun: Callable[[], Iterable[Place]]
    moves: Callable[[Any, datetime], Iterable[Move]]
    rings: Callable[[Any], datetime | None]
    asks: Callable[[Any], bool]
    key: Callable[[Any], Key]


def taken(kind: StreamKind[Any], place: Place, move: Move) -> Place | None:
    """Returns the place after a move; None if the move is refused."""
    state, now = place.state, max(place.now, move.at or place.now)
    given = move.model.model_validate({"command_id": f"c{state.seq}", "actor": move.actor, "via": VIA} | move.content)
    try:
        events = kind.decide(state, given, now)
    except RefusalError:
        return None
    for event in events:
        seq = state.seq + 1
        known = dict.fromkeys(numbers_taken(event), f"H01.12-2026-K{seq:07d}") | drawn(event)
        written = event.model_copy(update=known)
        state = kind.evolve(
            state, Recorded(seq=seq, at=now, command_id=given.command_id, actor=given.actor, event=written)
        )
    return Place(state, now)


@dataclass
class Reached:
    """The reached places by their keys, and the moves that led from each place to others.

    `unknown` are the places at which the search has stopped.
    """

    play: Play
    places: dict[Key, Place] = field(default_factory=dict)
    left_by: dict[Key, list[tuple[Move, Key]]] = field(default_factory=lambda: defaultdict(list))
    unknown: set[Key] = field(default_factory=set)

    def ended(self, key: Key) -> bool:
        """Returns True if the stream has ended at this place, so that nothing watches it any more."""
        standing = self.play.kind.standing(self.places[key].state)
        return not standing.open and standing.watched_until is None

    def dead_ends(self) -> list[Key]:
        """Returns the places from which the agency, the system and time alone, without the applicant, reach no end."""
        into: dict[Key, set[Key]] = defaultdict(set)
        for key, ways in self.left_by.items():
            for move, other in ways:
                if move.actor == SYSTEM or move.actor.role in OFFICERS:
                    into[other].add(key)
        alive = [key for key in self.places if key in self.unknown or self.ended(key)]
        good = set(alive)
        while alive:
            new = into[alive.pop()] - good
            good |= new
            alive.extend(new)
        return [key for key in self.places if key not in good]

    def stuck(self, key: Key) -> str | None:
        """Returns the reason why an open stream is stuck: no timer runs, or nobody may act; None if it is not stuck."""
        place = self.places[key]
        if key in self.unknown or self.ended(key) or self.play.asks(place.state):
            return None
        rings = self.play.rings(place.state)
        if rings is not None and rings <= place.now:
            return None
        if rings is None and not _is_told(self.play.kind, place.state):
            return "nothing rings, and nobody is told of the wait"
        may = [move for move, _ in self.left_by[key] if move.actor != SYSTEM and _brings_on(move)]
        return None if may else "nobody may act"


def _brings_on(move: Move) -> bool:
    return str(move.model.model_fields["kind"].default) not in OF_NO_TASK


def _is_told(kind: StreamKind[Any], state: Any) -> bool:
    """Returns True if somebody can see the stream's wait: in a queue as overdue, or in the doctor's list."""
    late = any(task.overdue for task in kind.rows(state).tasks or ())
    return late or any(list(waits.of(state)) for waits in kind.waits)


def reached(play: Play, most: int, seed: int = 35) -> Reached:
    """Tries all moves from up to `most` places, the rarest stage first, ties at random; returns the reached places."""
    found, chance, stages = Reached(play), random.Random(seed), Counter[object]()
    ahead: list[Key] = []
    for place in play.begun():
        _add(found, place, ahead)
    while ahead and len(found.left_by) < most:
        key = min(ahead, key=lambda one: (stages[one[0]], chance.random()))
        ahead.remove(key)
        stages[key[0]] += 1
        for move, after in _ways(play, found.places[key]):
            found.left_by[key].append((move, _add(found, after, ahead)))
    found.unknown = {*ahead}
    return found


def _ways(play: Play, place: Place) -> Iterator[tuple[Move, Place]]:
    for move in play.moves(place.state, place.now):
        after = taken(play.kind, place, move)
        if after is not None:
            yield move, after


def _add(found: Reached, place: Place, ahead: list[Key]) -> Key:
    key = found.play.key(place.state)
    if key not in found.places:
        found.places[key] = place
        ahead.append(key)
    return key
