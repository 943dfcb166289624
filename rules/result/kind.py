"""The descriptor of results as a kind of stream."""

from typing import Final

from rules.result import fold, status
from rules.result.commands import RULES
from rules.result.evidence import evidence, found_by
from rules.stream_kind import StreamKind, numbered
from schemas.result import events
from schemas.result.commands import RESULT_COMMANDS
from schemas.result.state import Result, ResultStart
from schemas.stream.snapshots import ResultMemory
from schemas.translate import said

RESULT: Final = StreamKind(
    name="result",
    workflow="Result",
    state=Result,
    events=events.ResultEvent,
    first="result_entered",
    initial=lambda origin: Result(**numbered(origin)),
    rules=RULES,
    evolve=fold.evolve,
    standing=status.standing,
    rows=status.rows,
    results=status.results,
    start=ResultStart,
    commands=RESULT_COMMANDS,
    evidence_of=evidence,
    found_by=found_by,
    memory=ResultMemory,
    shown=frozenset({events.ResultReleased, events.ResultReplaced, events.ResultRevoked}),
    tells=status.TELLS,
    waits=status.WAITS,
    title=said("many.results"),
)
