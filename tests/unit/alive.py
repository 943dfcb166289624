"""The base class of streams in unit tests: a state to which commands are given, its events, and the present time."""

import json
from collections.abc import Mapping
from dataclasses import replace
from datetime import timedelta
from typing import Any, ClassVar, Self

from rules.stream_kind import StreamKind
from schemas.errors import Problem, RefusalError
from schemas.filing.commands import Command
from schemas.people import SYSTEM, Actor
from schemas.stream.ledger import Recorded
from tests.unit.filing.lives import START, VIA, local


class Alive:
    """A stream in memory. A command is named by its model, or by its key in `commands`.

    Each event is also folded from its JSON, as the log returns it, and each state is restored from its JSON.
    """

    kind: ClassVar[StreamKind[Any]]
    commands: ClassVar[Mapping[str, type[Command]]] = {}
    lasts: ClassVar[timedelta] = timedelta()
    """The time that passes before each command."""

    def __init__(self, begun: Any) -> None:
        self.now = START
        self.log: list[Recorded] = []
        self.begun = self.state = self.replayed = begun

    def do(self, what: str | type[Command], actor: Actor = SYSTEM, **said: Any) -> Self:
        self.now += self.lasts
        return self.give(self.command(what, actor, **said))

    def give(self, given: Command) -> Self:
        for event in self.kind.decide(self.state, given, self.now):
            self.log.append(
                Recorded(
                    seq=len(self.log) + 1,
                    at=self.now,
                    command_id=given.command_id,
                    actor=given.actor,
                    event=self.numbered(event),
                )
            )
            self.state = self.kind.evolve(self.state, self.log[-1])
            read = self.kind.event(json.loads(self.log[-1].event.model_dump_json(exclude_none=True)))
            self.replayed = self.kind.evolve(self.replayed, replace(self.log[-1], event=read))
        assert self.replayed == self.state
        assert type(self.state).model_validate_json(self.state.model_dump_json(exclude_none=True)) == self.state
        return self

    def numbered(self, event: Any) -> Any:
        """Returns the event with the numbers that the ledger would assign to it; by default it has none."""
        return event

    def command(self, what: str | type[Command], actor: Actor, **said: Any) -> Any:
        model = self.commands[what] if isinstance(what, str) else what
        return model.model_validate({"command_id": f"c{len(self.log)}", "actor": actor, "via": VIA} | said)

    def problems(self, what: str | type[Command], actor: Actor = SYSTEM, **said: Any) -> tuple[Problem, ...]:
        """Returns the problems for which a command would be refused; none if it would be accepted."""
        try:
            self.kind.decide(self.state, self.command(what, actor, **said), self.now)
        except RefusalError as no:
            return no.refusal.problems
        return ()

    def refusal(self, what: str | type[Command], actor: Actor = SYSTEM, **said: Any) -> list[str]:
        """Returns the rules that a command would break; none if it would be accepted."""
        return [problem.rule for problem in self.problems(what, actor, **said)]

    def until(self, text: str) -> Self:
        """Sets the present time to this local time in Vietnam."""
        self.now = local(text)
        return self

    def wait(self, **length: float) -> Self:
        self.now += timedelta(**length)
        return self

    @property
    def kinds(self) -> list[str]:
        return [recorded.event.kind for recorded in self.log]
