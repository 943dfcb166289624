"""The version of a procedure in force: one whose validity covers the day; of several such versions, the latest."""

from typing import Final

COVERS: Final = (
    "coalesce({day}::date between coalesce(valid_from, '-infinity') and coalesce(valid_until, 'infinity'), true)"
)
COVERING_FIRST: Final = f"{COVERS} desc, valid_from desc nulls last, published_at desc"
"""SQL over the columns of `procedure`: a later law comes before an earlier one; on the same day, the last published."""
