"""The amounts in a cell, with the conditions of each amount."""

import re
from decimal import Decimal
from typing import Final, NamedTuple

from publishing.drafting.cells import CellError, entries, folded
from schemas.level import Channel
from schemas.people import PersonKind
from schemas.publishing.fee import FeeKind

_FREE: Final = re.compile(
    r"(?:khong|khong co|khong mat phi|none|free|no fee|0(?: dong| vnd| ?d)?"
    r"|(?:khong thu|mien|mien thu)(?: phi|(?: phi, ?)? le phi)?)\.?"
)
_ELSEWHERE: Final = re.compile(
    r"theo quy dinh|hdnd|hoi dong nhan dan|nghi quyet|thong tu|nghi dinh|quyet dinh|bieu phi|\btheo\b"
)
_SCALES: Final = {"nghin": 1_000, "ngan": 1_000, "trieu": 1_000_000}
_NUMBER: Final = r"(?<![\d.,/])(\d{1,3}(?:[.,]\d{3})+|\d+(?:,\d{1,2})?)(?![.,]?\d)"
_PER: Final = r"(?: ?/ ?(?:0?1 )?([a-z]+(?: (?!(?:neu|doi|khi|nop|cho|va|trong|theo|truc)\b)[a-z]+){0,2}))?"
_AMOUNT: Final = re.compile(rf"{_NUMBER} ?(nghin|ngan|trieu)? ?(?:dong|vnd|d)\b{_PER}")
_RANGE: Final = re.compile(rf"\d ?(?:nghin|ngan|trieu)? ?(?:dong|vnd|d)? ?(?:-|–|\bden\b) ?{_AMOUNT.pattern}")
_BOUND: Final = re.compile(rf"(?:(toi da|khong qua)|toi thieu|it nhat)\b[^;\d]{{0,20}}{_AMOUNT.pattern}")
"""The words for the maximum or minimum of a total, if an amount is charged for each unit."""
_MONEY: Final = re.compile(r"\d ?(?:nghin|ngan|trieu|dong|vnd|d\b|k\b|usd|\$)")
_ONCE: Final = re.compile(r"(ho so|lan|truong hop|thu tuc|vu|viec|vu viec|giay phep)\b.*")
_CONDITIONS: Final[dict[str, dict[str, str]]] = {
    "channel": {
        Channel.ONLINE.value: r"truc tuyen|(?:qua|tren) mang|online",
        Channel.COUNTER.value: r"truc tiep|tai quay|tru so|mot cua|counter",
        Channel.POST.value: r"buu chinh|buu dien|by post",
    },
    "applicant": {
        PersonKind.PERSON.value: r"ca nhan|\bpersons?\b",
        PersonKind.ORGANISATION.value: r"to chuc|doanh nghiep|organisation",
    },
}
_LET_OFF: Final = re.compile(r"\b(?:giam|mien)\b")


class Amount(NamedTuple):
    """An amount in đồng: for each unit `per`, or charged once if `per` is empty. `bounds` limit the total."""

    dong: int
    per: str
    bounds: dict[str, int]
    words: str
    kind: FeeKind | None
    when: dict[str, str]


class Fee(NamedTuple):
    """The amounts in a cell. `cases`: whether they exclude each other; `unsettled`: the keys of open points."""

    amounts: list[Amount]
    cases: bool
    unsettled: list[str]

    @property
    def is_open(self) -> bool:
        """Whether a fee is possible but unknown."""
        return bool(self.unsettled) and not self.amounts


def fee_of(cell: str, unit: str = "") -> Fee:
    """Returns the fee in a cell. A number without a unit gets `unit`, from the heading. Raises `CellError`."""
    if unit and re.fullmatch(r"[\d.,]+", cell):
        cell = f"{cell} {unit}"
    words = folded(cell)
    if _FREE.fullmatch(words):
        return Fee([], cases=False, unsettled=[])
    if not cell:
        return Fee([], cases=False, unsettled=["fee_not_said"])
    if _RANGE.search(words):
        raise CellError("amount_is_range")
    if not _AMOUNT.search(words):
        _refuse_unless_elsewhere(words)
        return Fee([], cases=False, unsettled=["fee_elsewhere"])
    pieces = _with_bounds([piece for entry in entries(cell) for piece in _pieces(entry)])
    charged = [_before_waiver(piece) for piece in pieces]
    amounts = [_amount(piece) for piece in charged if _MONEY.search(folded(piece))]
    if not amounts:
        raise CellError("amount_unclear")
    cases = _are_cases(amounts)
    unsettled = {
        "fee_has_more": len(amounts) < len(pieces) or charged != pieces,
        "fee_has_cases": cases,
        "fee_not_for_all": any(len({a.when.get(key) for a in amounts}) < len(of) for key, of in _named(amounts)),
    }
    return Fee(amounts, cases, [rule for rule, holds in unsettled.items() if holds])


def _refuse_unless_elsewhere(words: str) -> None:
    """Raises `CellError` for words about money without an amount, unless they name a legal text with the amount."""
    if "%" in words:
        raise CellError("fee_is_percentage")
    if _MONEY.search(words) or re.fullmatch(r"[\d., ]+", words):
        raise CellError("amount_unclear")
    if not _ELSEWHERE.search(words):
        raise CellError("fee_unreadable")


def _pieces(entry: str) -> list[str]:
    """Returns the parts of an entry, split at commas and "and", if each part has an amount; else the entry alone."""
    parts = re.split(r", | và | and ", entry)
    return parts if all(_AMOUNT.search(folded(part)) for part in parts) else [entry]


def _with_bounds(pieces: list[str]) -> list[str]:
    """Returns the pieces, with each maximum or minimum joined to the amount before it."""
    found: list[str] = []
    for piece in pieces:
        if found and _BOUND.match(folded(piece)):
            found[-1] += f", {piece}"
        else:
            found.append(piece)
    return found


def _before_waiver(piece: str) -> str:
    """Returns the part before the words about a waiver, since those words do not concern the amount itself."""
    let_off = _LET_OFF.search(folded(piece))
    return piece[: let_off.start()] if let_off else piece


def _amount(piece: str) -> Amount:
    bounds = {}
    for bound in _BOUND.finditer(folded(piece)):
        bounds["maximum" if bound[1] else "minimum"] = _dong(bound[2], bound[3])
        piece = piece[: bound.start()] + " " * len(bound[0]) + piece[bound.end() :]
    words = folded(piece)
    found = list(_AMOUNT.finditer(words))
    unit = found[0][3] if found else None
    per = piece[found[0].start(3) : found[0].end(3)] if unit and not _ONCE.fullmatch(unit) else ""
    if bounds and not per:
        raise CellError("amount_is_range")
    if len(found) != 1 or _MONEY.search(_AMOUNT.sub(" ", words)):
        raise CellError("amount_unclear")
    label = f"{piece[: found[0].start()]} {piece[found[0].end() :]}"
    label = " ".join(label.split()).strip(" :-–,.()")
    return Amount(_dong(found[0][1], found[0][2]), per, bounds, label, _kind(folded(label)), _when(words))


def _dong(number: str, scale: str | None) -> int:
    grouped = re.fullmatch(r"\d{1,3}(?:[.,]\d{3})+", number)
    amount = Decimal(re.sub(r"[.,]", "", number) if grouped else number.replace(",", ".")) * _SCALES.get(scale or "", 1)
    if amount % 1:
        raise CellError("amount_unclear")
    return int(amount)


def _kind(words: str) -> FeeKind | None:
    if re.search(r"\ble phi\b", words):
        return FeeKind.FEE
    return FeeKind.CHARGE if re.search(r"\bphi\b", words) else None


def _when(words: str) -> dict[str, str]:
    found = {}
    for key, patterns in _CONDITIONS.items():
        named = [value for value, pattern in patterns.items() if re.search(pattern, words)]
        if len(named) == 1:
            found[key] = named[0]
    return found


def _named(amounts: list[Amount]) -> list[tuple[str, dict[str, str]]]:
    return [(key, values) for key, values in _CONDITIONS.items() if any(key in amount.when for amount in amounts)]


def _are_cases(amounts: list[Amount]) -> bool:
    """Whether the amounts are cases that exclude each other, so that the applicant has to choose one.

    Amounts that differ only by channel or by applicant leave no choice. One phí (for a service) and one lệ phí (for a
    paper) are both charged. Raises `CellError` if it is unclear in which case an amount is charged.
    """
    conditions = [tuple(amount.when.items()) for amount in amounts]
    by_one_key = all(len(when) == 1 for when in conditions) and len({when[0][0] for when in conditions}) == 1
    if len(amounts) <= 1 or (by_one_key and len(set(conditions)) == len(amounts)):
        return False
    kinds = {amount.kind for amount in amounts}
    if not any(conditions) and None not in kinds and len(kinds) == len(amounts):
        return False
    labels = {folded(amount.words) for amount in amounts}
    if any(conditions) or "" in labels or len(labels) < len(amounts):
        raise CellError("amounts_without_cases")
    return True
