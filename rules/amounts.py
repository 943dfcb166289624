"""Amounts of money in Vietnamese words."""

from typing import Final

_DIGITS: Final = ("không", "một", "hai", "ba", "bốn", "năm", "sáu", "bảy", "tám", "chín")
_THOUSANDS: Final = ((1_000_000_000, "tỷ"), (1_000_000, "triệu"), (1_000, "nghìn"))
_HUNDRED: Final = 100
_TEN: Final = 10
_TWENTY: Final = 20


def in_words(dong: int) -> str:
    """An amount in Vietnamese words, such as `Mười nghìn đồng`. Raises `ValueError` if it is negative."""
    if dong < 0:
        raise ValueError("an amount is not negative")
    said = f"{_number(dong)} đồng"
    return said[0].upper() + said[1:]


def _number(value: int, *, inside: bool = False) -> str:
    """A number in words. `inside` a larger number, zero hundreds are named: `một nghìn không trăm linh năm`."""
    for of, name in _THOUSANDS:
        if value >= of:
            many, rest = divmod(value, of)
            parts = [_number(many, inside=inside and many < of), name]
            return " ".join([*parts, _number(rest, inside=True)] if rest else parts)
    return _hundreds(value, inside=inside)


def _hundreds(value: int, *, inside: bool) -> str:
    hundreds, rest = divmod(value, _HUNDRED)
    if not hundreds and not inside:
        return _below_hundred(rest)
    said = f"{_DIGITS[hundreds]} trăm"
    if not rest:
        return said
    return f"{said} {'linh ' if rest < _TEN else ''}{_below_hundred(rest)}"


def _below_hundred(value: int) -> str:
    if value < _TEN:
        return _DIGITS[value]
    tens, ones = divmod(value, _TEN)
    said = "mười" if value < _TWENTY else f"{_DIGITS[tens]} mươi"
    after_tens = {1: "mốt", 4: "tư", 5: "lăm"} if tens > 1 else {5: "lăm"}
    return f"{said} {after_tens.get(ones, _DIGITS[ones])}" if ones else said
