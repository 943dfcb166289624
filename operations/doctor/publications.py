"""Whether what is published stands in the tables as it was recorded."""

from __future__ import annotations

from typing import Final

from operations.comparing import Difference
from operations.doctor.finding import Finding, fail, ok, warn
from operations.doctor.surroundings import Surroundings
from operations.publications.folding import compare

MOST: Final = 5
"""So many rows are named; `motcua ledger verify` names all."""


async def publications(around: Surroundings) -> list[Finding]:
    """Which rows of the catalogue and the directory were changed by other means than the commands that publish.

    The names of people are left to `motcua ledger verify`.
    """
    async with around.record() as connection:
        found = await compare(connection, None)
    if not found.taken_over:
        return [_before()]
    return [_wrong(found.differences)] if found.differences else [ok("đúng như đã ghi", "are as they were recorded")]


def _before() -> Finding:
    return warn(
        "danh mục và danh bạ có từ trước chưa được ghi vào nhật ký",
        "what was published before is not recorded yet",
        fix_vi="chạy `motcua publications take-over`",
        fix_en="run `motcua publications take-over`",
    )


def _wrong(found: list[Difference]) -> Finding:
    first = ", ".join(f"{one.table} {one.row} ({one.why})" for one in found[:MOST])
    return fail(
        f"{len(found)} dòng khác với những gì đã ghi, như {first}",
        f"{len(found)} rows are not what was recorded, such as {first}",
        fix_vi="có người sửa bảng: `motcua ledger verify` nêu mọi dòng, `motcua ledger rebuild` sửa lại chúng",
        fix_en="somebody changed the tables: `motcua ledger verify` names all, `motcua ledger rebuild` mends them",
    )
