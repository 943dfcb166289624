"""The mistakes in conditions of papers, fields and fee items: unknown names, and conditions that never hold."""

from collections.abc import Generator, Iterator, Mapping
from typing import Final, TypeAlias, assert_never

from publishing.checks import readable_parts as rp
from publishing.checks.readable_parts import Unread, read, whole
from rules.filing.conditions import WRITTEN
from rules.source import Mistake, mistake
from schemas.level import CAPABILITIES, Channel, Level
from schemas.publishing.procedure import FieldKind
from schemas.text import FormValue

Values: TypeAlias = frozenset[FormValue] | range
Claims: TypeAlias = dict[str, Values]
"""The values that fulfil conditions, by subject: `channel`, `applicant`, `form.<code>`, or `ago.<code>` in days."""

_MOST: Final = 2**53


def condition_mistakes(parts: rp.ProcedureSketch) -> Iterator[Mistake]:
    """Yields every mistake of the conditions of a procedure."""
    form = read(parts.form)
    checks = _Checks(form, whole(parts.form), None if isinstance(parts.level, Unread) else parts.level)
    for n, field in form.items():
        checks.claims_of[n] = yield from checks.conditions(field.when, f"form[{n}]", before=n)
    for n, paper in read(parts.papers).items():
        yield from checks.conditions(paper.when, f"papers[{n}]")
    for n, case in read(parts.cases).items():
        yield from checks.conditions(case.when, f"cases[{n}]")
    if isinstance(parts.signature, rp.SignatureSketch):
        yield from checks.conditions(parts.signature.unless, "signature", key="unless")
    if isinstance(parts.fee, rp.FeeSketch):
        yield from _of_fee(parts.fee, checks)


def _of_fee(fee: rp.FeeSketch, checks: "_Checks") -> Iterator[Mistake]:
    for n, waiver in read(fee.waivers).items():
        yield from checks.conditions(waiver.when, f"fee.waivers[{n}]")
    for n, item in read(fee.items).items():
        claims = yield from checks.conditions(item.when, f"fee.items[{n}]")
        for key, code in (("per", item.per), ("of", item.of)):
            if isinstance(code, str) and _joined(claims, checks.counted(code)) is None:
                yield mistake("never_holds", f"fee.items[{n}].{key}")


class _Checks:
    """Checks conditions against the form and the level. `claims_of`: by field index, its conditions' claims."""

    def __init__(self, form: Mapping[int, rp.FieldSketch], form_whole: bool, level: Level | None) -> None:  # noqa: FBT001
        self._form = form
        self._codes_known = form_whole and not any(isinstance(field.code, Unread) for field in form.values())
        self._level = level
        self.claims_of: dict[int, Claims] = {}

    def conditions(
        self, when: rp.Listed[rp.ConditionSketch], path: str, *, before: int | None = None, key: str = "when"
    ) -> Generator[Mistake, None, Claims]:
        """Yields mistakes; returns the conditions' claims. A condition may only name fields before index `before`."""
        held: Claims = {}
        seen: list[rp.ConditionSketch] = []
        for k, condition in read(when).items():
            place = f"{path}.{key}[{k}]"
            claims = yield from self._condition(condition, place, before)
            joined = _joined(held, claims)
            if claims and condition in seen:
                yield mistake("duplicate_value", place)
            elif joined is None:
                yield mistake("never_holds", place)
            else:
                held = joined
            seen.append(condition)
        return held

    def counted(self, code: str) -> Claims:
        """Returns the claims that a value above 0 in the integer field `code` fulfils.

        Returns no claims if there is no such field.
        """
        place = self._place(code)
        if place is None or self._form[place].kind is not FieldKind.INTEGER:
            return {}
        return self.claims_of[place] | {f"form.{code}": _both(_bounds(self._form[place]), range(1, _MOST))}

    def _place(self, code: str) -> int | None:
        return next((n for n, field in self._form.items() if field.code == code), None)

    def _condition(
        self, condition: rp.ConditionSketch, path: str, before: int | None
    ) -> Generator[Mistake, None, Claims]:
        about = (condition.field, condition.channel, condition.applicant)
        if sum(part is not None for part in about) != 1:
            yield mistake("when_one_thing", path)
            return {}
        if isinstance(condition.field, str):
            return (yield from self._about_field(condition, condition.field, path, before))
        if condition.field is None:
            yield from (mistake("when_value_without_field", f"{path}.{name}") for name in _written(condition))
        if isinstance(condition.channel, Channel):
            return (yield from self._about_channel(condition.channel, f"{path}.channel"))
        if condition.applicant is None or isinstance(condition.applicant, Unread):
            return {}
        return {"applicant": frozenset({condition.applicant})}

    def _about_channel(self, channel: Channel, path: str) -> Generator[Mistake, None, Claims]:
        if self._level is None or channel in CAPABILITIES[self._level].filing:
            return {"channel": frozenset({channel})}
        words = ", ".join(sorted(CAPABILITIES[self._level].filing))
        yield mistake("when_channel_not_allowed", path, level=int(self._level), allowed=words)
        return {}

    def _about_field(
        self, condition: rp.ConditionSketch, code: str, path: str, before: int | None
    ) -> Generator[Mistake, None, Claims]:
        place, written = self._place(code), _written(condition)
        if place is None:
            if self._codes_known:
                yield mistake("when_unknown_field", f"{path}.field")
            return {}
        if before is not None and place >= before:
            yield mistake("when_field_not_before", f"{path}.field")
            return {}
        ways = [way for names, way in _WAYS.items() if {*names} & {*written}]
        if len(ways) != 1:
            yield mistake("when_values_or_bounds" if ways else "when_needs_value", path)
            return {}
        [(check, about)] = ways
        values = yield from check(condition, self._form[place], path)
        return {} if values is None else self.claims_of[place] | {f"{about}.{code}": values}


def _written(condition: rp.ConditionSketch) -> list[str]:
    names = [name for way in _WAYS for name in way]
    return [name for name in names if name in condition.model_fields_set and getattr(condition, name) is not None]


def _one_of(condition: rp.ConditionSketch, field: rp.FieldSketch, path: str) -> Generator[Mistake, None, Values | None]:
    """Returns the values that the condition lists; None if one of them is wrong."""
    listed: dict[int, FormValue] = read(condition.one_of)
    good = whole(condition.one_of)
    if good and not listed:
        yield mistake("when_needs_value", f"{path}.one_of")
        return None
    seen: set[FormValue] = set()
    for n, value in listed.items():
        fits = _fits(field, value)
        if not fits or value in seen:
            yield mistake("duplicate_value" if fits else "when_value_not_of_field", f"{path}.one_of[{n}]")
            good = False
        else:
            seen.add(value)
    return frozenset(seen) if good else None


def _at(condition: rp.ConditionSketch, field: rp.FieldSketch, path: str) -> Generator[Mistake, None, Values | None]:
    """Returns the values between the bounds of the condition; None if a bound is wrong."""
    if isinstance(field.kind, Unread):
        return None
    if field.kind is not FieldKind.INTEGER:
        yield from (mistake("when_bounds_need_integer", f"{path}.{name}") for name in _written(condition))
        return None
    asked = yield from _between(condition.at_least, condition.at_most, f"{path}.at_least")
    bounds = _bounds(field)
    if asked is None:
        return None
    if asked.start >= bounds.stop:
        yield mistake("never_holds", f"{path}.at_least")
    elif asked.stop <= bounds.start:
        yield mistake("never_holds", f"{path}.at_most")
    else:
        return _both(bounds, asked)
    return None


def _ago(condition: rp.ConditionSketch, field: rp.FieldSketch, path: str) -> Generator[Mistake, None, Values | None]:
    """Returns the ages of the date, in days, that the condition allows; None if the condition's bounds are wrong."""
    if isinstance(field.kind, Unread):
        return None
    if field.kind is not FieldKind.DATE:
        yield from (mistake("when_days_need_date", f"{path}.{name}") for name in _written(condition))
        return None
    least, most = condition.at_least_days_ago, condition.at_most_days_ago
    return (yield from _between(least, most, f"{path}.at_least_days_ago"))


def _between(
    least: int | Unread | None, most: int | Unread | None, path: str
) -> Generator[Mistake, None, range | None]:
    """Returns the numbers from `least` to `most`; None if `least` is larger than `most`, or one bound is unreadable."""
    if isinstance(least, Unread) or isinstance(most, Unread):
        return None
    if least is not None and most is not None and least > most:
        yield mistake("when_bounds_crossed", path)
        return None
    return range(-_MOST if least is None else least, _MOST if most is None else most + 1)


_WAYS: Final = {
    ("one_of",): (_one_of, "form"),
    ("at_least", "at_most"): (_at, "form"),
    ("at_least_days_ago", "at_most_days_ago"): (_ago, "ago"),
}
"""The kinds of conditions on a field: by the keys of a kind, the kind's check and the subject of its claims."""


def _fits(field: rp.FieldSketch, value: FormValue) -> bool:
    """Whether the field could have this value; True also if the field itself is unreadable."""
    match field.kind:
        case Unread.UNREAD:
            return True
        case FieldKind.CHOICE:
            unclear = not field.choices or not whole(field.choices)
            return isinstance(value, str) and (unclear or value in read(field.choices).values())
        case FieldKind.INTEGER:
            return isinstance(value, int) and not isinstance(value, bool) and value in _bounds(field)
        case FieldKind.TEXT:
            return isinstance(value, str) and len(value) in _bounds(field)
        case FieldKind.DATE | FieldKind.BOOLEAN | FieldKind.COMMUNE:
            fits, _ = WRITTEN[field.kind]
            return fits(value)
        case _:
            assert_never(field.kind)


def _bounds(field: rp.FieldSketch) -> range:
    """Returns the integers, or the lengths of text, that the field allows; without readable bounds, all."""
    least = field.minimum if isinstance(field.minimum, int) else -_MOST
    most = field.maximum if isinstance(field.maximum, int) else _MOST
    return range(least, most + 1) if least <= most else range(-_MOST, _MOST)


def _joined(first: Claims, second: Claims) -> Claims | None:
    """Returns the claims that fulfil both `first` and `second`; None if these exclude each other."""
    joined = first | second | {about: _both(first[about], second[about]) for about in first.keys() & second.keys()}
    return joined if all(joined.values()) else None


def _both(first: Values, second: Values) -> Values:
    match first, second:
        case range(), range():
            return range(max(first.start, second.start), min(first.stop, second.stop))
        case range(), _:
            return frozenset(value for value in second if value in first)
        case _:
            return frozenset(value for value in first if value in second)
