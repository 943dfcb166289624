"""A province's own rules: their mistakes, and the country's procedures composed with them."""

import json
from collections.abc import Iterable, Iterator, Mapping
from datetime import date
from typing import Any, Final, NamedTuple, TypeAlias

from pydantic import TypeAdapter, ValidationError

from publishing.checks.facts import fact_mistakes
from publishing.checks.list_mistakes import repeated
from publishing.checks.procedure import problems
from publishing.checks.readable_parts import UNREAD, Listed, Maybe, Sketch, read
from publishing.checks.schema_mistakes import schema_mistakes
from rules.source import Mistake, child, elsewhere, mistake, plain
from schemas.base import AgencyCode, Version
from schemas.publishing.procedure import ProcedureCode
from schemas.publishing.province import ProvinceCode, ProvinceOverlay

Raw: TypeAlias = Mapping[str, Any]

ALL: Final = "*"
_MOST_CHARACTERS: Final = 32
_VERSION: Final[TypeAdapter[str]] = TypeAdapter(Version)


class Known(NamedTuple):
    """The known versions of each procedure, by its code, and the province's agencies; None if these are unknown."""

    procedures: "Mapping[str, Iterable[Base]]"
    agencies: frozenset[str] | None = None


class Base(NamedTuple):
    """A version of a procedure of the whole country. `demo`: whether it may have limits in seconds."""

    raw: Raw
    demo: bool = False


def composed_version(base: str, province: str, version: str) -> str:
    """Returns the name of a composed version, such as `2026-12.H24.2026-12`."""
    return f"{base}.{province}.{version}"


def composed(base: Raw, province: str, version: str, fee: Any) -> dict[str, Any]:
    """Returns the country's procedure `base` with the province's fee and the name of the composed version."""
    return {**base, "version": composed_version(base["version"], province, version), "fee": fee}


class _OwnSketch(Sketch):
    code: Maybe[ProcedureCode] = UNREAD


class _DeskSketch(Sketch):
    agency: Maybe[AgencyCode] = UNREAD
    receives_for: Listed[str] = ()


class _OverlaySketch(Sketch):
    province: Maybe[ProvinceCode] = UNREAD
    version: Maybe[Version] = UNREAD
    own: Listed[_OwnSketch] = ()
    desks: Listed[_DeskSketch] = ()


def overlay_problems(raw: object, known: Known, today: date | None = None) -> list[Mistake]:
    """Returns every mistake of a province's file, given as plain data. A `checked` day after `today` is a mistake."""
    if not isinstance(raw, dict):
        return [mistake("not_a_mapping", "")]
    found: list[Mistake] = []
    value = plain(raw, "", found)
    found += schema_mistakes(ProvinceOverlay, value)
    found += fact_mistakes(value, today)
    found += elsewhere(_across(value, known), found)
    return list({(entry.path, entry.rule): entry for entry in found}.values())


def _across(value: dict[str, Any], known: Known) -> Iterator[Mistake]:
    parts = _OverlaySketch.model_validate_json(json.dumps(value))
    province = parts.province
    if not isinstance(province, str):
        return
    yield from _own(parts, province, known)
    yield from _desks(parts, province, known)
    if isinstance(value.get("fees"), dict) and isinstance(parts.version, str):
        for code, fee in value["fees"].items():
            yield from _fee(code, fee, (province, parts.version), known)


def _own(parts: _OverlaySketch, province: str, known: Known) -> Iterator[Mistake]:
    codes = {n: entry.code for n, entry in read(parts.own).items() if isinstance(entry.code, str)}
    yield from (mistake("duplicate_code", f"own[{n}].code") for n in repeated(codes))
    for n, code in codes.items():
        if code.rpartition(".")[2] != province:
            yield mistake("of_another_province", f"own[{n}].code", province=province)
        elif code not in known.procedures:
            yield mistake("unknown_procedure", f"own[{n}].code")


def _desks(parts: _OverlaySketch, province: str, known: Known) -> Iterator[Mistake]:
    desks = read(parts.desks)
    agencies = {n: desk.agency for n, desk in desks.items() if isinstance(desk.agency, str)}
    yield from (mistake("desk_twice", f"desks[{n}].agency") for n in repeated(agencies))
    for n, own in agencies.items():
        served = read(desks[n].receives_for)
        named = {f"desks[{n}].agency": own} | {f"desks[{n}].receives_for[{k}]": s for k, s in served.items()}
        for path, agency in named.items():
            if not _is_there(agency, known):
                yield mistake("unknown_agency", path, province=province)
        yield from (mistake("duplicate_value", f"desks[{n}].receives_for[{k}]") for k in repeated(served))


def _is_there(agency: str, known: Known) -> bool:
    return agency == ALL or known.agencies is None or agency in known.agencies


def _fee(code: str, fee: Any, whose: tuple[str, str], known: Known) -> Iterator[Mistake]:
    """Yields the mistakes of a province's fee for a procedure. The fee must fit every version of the procedure."""
    place = child("fees", code)
    if code not in known.procedures:
        yield mistake("unknown_procedure", place)
    if not isinstance(fee, dict):
        return
    for base in known.procedures.get(code, ()):
        name = composed_version(str(base.raw.get("version")), *whose)
        try:
            _VERSION.validate_python(name)
        except ValidationError:
            yield mistake("composed_version_too_long", place, composed=name, limit=_MOST_CHARACTERS)
            continue
        for entry in misfits(base, composed(base.raw, *whose, fee)):
            inside = entry.path.removeprefix("fee") if entry.path.partition(".")[0] == "fee" else ""
            yield entry.model_copy(update={"path": place + inside})


def misfits(base: Base, made: Raw) -> list[Mistake]:
    """Returns the mistakes of `made` (the base composed with a province's rules) that the base itself does not have."""
    before = {(entry.path, entry.rule) for entry in problems(base.raw, allow_seconds=base.demo)}
    return [entry for entry in problems(made, allow_seconds=base.demo) if (entry.path, entry.rule) not in before]
