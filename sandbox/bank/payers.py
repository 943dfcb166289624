"""How payers behave. A `payer_account` ends with one of these numbers, or a person chooses it on the pay page."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

LATE: Final = "0002"
NEVER: Final = "0004"
GIVES_UP: Final = "0007"
NO_MEMO: Final = "0009"
BAD_MEMO: Final = "0010"
_END: Final = re.compile(r"-(\d{4})$")


@dataclass(frozen=True)
class Payer:
    """What a payer does: each step, and how many times `--pay-after` later than the first."""

    vi: str
    en: str
    steps: tuple[tuple[str, int], ...]


_PAYS: Final = (("capture", 0),)

PAYERS: Final[Mapping[str, Payer]] = {
    "0001": Payer("Trả đủ", "Pays", _PAYS),
    LATE: Payer("Trả khi đã quá hạn", "Pays when it is too late", ()),
    "0003": Payer("Trả hai lần", "Pays twice", (("capture", 0), ("capture", 1))),
    NEVER: Payer("Không trả", "Never pays", ()),
    "0005": Payer("Trả thiếu 1.000 đồng", "Pays 1,000 đồng too little", (("capture:-1000", 0),)),
    "0006": Payer("Trả thừa 1.000 đồng", "Pays 1,000 đồng too much", (("capture:1000", 0),)),
    GIVES_UP: Payer("Huỷ giao dịch", "Gives up", (("fail", 0),)),
    "0008": Payer("Trả rồi đòi lại qua ngân hàng", "Pays, then charges it back", (*_PAYS, ("chargeback", 1))),
}

TRANSFERS: Final[Mapping[str, Payer]] = {
    NO_MEMO: Payer("Chuyển khoản không ghi nội dung", "Transfers without a memo", _PAYS),
    BAD_MEMO: Payer("Nội dung bị ngân hàng sửa", "Transfers with a memo that the bank garnishes", _PAYS),
}
"""Who else there is where a memo counts."""


def payer_of(account: str) -> str | None:
    """The payer that an account names by its end."""
    found = _END.search(account)
    return found[1] if found and found[1] in PAYERS else None
