"""The version of a procedure in force: its validity covers the day, and of several such versions the latest counts."""

from typing import Final

COVERS: Final = (
    "coalesce({day}::date between coalesce(valid_from, '-infinity') and coalesce(valid_until, 'infinity'), true)"
)
COVERING_FIRST: Final = f"{COVERS} desc, valid_from desc nulls last, published_at desc"
"""SQL over the columns of `procedure`: a later law before an earlier one, for the same day the one published last."""
