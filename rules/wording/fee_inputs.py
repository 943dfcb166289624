"""The inputs of a procedure's fee, for its clients: names, types, bounds, choices."""

from collections.abc import Iterable, Mapping
from typing import Final

from rules.filing.fees.inputs import APPLICANT, CHANNEL, inputs
from schemas.base import Model, Text
from schemas.level import CAPABILITIES, Channel
from schemas.people import PersonKind
from schemas.publishing.fact import When
from schemas.publishing.procedure import FieldKind, Procedure
from schemas.publishing.procedure_rules import rules_of
from schemas.translate import said

NO_FILE: Final = "0" * 64
"""A placeholder for a digest on whose value nothing here depends."""


class Input(Model):
    """An input of the fee or of a waiver; `option` is its option of `motcua fee`.

    `minimum` and `maximum` bound a whole number, or the length of a text. If `when` does not hold, the field is not in
    the form; a field that is not `required` may be left empty.
    """

    name: str
    option: str
    type: FieldKind
    label: Text
    required: bool
    minimum: int | None = None
    maximum: int | None = None
    choices: tuple[str, ...] = ()
    when: When = ()


def described(procedure: Procedure) -> tuple[Input, ...]:
    """The inputs of the fee: the channel, the kind of applicant, then fields in the order of the form."""
    by_name = _by_name(procedure)
    return tuple(by_name[name] for name in inputs(rules_of(procedure, NO_FILE)))


def _by_name(procedure: Procedure) -> Mapping[str, Input]:
    fields = (
        Input(
            name=field.code,
            option=f"--set {field.code}",
            type=field.kind,
            label=field.label,
            required=field.required,
            minimum=field.minimum,
            maximum=field.maximum,
            choices=field.choices,
            when=field.when,
        )
        for field in procedure.form
    )
    channels = (channel for channel in Channel if channel in CAPABILITIES[procedure.level].filing)
    others = (
        _choice(CHANNEL, "--channel", said("fee.channel"), channels),
        _choice(APPLICANT, f"--set {APPLICANT}", said("fee.applicant"), PersonKind),
    )
    return {one.name: one for one in (*others, *fields)}


def _choice(name: str, option: str, label: Text, choices: Iterable[str]) -> Input:
    chosen = tuple(str(one) for one in choices)
    return Input(name=name, option=option, type=FieldKind.CHOICE, label=label, required=True, choices=chosen)
