"""Ended filings, one for each way in which a filing can end; every act is tried at every stage to find the ways."""

from collections.abc import Callable, Iterator
from typing import Any, Final

from schemas.errors import RefusalError
from schemas.people import SYSTEM, Actor
from tests.unit.filing import lives
from tests.unit.filing.lives import FETCHED, HANDOVER, LEADER, PASSPORT, RECEPTION, SPECIALIST
from tests.unit.forms.dossiers import RESIDENCE
from tests.unit.papers import sources
from tests.unit.papers.sources import (
    ITEMS,
    LAW,
    OWNER,
    PASSING,
    PLAIN,
    UNPAID_RESULT,
    Filed,
    handled,
    issued,
    supplement_requested,
)

CEASED: Final = {"evidence": lives.FILE}
PLACES: Final[dict[str, Callable[[], Filed]]] = {
    "intake": lambda: Filed(PLAIN),
    "supplement at intake": lambda: supplement_requested(("paper", "owner_consent")),
    "accepted": lambda: Filed(PLAIN).do("accept", RECEPTION),
    "review": handled,
    "supplement in review": lambda: handled().do(
        "request_supplement", SPECIALIST, items=ITEMS, legal_basis=LAW["legal_basis"]
    ),
    "fee": sources.accepted,
    "suspended": lambda: handled().do("stop", LEADER, mode="suspend", **LAW),
    "successor awaited": lambda: handled(PASSING).do("record_cessation", RECEPTION, **CEASED),
    "successor awaited at intake": lambda: Filed(PASSING).do("record_cessation", RECEPTION, **CEASED),
    "result at the counter": issued,
    "result by post": lambda: issued(result_channel="post"),
    "result online": lambda: issued(result_channel="online"),
    "result unpaid": lambda: issued(UNPAID_RESULT),
}
OWN: Final[dict[str, Any]] = {
    "recipient": RESIDENCE["applicant"]["name"],
    "identity": PASSPORT | {"citizen_number": RESIDENCE["applicant"]["id_number"]},
}
ACTS: Final[tuple[tuple[str, Actor, dict[str, Any]], ...]] = (
    ("withdraw", OWNER, {"reason": sources.REASON}),
    ("refuse_intake", RECEPTION, LAW),
    ("stop", LEADER, LAW | {"mode": "end", "unproposed_reason": "hồ sơ giả"}),
    ("record_cessation", RECEPTION, CEASED),
    ("settle_fee", SYSTEM, {"n": 1, "settlement": "expired"}),
    ("settle_parcel", SYSTEM, {"n": 1, "outcome": "delivered"}),
    ("hand_over", HANDOVER, FETCHED | OWN),
    ("nothing", SYSTEM, {}),
)


def ended() -> Iterator[tuple[str, str, Filed]]:
    """Yields for each filing that an act has ended: the name of its stage, the act, and the filing."""
    for name, begin in PLACES.items():
        for kind, actor, content in ACTS:
            filed = begin()
            if kind == "nothing":
                filed.wait(days=400).rung()
            else:
                filed.wait(days=60 if kind == "settle_fee" else 0)
                try:
                    filed.do(kind, actor, **content)
                except RefusalError:
                    continue
            if filed.filing.closed:
                yield name, kind, filed
