"""The draft of a procedure file: the facts of a row, and gaps for an officer to complete."""

import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any, Final

from publishing.checks.procedure import problems
from publishing.drafting.cells import codes_of
from publishing.drafting.fee_cell import Amount, Fee
from publishing.drafting.rows import Column, Facts
from rules.source import Mistake
from schemas.base import Text
from schemas.level import CAPABILITIES, Channel, Level
from schemas.limit import FigureUnit
from schemas.publishing.fee import FeeDue, FeeKind
from schemas.publishing.procedure import PartialReason
from schemas.translate import said

VERSION: Final = "0-draft"
"""The version of a draft. An officer changes it before publishing the draft."""

NEVER: Final = "1970-01-01"
"""The day of the last check in a draft: so long ago that every fact is stale until an officer has checked it."""

UNCONFIRMED: Final = "unconfirmed"
_READ: Final = frozenset({"processing", "cut_off"})
"""The limits that a table states."""
_COLUMNS: Final[Mapping[str, Column]] = {
    "code": Column.CODE,
    "name": Column.NAME,
    "level": Column.LEVEL,
    "partial": Column.LEVEL,
    "agency": Column.AGENCY,
    "decided_by": Column.AGENCY,
    "limits": Column.TIME,
    "cases": Column.TIME,
    "review": Column.TIME,
    "papers": Column.PAPERS,
    "figures": Column.PAPERS,
    "fee": Column.FEE,
    "form": Column.FEE,
    "legal_basis": Column.LEGAL_BASIS,
    "result": Column.RESULT,
}
"""The column of the table for each part of the draft."""


def draft_of(facts: Facts, source: str) -> dict[str, Any]:
    """Returns a procedure as plain data. `source` is the source of `facts`; all other facts are unconfirmed."""
    untranslated = f"{source}; en: {UNCONFIRMED}"
    level, limit = facts.level.level, str(facts.time.limit)
    form, fee = fee_parts(facts.fee, level, source)
    limits = {
        "intake": "8 working hours",
        "processing": limit,
        "issue": "4 working hours",
        "delivery": "4 working days",
        "pickup": "30 calendar days",
        **_some("cut_off", facts.time.cut_off),
    }
    # the law's last reason for a procedure that is only partly online is the least specific one
    partial = {"reason": PartialReason.TECHNICAL.value, **_pair(said("draft.not_said")), "source": UNCONFIRMED}
    kinds = [kind.value for kind in facts.agency.kinds]
    draft = {
        "code": facts.code,
        "version": VERSION,
        "checked": NEVER,
        "level": int(level),
        **_some("partial", partial if level is Level.ONLINE_FILING else {}),
        "name": {"vi": facts.name, "en": facts.name_en or facts.name},
        "agency": _twice(facts.agency.words),
        "information": _information(facts),
        "legal_basis": facts.legal_basis or [UNCONFIRMED],
        "limits": limits,
        "limits_source": dict.fromkeys(limits, UNCONFIRMED) | dict.fromkeys(limits.keys() & _READ, source),
        **_some("cases", _cases(facts, untranslated)),
        **_some("papers", _papers(facts, untranslated)),
        **_some("form", form),
        **_some("review", _review(limit) if level > Level.INFORMATION else []),
        **_some("fee", fee),
        "result": _result(facts, level, untranslated),
        "supplement": {"limit": "10 working days", "source": UNCONFIRMED},
        **_some("decided_by", {"kinds": kinds, "source": source} if kinds else {}),
        "signature": {"required": False, "source": UNCONFIRMED},
    }
    return with_figures(draft, source)


def mistakes_of(draft: Mapping[str, Any]) -> Iterator[tuple[Column | None, Mistake]]:
    """Yields the mistakes that the catalogue's checks report for a draft, each with its column."""
    for entry in problems(draft):
        yield _COLUMNS.get(entry.path.partition(".")[0].partition("[")[0]), entry


def _some(key: str, value: object) -> dict[str, object]:
    """Returns a dict of the key and the value as plain data; an empty dict if the value is empty."""
    return {key: value} if value else {}


def _twice(words: str) -> dict[str, str]:
    """Returns the text as the texts of both languages, since a table has texts only in Vietnamese."""
    return {"vi": words, "en": words}


def _pair(text: Text) -> dict[str, str]:
    return {"vi": text.vi, "en": text.en}


def _information(facts: Facts) -> dict[str, Any]:
    open_ = _pair(said("draft.not_said")) | {"source": UNCONFIRMED}
    items = ("steps", "how", "applicants", "agency", "conditions", "places")
    told: dict[str, Any] = {item: dict(open_) for item in items}
    told["agency"] = _twice(facts.agency.words) | {"source": UNCONFIRMED}
    if facts.fee.is_open:
        told["conditions"] |= _pair(said("draft.fee_open"))
    told["sets"] = facts.papers.sets
    return told


def _cases(facts: Facts, source: str) -> list[dict[str, Any]]:
    cases = facts.time.cases
    return [
        {"code": code, "name": _twice(case.name), "processing": str(case.limit), "source": source}
        for code, case in zip(codes_of(case.name for case in cases), cases, strict=True)
    ]


def _papers(facts: Facts, source: str) -> list[dict[str, Any]]:
    papers = facts.papers.listed
    return [
        {"code": code, "name": _twice(paper.name), **({} if paper.required else {"required": False}), "source": source}
        for code, paper in zip(codes_of(paper.name for paper in papers), papers, strict=True)
    ]


def _review(limit: str) -> list[dict[str, Any]]:
    """Returns the two steps that a decision needs. Each step has the whole limit, since no law sets a shorter limit."""
    done = {"limit": limit, "source": UNCONFIRMED}
    return [
        {"code": "appraise", "name": _pair(said("draft.appraise")), "role": "specialist", "act": "propose", **done},
        {"code": "decide", "name": _pair(said("draft.decide")), "role": "leader", "act": "decide", **done},
    ]


def _result(facts: Facts, level: Level, source: str) -> dict[str, Any]:
    named = {"name": _twice(facts.result), "source": source}
    unnamed = {"name": _pair(said("draft.result")), "source": UNCONFIRMED}
    channels = [channel.value for channel in Channel if channel in CAPABILITIES[level].result]
    return (named if facts.result else unnamed) | {"channels": channels}


_UNITS: Final = {
    "ngày làm việc": FigureUnit.WORKING_DAYS,
    "giờ làm việc": FigureUnit.WORKING_HOURS,
    "ngày": FigureUnit.CALENDAR_DAYS,
    "giờ": FigureUnit.HOURS,
    "phút": FigureUnit.MINUTES,
    "tuần": FigureUnit.WEEKS,
    "tháng": FigureUnit.MONTHS,
    "năm": FigureUnit.YEARS,
    "tuổi": FigureUnit.YEARS_OF_AGE,
    "%": FigureUnit.PERCENT,
}
_FIGURE: Final = re.compile(
    rf"(?<![\w.,/])(\d{{1,4}})(?: ?\([^()]{{0,40}}\))? ?({'|'.join(_UNITS)})(?!\w)(?! \d)", re.IGNORECASE
)


def with_figures(draft: dict[str, Any], source: str) -> dict[str, Any]:
    """Returns the draft with its texts' times and percentages moved into `figures`, and placeholders in their place."""
    figures: dict[str, dict[str, Any]] = {}

    def placeholder(match: re.Match[str]) -> str:
        amount, unit = int(match[1]), _UNITS[match[2].lower()]
        code = f"{unit.value.replace(' ', '_')}_{amount}"
        figures[code] = {"code": code, "amount": amount, "unit": unit.value, "source": source}
        return f"{{figure.{code}}}"

    found: dict[str, Any] = _texts(draft, lambda text: _FIGURE.sub(placeholder, text))
    return found | _some("figures", list(figures.values()))


def _texts(value: Any, change: Callable[[str], str]) -> Any:
    """Returns the data with every text for people (in a pair of `vi` and `en`) replaced by `change` of it."""
    match value:
        case {"vi": str(vi), "en": str(en), **rest}:
            return {"vi": change(vi), "en": change(en), **rest}
        case dict():
            return {key: _texts(entry, change) for key, entry in value.items()}
        case list():
            return [_texts(entry, change) for entry in value]
    return value


_CASE: Final = "fee_case"
_MOST_UNITS: Final = 1_000


def fee_parts(fee: Fee, level: Level, source: str) -> tuple[list[dict[str, Any]], dict[str, Any]]:
    """Returns form fields and fee of a procedure of this level, as plain data; both are empty if nothing is charged."""
    if not any(amount.dong for amount in fee.amounts):
        return [], {}
    names = [amount.words or said("draft.fee").vi for amount in fee.amounts]
    codes = codes_of(names)
    items = [
        {
            "code": code,
            "name": {"vi": name, "en": amount.words or said("draft.fee").en},
            "kind": (amount.kind or FeeKind.FEE).value,
            "amount": amount.dong,
            **({"per": _counter(amount)} if amount.per else {}),
            **amount.bounds,
            **_when(amount, code, cases=fee.cases),
            "source": f"{source}; en, kind: {UNCONFIRMED}",
        }
        for name, code, amount in zip(names, codes, fee.amounts, strict=True)
        if amount.dong
    ]
    return _fields(fee, codes), {"items": items, **_terms(level)}


def _fields(fee: Fee, codes: list[str]) -> list[dict[str, Any]]:
    """Returns the form fields for the fee: one for the number of each counted unit, one for the applicant's case."""
    fields: list[dict[str, Any]] = []
    for code, unit in {_counter(amount): amount.per for amount in fee.amounts if amount.per}.items():
        bounds = {"minimum": 1, "maximum": _MOST_UNITS}
        label = _pair(said("draft.count", unit=unit))
        fields.append({"code": code, "label": label, "kind": "integer", **bounds, "source": UNCONFIRMED})
    if fee.cases:
        named = {"code": _CASE, "label": _pair(said("draft.fee_case")), "kind": "choice"}
        fields.append(named | {"choices": codes, "source": UNCONFIRMED})
    return fields


def _counter(amount: Amount) -> str:
    return codes_of([f"số {amount.per}"])[0]


def _when(amount: Amount, code: str, *, cases: bool) -> dict[str, Any]:
    conditions: list[dict[str, Any]] = [{key: value} for key, value in amount.when.items()]
    if cases:
        conditions.append({"field": _CASE, "one_of": [code]})
    return _some("when", conditions)


def _terms(level: Level) -> dict[str, Any]:
    online = [Channel.ONLINE.value] if Channel.ONLINE in CAPABILITIES[level].fee else []
    channels = [*online, Channel.COUNTER.value]
    return {"due": FeeDue.ACCEPTANCE.value, "channels": channels, "limit": "5 working days", "source": UNCONFIRMED}
