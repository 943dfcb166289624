"""The conditions of a procedure, applied to a submission or filing."""

import re
from collections.abc import Callable, Mapping
from datetime import date, datetime
from typing import Final, NamedTuple, TypeAlias

from rules.require import require
from rules.time.calendars import first_of_limit_days
from rules.time.working_time import local_day
from schemas.base import COMMUNE
from schemas.filing.state import Filing
from schemas.filing.submission import Submission
from schemas.level import Channel
from schemas.people import PersonKind
from schemas.publishing.fact import Condition, When
from schemas.publishing.procedure import FieldKind
from schemas.text import FormValue

_COMMUNE: Final = re.compile(COMMUNE)


class Of(NamedTuple):
    """An applicant before the submission, of whom only the kind is known: person or organisation."""

    kind: PersonKind


class Case(NamedTuple):
    """The known facts of a filing that does not exist yet. Conditions apply to these facts as they do to a filing."""

    form: Mapping[str, FormValue]
    channel: Channel | None = None
    applicant: Of | None = None


Dossier: TypeAlias = Submission | Filing | Case
"""The facts that conditions use."""


def hold(when: When, dossier: Dossier, received: date) -> bool:
    """Whether every condition holds for a dossier received on this day; true if there are no conditions."""
    return all(_holds(condition, dossier, received) for condition in when)


def _holds(condition: Condition, dossier: Dossier, received: date) -> bool:
    if condition.field is not None:
        return condition.field in dossier.form and _fits(condition, dossier.form[condition.field], received)
    if condition.channel is not None:
        return condition.channel is dossier.channel
    return dossier.applicant is not None and condition.applicant is dossier.applicant.kind


def _fits(condition: Condition, value: FormValue, received: date) -> bool:
    if condition.one_of:
        return any(value == wanted and type(value) is type(wanted) for wanted in condition.one_of)
    if condition.at_least_days_ago is not None or condition.at_most_days_ago is not None:
        day = written_date(value)
        ago = None if day is None else _days_ago(day, received)
        return ago is not None and _between(ago, condition.at_least_days_ago, condition.at_most_days_ago)
    return isinstance(value, int) and _between(value, condition.at_least, condition.at_most)


def _days_ago(day: date, received: date) -> int:
    """The days from `day` to the receipt.

    Days off right before the receipt are not counted, since no limit ends on a day off.
    """
    return min((received - day).days, max((first_of_limit_days(received) - day).days, 0))


def written_date(value: object) -> date | None:
    """The date in a form field or a file, written YYYY-MM-DD; None for anything else."""
    try:
        day = date.fromisoformat(value) if isinstance(value, str) else None
    except ValueError:
        return None
    return day if day is None or day.isoformat() == value else None


def is_commune(value: object) -> bool:
    """Whether a value of a form is written like the code of a commune."""
    return isinstance(value, str) and _COMMUNE.fullmatch(value) is not None


WRITTEN: Final[Mapping[FieldKind, tuple[Callable[[FormValue], bool], str]]] = {
    FieldKind.DATE: (lambda value: written_date(value) is not None, "not_a_date"),
    FieldKind.BOOLEAN: (lambda value: isinstance(value, bool), "not_a_boolean"),
    FieldKind.COMMUNE: (is_commune, "not_a_commune"),
}
"""For each kind of field: the check of a value's written form, and the rule by which a wrong value is refused."""


def communes_in(form: Mapping[str, object]) -> dict[str, str]:
    """Returns the values of a form that are written like the code of a commune, by field."""
    return {code: str(value) for code, value in form.items() if is_commune(value)}


def day_of_receipt(submission: Submission, now: datetime) -> date:
    """The day in Vietnam whose law applies: today; for a submission by post, the day on which the post delivered it."""
    return local_day(now if submission.received_at is None else min(submission.received_at, now))


def received_on(filing: Filing) -> date:
    """The day on which the post handed the dossier over, or else the day of the submission."""
    return local_day(filing.received_at or require(filing.submitted_at))


def _between(value: int, least: int | None, most: int | None) -> bool:
    return (least is None or value >= least) and (most is None or value <= most)
