"""What the check of applicants' signatures stands on: trusted roots, time-stamps, the sandbox trust."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Final

import httpx
from cryptography import x509
from pydantic import TypeAdapter, ValidationError

from activities.partners.http import partner_client
from operations.doctor.finding import Finding, fail, ok, warn
from operations.doctor.surroundings import SECONDS, Surroundings

if TYPE_CHECKING:
    from activities.signature.policy import Policy

ROOTS: Final = "MOTCUA_SIGNATURE_ROOTS"
SOON: Final = timedelta(days=60)
"""A root that ends before is told of: a new one takes an authority and an office some weeks."""


async def roots(around: Surroundings) -> list[Finding]:
    """Whether there are roots, whether they can be read, and how long they last."""
    file = around.settings.get(ROOTS)
    if not file:
        return [
            warn(
                f"chưa đặt {ROOTS}: chữ ký số nào cũng chờ cán bộ quyết định",
                f"{ROOTS} is not set: every signature is left to an officer",
                fix_vi="đặt tệp PEM có chứng thư gốc của các tổ chức được tin cậy",
                fix_en="set it to a PEM file with the roots of the authorities that are trusted",
            )
        ]
    from activities.signature.policy import key_of  # noqa: PLC0415 -- slow to load: no other look needs it
    from activities.signature.trust import roots_in  # noqa: PLC0415

    policy = _policy(around)
    try:
        found = roots_in(await asyncio.to_thread(Path(file).read_bytes))
    except (OSError, ValueError) as error:
        why = type(error).__name__
        return [
            fail(
                f"không đọc được chứng thư gốc: {why}",
                f"the roots can't be read: {why}",
                fix_vi=f"{ROOTS} phải là tệp PEM chỉ có chứng thư của tổ chức cấp chứng thư",
                fix_en=f"{ROOTS} must be a PEM file that holds certificates of authorities and nothing else",
            )
        ]
    return [
        _root(x509.load_der_x509_certificate(one), datetime.now(UTC), counts=policy.key_allowed(key_of(one)))
        for one in found
    ]


def _root(root: x509.Certificate, now: datetime, *, counts: bool) -> Finding:
    name, until = root.subject.rfc4514_string(), root.not_valid_after_utc
    fix = {
        "fix_vi": f"xin chứng thư gốc mới của tổ chức này và thay trong {ROOTS}",
        "fix_en": f"get this authority's new root and put it into {ROOTS}",
    }
    if not counts:
        return fail(f"{name}: khóa không được chấp nhận", f"{name}: its key does not count", **fix)
    if until <= now:
        return fail(f"{name} đã hết hạn {until:%d/%m/%Y}", f"{name} expired on {until:%d/%m/%Y}", **fix)
    if until - now < SOON:
        return warn(f"{name} hết hạn {until:%d/%m/%Y}", f"{name} expires on {until:%d/%m/%Y}", **fix)
    return ok(f"{name} đến {until:%d/%m/%Y}", f"{name} until {until:%d/%m/%Y}")


async def time_stamps(around: Surroundings) -> list[Finding]:
    """Whether the authority gives a time-stamp that counts."""
    from activities.signature.signing import HttpStamper  # noqa: PLC0415 -- slow to load: no other look needs it

    try:
        async with httpx.AsyncClient(timeout=SECONDS) as client:
            stamper = HttpStamper(client, around.settings["MOTCUA_TSA_URL"])
            token = (await stamper.async_timestamp(bytes(32), "sha256"))["content"]
        weak = _policy(around).fault(token)
    except (OSError, ValueError, TypeError, LookupError, httpx.InvalidURL) as error:
        why = type(error).__name__
        return [
            warn(
                f"không cấp dấu thời gian: {why}",
                f"no time-stamp is given: {why}",
                fix_vi="kiểm tra MOTCUA_TSA_URL; bằng chứng về chữ ký được lưu không có dấu thời gian",
                fix_en="check MOTCUA_TSA_URL; what is kept of signatures has no time-stamp meanwhile",
            )
        ]
    if weak is not None:
        return [
            fail(
                "dấu thời gian dùng thuật toán hoặc khóa không được chấp nhận",
                "time-stamps use an algorithm or a key that does not count",
                fix_vi="đặt MOTCUA_TSA_URL là nơi khác, theo docs/signatures.md; chưa ký được kết quả nào",
                fix_en="set MOTCUA_TSA_URL to another, by docs/signatures.md; no result is signed meanwhile",
            )
        ]
    return [ok("cấp dấu thời gian", "time-stamps are given")]


def _policy(around: Surroundings) -> Policy:
    """As it is set; unless that can't be read, which is told elsewhere."""
    from activities.signature.policy import POLICY, Policy  # noqa: PLC0415 -- slow to load: no other look needs it

    try:
        return TypeAdapter(Policy).validate_json(around.settings.get("MOTCUA_SIGNATURE_POLICY", "{}"))
    except ValidationError:
        return POLICY


async def sandbox(around: Surroundings) -> list[Finding]:
    """Whether the sandbox trust answers."""
    try:
        async with partner_client(around.settings["MOTCUA_TRUST_URL"]) as client:
            (await client.get("/root.pem", timeout=SECONDS)).raise_for_status()
    except (httpx.HTTPError, httpx.InvalidURL) as error:
        why = type(error).__name__
        return [
            warn(
                f"không trả lời: {why}",
                f"it does not answer: {why}",
                fix_vi="kiểm tra MOTCUA_TRUST_URL; chưa ký thử được, và chữ ký thử chờ cán bộ quyết định",
                fix_en="check MOTCUA_TRUST_URL; nothing can be signed for trial, and trial signatures await an officer",
            )
        ]
    return [ok("trả lời", "it answers")]
