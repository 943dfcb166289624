"""The fee of a draft, and the form fields that it depends on."""

from typing import Any, Final

from publishing.drafting.cells import codes_of
from publishing.drafting.fee_cell import Amount, Fee
from schemas.level import CAPABILITIES, Channel, Level
from schemas.publishing.fee import FeeDue, FeeKind
from schemas.translate import said

UNCONFIRMED: Final = "unconfirmed"
_CASE: Final = "fee_case"
_MOST_UNITS: Final = 1_000


def fee_parts(fee: Fee, level: Level, source: str) -> tuple[list[dict[str, Any]], dict[str, Any]]:
    """The form fields and the fee of a procedure of this level, as plain data; both are empty if nothing is charged."""
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
    """The form fields for the numbers of counted units, and for the case of the fee."""
    units = {_counter(amount): amount.per for amount in fee.amounts if amount.per}
    return [_count(unit, code) for code, unit in units.items()] + ([_choice(codes)] if fee.cases else [])


def _counter(amount: Amount) -> str:
    """The code of the field that counts the units of this amount."""
    return codes_of([f"số {amount.per}"])[0]


def _when(amount: Amount, code: str, *, cases: bool) -> dict[str, Any]:
    conditions: list[dict[str, Any]] = [{key: value} for key, value in amount.when.items()]
    if cases:
        conditions.append({"field": _CASE, "one_of": [code]})
    return {"when": conditions} if conditions else {}


def _count(unit: str, code: str) -> dict[str, Any]:
    """The field for the number of units of an amount."""
    label = said("draft.count", unit=unit)
    bounds = {"minimum": 1, "maximum": _MOST_UNITS}
    return {"code": code, "label": {"vi": label.vi, "en": label.en}, "kind": "integer", **bounds, "source": UNCONFIRMED}


def _choice(codes: list[str]) -> dict[str, Any]:
    """The field that chooses the due amount."""
    label = said("draft.fee_case")
    named = {"code": _CASE, "label": {"vi": label.vi, "en": label.en}, "kind": "choice"}
    return named | {"choices": codes, "source": UNCONFIRMED}


def _terms(level: Level) -> dict[str, Any]:
    online = [Channel.ONLINE.value] if Channel.ONLINE in CAPABILITIES[level].fee else []
    channels = [*online, Channel.COUNTER.value]
    return {"due": FeeDue.ACCEPTANCE.value, "channels": channels, "limit": "5 working days", "source": UNCONFIRMED}
