"""The behaviours of payers. The last digits of a `payer_account`, or a person on the pay page, choose the behaviour."""

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
    """A payer's behaviour. `steps`: each step with its delay after the first step, in multiples of `--pay-after`."""

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
"""The further payers that only bank transfers have, because only these have a memo."""


def payer_of(account: str) -> str | None:
    """Returns the number of the payer, an account's last digits; None if there is no such payer."""
    found = _END.search(account)
    return found[1] if found and found[1] in PAYERS else None
