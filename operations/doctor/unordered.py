"""Whether bank, post or signing service list anything in our name that no event orders."""

from __future__ import annotations

from collections.abc import Sequence
from http import HTTPStatus
from typing import Final

import httpx

from activities.partners.http import RejectedError
from operations.doctor.finding import Finding, fail, ok, skipped, warn
from operations.doctor.surroundings import Surroundings
from operations.reconciling.acts import BANK, POST, Act, Unordered, listed_by_bank, listed_by_post, unordered
from operations.reconciling.signatures import UnorderedSignature, Wrong, listed_by_signer, unordered_signatures
from schemas.about import About

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


async def signatures(around: Surroundings) -> list[Finding]:
    """Whether the newest that were given are borne out, at a signing service that lists them."""
    found: list[UnorderedSignature] = []
    try:
        async with around.record() as connection:
            async for page in listed_by_signer(around.settings["MOTCUA_SIGNER_URL"]):
                found += await unordered_signatures(connection, page)
    except RejectedError as error:
        if error.status != HTTPStatus.NOT_FOUND:
            raise
        return [skipped("dịch vụ ký không liệt kê chữ ký", "the signing service lists no signatures")]
    return findings(found)


def findings(found: Sequence[UnorderedSignature]) -> list[Finding]:
    """What was found, in words."""
    by_wrong = {wrong: [one.order for one in found if one.wrong is wrong] for wrong in Wrong}
    said = [_found(wrong, orders) for wrong, orders in by_wrong.items() if orders]
    return said or [ok("chữ ký nào cũng có lệnh trong sổ", "every signature is ordered by the log")]


def _found(wrong: Wrong, orders: list[About]) -> Finding:
    vi, en = _SAID[wrong]
    named = ", ".join(f"{one.stream} {one.seq}" for one in orders[:SHOWN])
    more = " …" if len(orders) > SHOWN else ""
    return (fail if wrong is Wrong.NOT_ORDERED else warn)(
        f"{len(orders)} {vi}: {named}{more}",
        f"{len(orders)} {en}: {named}{more}",
        fix_vi="hỏi dịch vụ ký đã ký gì dưới khóa `sign:<luồng>:<số>:…`, ai yêu cầu; xem ai vào được Temporal",
        fix_en="ask the service who had it signed under `sign:<stream>:<seq>:…`; see who may reach Temporal",
    )


_SAID: Final = {
    Wrong.NOT_ORDERED: ("chữ ký không có lệnh nào trong sổ", "signatures that no event orders"),
    Wrong.OF_NO_FILING: ("chữ ký cho hồ sơ không có trong sổ", "signatures for filings that this log does not have"),
    Wrong.NOT_TAKEN: (
        "chữ ký mà sổ không lấy: đã từ chối hoặc giao người khác",
        "signatures that the log went on without",
    ),
    Wrong.ONE_TOO_MANY: ("chữ ký thừa cho một lệnh", "signatures more than were ordered in one place"),
}
