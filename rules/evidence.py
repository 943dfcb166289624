"""Evidence for an event: entries that the record must already have, in other streams or among the findings."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final
from uuid import UUID, uuid5

from pydantic_core import to_jsonable_python

from schemas.base import Model
from schemas.stream.edge import strictly
from schemas.stream.ledger import AgencyAnswer

ENDS: Final = ("handed_over", "withdrawn", "stopped", "intake_refused", "supplement_expired", "fee_expired", "lapsed")
"""The events that end a filing."""

_FINDINGS: Final = UUID("3f0cbb1e-0f7c-5b0e-9a52-7b8c2f1d6a90")


@dataclass(frozen=True)
class Entry:
    """An entry that the record must already have: an event of the filing or of one of its other streams, or a finding.

    Attributes:
        kinds: The kinds that the event may have.
        fields: The values that fields of the event must have; other fields do not matter.
        stream: The stream of the event; None if any stream of the filing may have the event.
        absent: Whether the requirement is reversed: the record must have no such event.
        after: An earlier event of the same stream; the required event must come after it.
        finding: The id of a finding about the stream. The record must have this finding; no event is required.
        recorded: The name of a field. For every finding of this kind about the stream, the record must have an event
            with the same value of the field.
    """

    kinds: tuple[str, ...]
    fields: Mapping[str, Any] = field(default_factory=dict)
    stream: str | None = None
    absent: bool = False
    after: "Entry | None" = None
    finding: UUID | None = None
    recorded: str | None = None


Evidence = tuple[tuple[Entry, ...], ...]
"""Alternatives, each of several entries: the record must have all entries of at least one alternative."""


@dataclass(frozen=True)
class Finding:
    """The outcome of an act outside our platform, recorded by the process that did the act.

    It has the `kind` and some `fields` of the event that may follow; a field with the value None is left out.
    """

    kind: str
    fields: Mapping[str, Any] = field(default_factory=dict)

    @property
    def body(self) -> str:
        """The fields as JSON; equal fields give the same text."""
        there = {name: value for name, value in self.fields.items() if value is not None}
        return json.dumps(to_jsonable_python(there, exclude_none=True), sort_keys=True, ensure_ascii=False)

    @property
    def id(self) -> UUID:
        """The id of the finding, from its content: a repeated finding about a stream is the same row."""
        return uuid5(_FINDINGS, f"{self.kind}\n{self.body}")

    def about(self, stream: str) -> Entry:
        """The entry of evidence that requires this finding about the stream."""
        return Entry((self.kind,), stream=stream, finding=self.id)


def findings(event: Any, fields: Mapping[type[Any], tuple[str, ...]]) -> tuple[Finding, ...]:
    """The finding for an event, with the `fields` listed for the event's type; none if the type is not listed."""
    names = fields.get(type(event))
    return () if names is None else (Finding(event.kind, {name: getattr(event, name) for name in names}),)


@dataclass(frozen=True)
class OfficeAnswer:
    """The back office's answer from which an event follows; it must be signed if the installation requires identity.

    `act`: the activity that requests the answer. `answer`: its content, without the statement. `request_id`: the id of
    the request; None if the answer to any request counts. `unless`: a finding that makes the answer unnecessary.
    """

    act: str
    answer: Model
    request_id: str | None = None
    unless: Finding | None = None

    def is_given(self, said: AgencyAnswer) -> bool:
        """Whether a back office has given this answer, signed or not."""
        if said.act != self.act or self.request_id not in {None, said.request_id}:
            return False
        given = {name: value for name, value in said.answer.items() if name != "statement"}
        try:
            return strictly(type(self.answer), given) == self.answer
        except ValueError:
            return False
