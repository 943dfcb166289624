"""All looks at once, each with its own time, and an answer in any case."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Final, TypeAlias

import asyncpg
from temporalio.service import RPCError

from operations.addresses import APPLICATION
from operations.doctor import engine, machine, outside, record, signatures
from operations.doctor.absences import absences
from operations.doctor.behind import falling_behind
from operations.doctor.calendar import calendar
from operations.doctor.checkpoints import checkpoints
from operations.doctor.codec import codec, missing_keys, recorded_key
from operations.doctor.erasures import erasures
from operations.doctor.finding import Finding, fail, skipped
from operations.doctor.healing import heals
from operations.doctor.identity import identity
from operations.doctor.money import callbacks
from operations.doctor.order import order
from operations.doctor.outcomes import awaited
from operations.doctor.papers import papers
from operations.doctor.principals import principals
from operations.doctor.publications import publications
from operations.doctor.refunds import refunds
from operations.doctor.signing import signing
from operations.doctor.surroundings import Surroundings
from operations.doctor.tills import tills
from operations.doctor.unordered import acts
from operations.doctor.unordered import signatures as unordered_signatures
from schemas.base import Text

LONGEST: Final = 6.0
"""Seconds of one look."""
DEADLINE: Final = 14.0
"""Seconds of all: the first ones, then those that need their answers."""

Look: TypeAlias = Callable[[Surroundings], Awaitable[list[Finding]]]


@dataclass(frozen=True)
class Check:
    """One thing to look at.

    Attributes:
        name: Stable, for programs.
        title: For people.
        look: What looks.
        setting: Without this one there is nothing to look at.
        record: Whether PostgreSQL must have answered.
        temporal: Whether Temporal must have answered.
    """

    name: str
    title: Text
    look: Look
    setting: str | None = None
    record: bool = False
    temporal: bool = False


def _check(name: str, vi: str, en: str, look: Look, setting: str | None = None, **needs: bool) -> Check:
    return Check(name, Text(vi=vi, en=en), look, setting, **needs)


FIRST: Final = (
    _check("python", "Python", "Python", machine.python),
    _check("programs", "Chương trình", "Programs", machine.programs),
    _check("stack", "Nền tảng ở đây", "Stack here", machine.stack),
    _check("ports", "Cổng", "Ports", machine.ports),
    _check("disk", "Đĩa", "Disk", machine.disk),
    _check("settings", "Thiết lập", "Settings", machine.settings),
    _check("postgres", "PostgreSQL", "PostgreSQL", record.postgres, APPLICATION),
    _check("temporal", "Temporal", "Temporal", engine.temporal),
    _check("codec", "Niêm dữ liệu qua Temporal", "Payload codec", codec),
    _check("bank", "Ngân hàng", "Bank", outside.bank, "MOTCUA_BANK_URL"),
    _check("post", "Bưu điện", "Post", outside.post, "MOTCUA_POST_URL"),
    _check("gateway", "Cổng nhận tin", "Gateway", outside.gateway, "MOTCUA_GATEWAY_URL"),
    _check("objects", "Kho tệp", "Object store", outside.objects, "MOTCUA_OBJECTS"),
    _check("signature_roots", "Chứng thư gốc", "Signature roots", signatures.roots),
    _check("time_stamps", "Dấu thời gian", "Time-stamps", signatures.time_stamps, "MOTCUA_TSA_URL"),
    _check("trust", "Chữ ký thử", "Sandbox trust", signatures.sandbox, "MOTCUA_TRUST_URL"),
    _check("scanner", "Quét vi-rút", "Virus scanner", outside.scanner),
)
THEN: Final = (
    _check("postgres_disk", "Đĩa của PostgreSQL", "Disk of PostgreSQL", record.disk, record=True),
    _check("role", "Quyền trên sổ", "Rights on the record", record.role, record=True),
    _check("migrations", "Lược đồ", "Migrations", record.migrations, record=True),
    _check("master_key", "Khóa chính", "Master key", record.master_key, "MOTCUA_MASTER_KEY", record=True),
    _check("calendar", "Lịch làm việc", "Working calendar", calendar, record=True),
    _check("read_models", "Bảng đọc", "Read models", record.read_models, record=True),
    _check("order", "Thứ tự sự kiện", "Order of events", order, record=True),
    _check("papers", "Giấy tờ", "Official papers", papers, record=True),
    _check("callbacks", "Tin báo về tiền", "Callbacks about money", callbacks, record=True),
    _check("outcomes", "Kết quả nộp tiền", "Outcomes of payments", awaited, record=True),
    _check("signing", "Ký số", "Signing", signing, record=True),
    _check(
        "unordered_signatures",
        "Chữ ký ngoài sổ",
        "Signatures without an order",
        unordered_signatures,
        "MOTCUA_SIGNER_URL",
        record=True,
    ),
    _check("refunds", "Hoàn tiền thủ công", "Refunds by hand", refunds, record=True),
    _check("acts", "Việc ở bên ngoài", "Acts outside", acts, record=True),
    _check("tills", "Quầy thu", "Tills", tills, record=True),
    _check("identity", "Ai đang nói", "Who may speak", identity, record=True),
    _check("principals", "Chương trình được nói", "Registered programs", principals, record=True),
    _check("publications", "Danh mục và danh bạ", "Catalogue and directory", publications, record=True),
    _check("checkpoints", "Điểm kiểm", "Checkpoints", checkpoints, "MOTCUA_CHECKPOINTS", record=True),
    _check("absences", "Cán bộ vắng mặt", "Absent officers", absences, record=True),
    _check("erasures", "Yêu cầu về dữ liệu cá nhân", "Requests of persons", erasures, record=True),
    _check("clocks", "Đồng hồ", "Clocks", record.clock, record=True),
    _check("codec_record", "Khóa niêm của worker", "Workers' key", recorded_key, record=True),
    _check("pollers", "Ai đang làm", "Who works", engine.pollers, temporal=True),
    _check("builds", "Bản dựng", "Builds", engine.builds, record=True, temporal=True),
    _check("lost", "Hồ sơ mất luồng", "Lost workflows", engine.lost, record=True, temporal=True),
    _check("behind", "Luồng chậm hơn sổ", "Workflows behind", falling_behind, record=True, temporal=True),
    _check(
        "machine_work",
        "Việc máy của cơ quan",
        "Agencies' machine work",
        engine.agencies_work,
        record=True,
        temporal=True,
    ),
    _check("stalled", "Hồ sơ đứng yên", "Stalled filings", engine.standing_still, temporal=True),
    _check("codec_keys", "Khóa niêm dữ liệu", "Keys of the codec", missing_keys, temporal=True),
    _check("healing", "Tự chữa", "Healing", heals, temporal=True),
)


def examine() -> list[tuple[Check, Finding]]:
    """What each check found, within 15 s whatever hangs."""
    around = Surroundings.here()
    found: dict[str, list[Finding]] = {}

    # Not waited for: a name server that does not answer holds its thread longer than anybody wants to wait.
    looking = threading.Thread(target=lambda: asyncio.run(_all(around, found)), daemon=True)
    looking.start()
    looking.join(DEADLINE)
    late = fail("không xong kịp", "was not done in time", fix_vi="chạy lại", fix_en="run it again")
    told = dict(found)
    return [(check, one) for check in (*FIRST, *THEN) for one in told.get(check.name, [late])]


async def _all(around: Surroundings, found: dict[str, list[Finding]]) -> None:
    async def one(check: Check) -> None:
        found[check.name] = _not_now(check, around) or await _looked(check, around)

    await asyncio.gather(*map(one, FIRST))
    await asyncio.gather(*map(one, THEN))


def _not_now(check: Check, around: Surroundings) -> list[Finding]:
    """Why there is nothing to look at, if so."""
    if check.setting is not None and not around.settings.get(check.setting):
        return [skipped(f"chưa đặt {check.setting}", f"{check.setting} is not set")]
    if check.record and not around.database:
        return [skipped("PostgreSQL chưa trả lời", "PostgreSQL does not answer")]
    if check.temporal and around.temporal is None:
        return [skipped("Temporal chưa trả lời", "Temporal does not answer")]
    return []


async def _looked(check: Check, around: Surroundings) -> list[Finding]:
    """What the look found, or why it could not be finished. Errors of servers may quote values: only their types."""
    try:
        async with asyncio.timeout(LONGEST):
            return await check.look(around)
    except asyncpg.UndefinedTableError:
        return [skipped("chưa có bảng", "the tables are missing")]
    except TimeoutError:
        return [
            fail(
                f"không trả lời trong {LONGEST:.0f} s",
                f"no answer within {LONGEST:.0f} s",
                fix_vi="kiểm tra đường mạng và tải của máy chủ",
                fix_en="check the way there, and how busy the server is",
            )
        ]
    except Exception as error:  # noqa: BLE001 -- one look that fails must not end the others
        name = error.status.name if isinstance(error, RPCError) else type(error).__name__
        return [
            fail(
                f"không xem được: {name}", f"can't be looked at: {name}", fix_vi="kiểm tra quyền", fix_en="check rights"
            )
        ]
