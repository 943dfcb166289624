"""Holders and their acts in words for people."""

from collections.abc import Mapping
from typing import Final

from schemas.base import Text
from schemas.names import ROLE_NAMES
from schemas.papers.custody import Deed, Hand, Holder
from schemas.publishing.calendar import Timeliness
from schemas.translate import joined, said

_HOLDERS: Final = {
    Holder.APPLICANT: said("paper.holder_applicant"),
    Holder.AUTHORITY: said("paper.holder_authority"),
    Holder.POST: said("paper.the_post"),
    Holder.SYSTEM: said("paper.holder_system"),
}

_OUTCOMES: Final = {
    Timeliness.EARLY: said("paper.early"),
    Timeliness.ON_TIME: said("paper.on_time"),
    Timeliness.LATE: said("paper.late"),
}


def who(hand: Hand) -> Text:
    """The name of the holder; an officer by their role."""
    if hand.holder is Holder.OFFICER and hand.role is not None:
        return ROLE_NAMES[hand.role]
    return _HOLDERS[hand.holder]


def outcome_name(outcome: Timeliness) -> Text:
    """Whether a limit was kept."""
    return _OUTCOMES[outcome]


def deed_name(deed: Deed) -> Text:
    """The name of an act, such as `proposed a decision`."""
    return said(f"deed.{deed.kind}")


def somebody_else(hand: Hand, deed: Deed) -> str | None:
    """The actor (or accountable officer) of an act, if they are not the holder; else None."""
    by = deed.subject or deed.accountable
    return None if by in {hand.subject, hand.accountable} else by


def done(hand: Hand, names: Mapping[str, str]) -> Text:
    """All acts, in order, each once; acts of another person are followed by their name."""
    return joined(dict.fromkeys(_said(hand, deed, names) for deed in hand.done), "; ")


def _said(hand: Hand, deed: Deed, names: Mapping[str, str]) -> Text:
    by, what = somebody_else(hand, deed), deed_name(deed)
    return what if by is None else said("paper.done_by", what=what, who=names.get(by, by))
