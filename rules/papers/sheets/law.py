"""The legal basis as a paper cites it: texts that were read and are in force, spelled out."""

import re
from collections.abc import Iterable
from typing import Final


def cited(laws: Iterable[str]) -> tuple[str, ...]:
    """The legal bases whose text was read and is in force, spelled out, without the notes of the catalogue."""
    return tuple(spelled(_NOTE.sub("", law)) for law in laws if not any(mark in law for mark in _NOT_CITED))


def spelled(law: str) -> str:
    """The citation in full: `NĐ 61/2018/NĐ-CP, Đ17 k1b` as `Nghị định 61/2018/NĐ-CP, Điều 17 khoản 1 điểm b`."""
    for short, long in _SPELLED:
        law = short.sub(long, law)
    return law


_NOT_CITED: Final = ("chưa đọc", "unconfirmed", "đã được thay bằng", "hết hiệu lực")
_NOTE: Final = re.compile(r" \([^)]*\)")
_SPELLED: Final = (
    *(
        (re.compile(rf"\b{short} (?=\d[\d.]*/)"), f"{long} ")
        for short, long in (("NĐ", "Nghị định"), ("NQ", "Nghị quyết"), ("TT", "Thông tư"), ("QĐ", "Quyết định"))
    ),
    (re.compile(r"\bĐ(?=\d)"), "Điều "),
    (re.compile(r"\bk(\d+)([a-zđ])\b"), r"khoản \1 điểm \2"),
    (re.compile(r"\bk(?=\d)"), "khoản "),
)
