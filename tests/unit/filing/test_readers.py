"""The readers of a filing after each change on the applicant's side, each with the end of the right to read."""

from dataclasses import replace
from datetime import date, datetime
from typing import Final

from activities.ledger.authority.readers import MOVES, Readers, readers_after
from rules.time.working_time import VIETNAM
from schemas.filing.events import ResultOffered
from schemas.privacy import Erased
from tests.unit.filing.lives import APPLICANT, MANDATE, Life

LAST_DAY: Final = date(2027, 3, 31)
BOTH: Final[Readers] = {"filer:portal": None, "applicant:portal:an": None}


def readers(life: Life, *more: object, digest: bool = True) -> Readers:
    """Returns the readers after a filing's events and `more`, with persons' names; without `digest`, no persons."""
    events = [*(one.event for one in life.log if one.event.kind in MOVES), *more]
    return readers_after(events, "portal", (lambda *named: ":".join(named)) if digest else None)


def test_a_representative_reads_to_the_end_of_the_last_day() -> None:
    assert readers(Life()) == BOTH | {"representative:portal:binh": None}
    named = {"representative": "dung", "authorisation": MANDATE.model_copy(update={"valid_until": LAST_DAY})}
    life = Life().do("name_representative", APPLICANT, **named)
    assert readers(life) == BOTH | {"representative:portal:dung": datetime(2027, 4, 1, tzinfo=VIETNAM)}
    assert readers(life.do("revoke_mandate", APPLICANT)) == BOTH


def test_desks_and_the_last_link_read_and_nobody_is_named_after_an_erasure_or_without_a_key() -> None:
    life = Life()
    submitted = life.log[0].event.model_copy(update={"desk": "H01.60", "result_desk": "H01.61"})
    life.log[0] = replace(life.log[0], event=submitted)
    desks = {"agency:H01.60": None, "agency:H01.61": None}
    offered = [ResultOffered(n=n, link_sha256=str(n) * 64) for n in (1, 2)]
    found = readers(life, *offered)
    assert found == BOTH | desks | {"representative:portal:binh": None, f"link:{'2' * 64}": None}
    assert readers(life, *offered, digest=False) == {"filer:portal": None, f"link:{'2' * 64}": None} | desks
    erased = Erased(request=1, cause="retention", reason="x", asked_by="o-1", approved_by="o-2")
    assert readers(life, *offered, erased) == {"filer:portal": None} | desks
