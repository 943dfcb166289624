"""Whether those can speak who should: who is asked for it, who could, and whose clock or key stands in the way."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from typing import Final

from activities.ledger.principals import OFF_BY, Registered, registered
from motcua.connection import configured_address
from motcua.errors import MotcuaError
from operations.doctor.codec import is_loopback
from operations.doctor.finding import Finding, fail, ok, warn
from operations.doctor.surroundings import Surroundings
from rules.identity.statements import LEEWAY
from schemas.identity import Principal, PrincipalKey

IDENTITY: Final = "MOTCUA_IDENTITY"
SOON: Final = timedelta(days=30)
"""So long before its last key ends a program is named."""

_OFF: Final = """
select process, seconds from clock_off where at > clock_timestamp() - interval '5 minutes' order by process
"""


async def identity(around: Surroundings) -> list[Finding]:
    """Whether statements are asked for, by whom they could be signed, and what stands in the way."""
    async with around.record() as connection:
        found, off = await registered(connection), await connection.fetch(_OFF)
    now = datetime.now(UTC)
    return [_asked_for(around, found.principals, now), *_unwell(found, now), *(_clock(*row) for row in off)]


def _asked_for(around: Surroundings, principals: list[Principal], now: datetime) -> Finding:
    speaking = [one for one in principals if any(_in_force(key, now) for key in one.keys)]
    if around.settings.get(IDENTITY) == "off":
        return _believed()
    if not speaking:
        return fail(
            "mọi tin đều phải có chữ ký, mà chưa chương trình nào có khóa dùng được: không ai nói được gì",
            "whatever comes has to be signed, and no program has a key in force: nobody can say anything",
            fix_vi="đăng ký chương trình: `motcua principals add`",
            fix_en="register the programs: `motcua principals add`",
        )
    return ok(f"{len(speaking)} chương trình nói được", f"{len(speaking)} programs may speak")


def _believed() -> Finding:
    """Nobody is asked who they are: that is for a server alone which only this machine reaches."""
    try:
        server = configured_address()
    except MotcuaError:
        server = "?"
    told = warn if is_loopback(server) else fail
    return told(
        f"{IDENTITY}=off: ai tới được Temporal ({server}) cũng nói thay được bất kỳ ai",
        f"{IDENTITY}=off: whoever reaches Temporal ({server}) speaks for anybody",
        fix_vi=f"đăng ký chương trình bằng `motcua principals add`, rồi bỏ {IDENTITY}",
        fix_en=f"register the programs by `motcua principals add`, then unset {IDENTITY}",
    )


def _unwell(found: Registered, now: datetime) -> Iterable[Finding]:
    for name in found.unreadable:
        yield fail(
            f"{name}: không đọc được, nên không ai nghe chương trình này",
            f"{name} can't be read, so this program is not heard",
            fix_vi="xem `motcua ledger verify`; thay đổi kế tiếp của chương trình ghi lại đúng các dòng của nó",
            fix_en="see `motcua ledger verify`; the next change of that program writes its rows anew",
        )
    for one in found.principals:
        ends = max((key.valid_until for key in one.keys if key.revoked_at is None), default=now)
        if now < ends < now + SOON:
            yield warn(
                f"{one.id}: khóa cuối cùng hết hạn ngày {ends:%d/%m/%Y}",
                f"{one.id}: its last key ends on {ends:%Y-%m-%d}",
                fix_vi=f"cấp khóa mới: `motcua principals rotate {one.id}`",
                fix_en=f"give it a new one: `motcua principals rotate {one.id}`",
            )


def _clock(process: str, seconds: int) -> Finding:
    nothing = abs(seconds) > LEEWAY.total_seconds()
    told = fail if nothing else warn
    return told(
        f"{process}: đồng hồ lệch {seconds:+d} s so với cơ sở dữ liệu" + (", không nhận gì" if nothing else ""),
        f"{process}: the record is {seconds:+d} s ahead of its clock" + (": it takes nothing" if nothing else ""),
        fix_vi=f"đồng bộ giờ (NTP); lệch quá {OFF_BY} s được ghi lại, quá 60 s thì không nhận gì",
        fix_en=f"keep that machine on time (NTP): from {OFF_BY} s on it is told, from 60 s on nothing is taken",
    )


def _in_force(key: PrincipalKey, now: datetime) -> bool:
    return key.revoked_at is None and key.valid_from <= now < key.valid_until
