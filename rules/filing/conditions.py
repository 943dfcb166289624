"""Whether the conditions of a procedure hold for what was filed."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Protocol

from schemas.form import FormValue
from schemas.level import Channel
from schemas.people import Applicant
from schemas.publishing.procedure import Condition, When


class Dossier(Protocol):
    """What conditions ask about: a submission, or the filing that came of it."""

    @property
    def form(self) -> Mapping[str, FormValue]:
        """The values of the form."""

    @property
    def channel(self) -> Channel:
        """By which it was filed."""

    @property
    def applicant(self) -> Applicant | None:
        """In whose name."""


def hold(when: When, dossier: Dossier) -> bool:
    """Whether every condition holds; without any they do."""
    return all(_holds(condition, dossier) for condition in when)


def _holds(condition: Condition, dossier: Dossier) -> bool:
    if condition.field is not None:
        return condition.field in dossier.form and _fits(condition, dossier.form[condition.field])
    if condition.channel is not None:
        return condition.channel is dossier.channel
    return dossier.applicant is not None and condition.applicant is dossier.applicant.kind


def _fits(condition: Condition, value: FormValue) -> bool:
    if condition.one_of:
        return any(value == wanted and type(value) is type(wanted) for wanted in condition.one_of)
    if not isinstance(value, int):
        return False
    low = condition.at_least is None or value >= condition.at_least
    return low and (condition.at_most is None or value <= condition.at_most)
