"""Hands as people call them: who had the filing, and what was done."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from schemas.base import Text
from schemas.hands import Deed, Hand, Holder
from schemas.names import ROLE_NAMES
from schemas.publishing.calendar import Timeliness
from schemas.saying import joined, said

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
    """What whoever had it is called; an officer by their role."""
    if hand.holder is Holder.OFFICER and hand.role is not None:
        return ROLE_NAMES[hand.role]
    return _HOLDERS[hand.holder]


def outcome_name(outcome: Timeliness) -> Text:
    """Whether a limit was kept."""
    return _OUTCOMES[outcome]


def deed_name(deed: Deed) -> Text:
    """What was done, as `proposed a decision`."""
    return said(f"deed.{deed.kind}")


def somebody_else(hand: Hand, deed: Deed) -> str | None:
    """Who did it, or answers for it, where that is not whoever had the filing."""
    by = deed.subject or deed.accountable
    return None if by in {hand.subject, hand.accountable} else by


def done(hand: Hand, names: Mapping[str, str]) -> Text:
    """All that was done, in order, each thing once; somebody else who did it by the name that they have."""
    return joined(dict.fromkeys(_said(hand, deed, names) for deed in hand.done), "; ")


def _said(hand: Hand, deed: Deed, names: Mapping[str, str]) -> Text:
    by, what = somebody_else(hand, deed), deed_name(deed)
    return what if by is None else said("paper.done_by", what=what, who=names.get(by, by))
