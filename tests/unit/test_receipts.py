"""What a workflow remembers of its commands, however many there were."""

from base64 import b64decode
from datetime import UTC, datetime

from schemas.stream.ledger import Receipt
from workflows.stream.command_receipts import RECENT, Receipts

AT = datetime(2026, 11, 26, tzinfo=UTC)


def receipt(n: int) -> Receipt:
    return Receipt(command_id=f"c-{n}", digest="d", seq=n, at=AT)


def test_the_first_and_the_newest_are_kept_whole_and_the_others_known() -> None:
    found = Receipts()
    for n in range(1, RECENT + 6):
        found.add((receipt(n),))
    assert found.kept == (receipt(1), *(receipt(n) for n in range(6, RECENT + 6)))
    assert found.get("c-1") == receipt(1)
    assert (found.get("c-5"), "c-5" in found, found.may_hold("c-5")) == (None, False, True)
    assert not found.may_hold("c-0")


def test_the_next_run_knows_as_much() -> None:
    found = Receipts(map(receipt, range(1, RECENT + 6)))
    again = Receipts(found.kept, found.older)
    assert (again.kept, again.older) == (found.kept, found.older)
    assert len(b64decode(found.older)) == 4 * 8
    assert all(again.may_hold(f"c-{n}") for n in range(1, RECENT + 6))
    assert Receipts().older == ""
