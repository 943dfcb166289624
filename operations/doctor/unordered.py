"""Whether bank and post list anything in our name that no event orders."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import httpx

from operations.doctor.finding import Finding, fail, ok, skipped, warn
from operations.doctor.surroundings import Surroundings
from operations.reconciling import BANK, POST, Act, Unordered, listed_by_bank, listed_by_post, unordered

SHOWN: Final = 5


async def acts(around: Surroundings) -> list[Finding]:
    """The acts that no event orders; one about a filing that the record does not hold may be another installation's."""
    listed: list[Act] = []
    silent = 0
    for name, ask in ((BANK, listed_by_bank), (POST, listed_by_post)):
        if url := around.settings.get(name):
            try:
                theirs = await ask(url)
            except (httpx.HTTPError, httpx.InvalidURL, ValueError):
                theirs = None
            silent += theirs is None
            listed += theirs or ()
    if silent and not listed:
        return [skipped("bên ngoài không có danh sách", "nobody outside lists anything: `motcua reconcile FILE`")]
    async with around.record() as connection:
        found = await unordered(connection, listed)
    ours = [one for one in found if one.ours]
    return [*_not_ordered(ours), *_not_known(len(found) - len(ours))] or [
        ok(f"{len(listed)} việc bên ngoài đều có trong sổ", f"{len(listed)} acts outside, all ordered by the record")
    ]


def _not_ordered(found: Sequence[Unordered]) -> list[Finding]:
    if not found:
        return []
    keys = ", ".join(f"{one.act.deed} {one.act.key}" for one in found[:SHOWN])
    more = f" (+{len(found) - SHOWN})" if len(found) > SHOWN else ""
    return [
        fail(
            f"làm ở bên ngoài mà sổ không yêu cầu: {keys}{more}",
            f"done outside, and ordered by no event: {keys}{more}",
            fix_vi="`motcua reconcile`; tìm ai đã vào được Temporal hoặc tài khoản ở bên đó, rồi thu hồi",
            fix_en="`motcua reconcile`; find out who reached Temporal, or the account there, and have it undone",
        )
    ]


def _not_known(count: int) -> list[Finding]:
    if not count:
        return []
    return [
        warn(
            f"{count} việc bên ngoài về hồ sơ không có trong sổ này",
            f"{count} acts outside are about filings that this record does not hold",
            fix_vi="nếu không hệ thống nào khác dùng chung tài khoản: xem `motcua reconcile`",
            fix_en="unless another installation uses the same account: see `motcua reconcile`",
        )
    ]
