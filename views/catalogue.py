"""Which version of a procedure is in force: that whose validity covers the day, of those the one that came in last."""

from __future__ import annotations

from typing import Final

COVERS: Final = (
    "coalesce({day}::date between coalesce(valid_from, '-infinity') and coalesce(valid_until, 'infinity'), true)"
)
COVERING_FIRST: Final = f"{COVERS} desc, valid_from desc nulls last, published_at desc"
"""As SQL, of the columns of `procedure`: a later law before an earlier one, of two since the same day the one that was
published last.
"""
