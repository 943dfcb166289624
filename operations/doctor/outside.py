"""What is reached outside of the database and the engine: bank, post, gateway, files, virus scanner."""

from __future__ import annotations

import asyncio
import os
from urllib.parse import urlsplit
from urllib.request import url2pathname

import httpx

from activities.files.scanner import Clamd, ScannerDownError
from activities.partners.http import partner_client
from motcua.store import NoStoreError, Store, open_store
from operations.doctor.finding import Finding, fail, ok, warn
from operations.doctor.surroundings import SECONDS, Surroundings


async def bank(around: Surroundings) -> list[Finding]:
    """Whether the bank answers at all."""
    return [await _partner(around, "MOTCUA_BANK_URL", "ngân hàng", "the bank")]


async def post(around: Surroundings) -> list[Finding]:
    """Whether the post answers at all."""
    return [await _partner(around, "MOTCUA_POST_URL", "bưu điện", "the post")]


async def gateway(around: Surroundings) -> list[Finding]:
    """Whether the gateway would keep a callback."""
    try:
        async with partner_client(around.settings["MOTCUA_GATEWAY_URL"]) as client:
            answer = await client.get("/healthz", timeout=SECONDS)
    except (httpx.HTTPError, httpx.InvalidURL, ValueError) as error:
        why = type(error).__name__
    else:
        if answer.is_success:
            return [ok("cổng nhận tin trả lời", "the gateway answers")]
        why = str(answer.status_code)
    return [
        fail(
            f"cổng nhận tin không nhận được: {why}",
            f"the gateway keeps nothing: {why}",
            fix_vi="chạy `motcua gateway`, hoặc xem nhật ký của nó; bên thu tiền báo lại sau",
            fix_en="run `motcua gateway`, or see its log; those who take money call again",
        )
    ]


async def _partner(around: Surroundings, name: str, vi: str, en: str) -> Finding:
    """Any answer will do: what a partner says at its root is its own affair."""
    try:
        async with partner_client(around.settings[name]) as client:
            answer = await client.get("/", timeout=SECONDS)
    except (httpx.HTTPError, httpx.InvalidURL, ValueError) as error:
        why = type(error).__name__
        return fail(
            f"{vi} không trả lời: {why}",
            f"{en} does not answer: {why}",
            fix_vi=f"kiểm tra {name} và đường mạng; phí và bưu gửi chờ đến khi có trả lời",
            fix_en=f"check {name} and the way there; payments and parcels wait until it answers",
        )
    if answer.is_server_error:
        return warn(
            f"{vi} báo lỗi {answer.status_code}",
            f"{en} answers {answer.status_code}",
            fix_vi="hỏi bên vận hành",
            fix_en="ask those who run it",
        )
    return ok(f"{vi} trả lời", f"{en} answers")


async def objects(around: Surroundings) -> list[Finding]:
    """Whether a file can be put into the store, read back and removed."""
    url = around.settings["MOTCUA_OBJECTS"]
    folder = url2pathname(urlsplit(url).path)
    if url.startswith("file:") and not await asyncio.to_thread(os.path.isdir, folder):
        return [
            warn(
                f"chưa có thư mục {folder}",
                f"there is no folder {folder} yet",
                fix_vi="tạo thư mục cho tài khoản chạy motcua, hoặc sửa MOTCUA_OBJECTS",
                fix_en="make it, for the user that runs motcua, or mend MOTCUA_OBJECTS",
            )
        ]
    try:
        same = await Store(open_store(url)).works()
    except NoStoreError as error:
        return [_no_store(str(error), str(error))]
    except Exception as error:  # noqa: BLE001 -- obstore has a type for every backend
        name = type(error).__name__
        return [_no_store(f"không ghi và đọc được: {name}", f"can't be written and read: {name}")]
    if not same:
        return [_no_store("đọc lại khác đã ghi", "what was read is not what was written")]
    return [ok("ghi và đọc được", "can be written and read")]


def _no_store(vi: str, en: str) -> Finding:
    return fail(
        vi,
        en,
        fix_vi="kiểm tra MOTCUA_OBJECTS, quyền và đĩa (với s3:// cả các biến AWS_*)",
        fix_en="check MOTCUA_OBJECTS, the rights and the disk (for s3:// the AWS_* variables too)",
    )


async def scanner(around: Surroundings) -> list[Finding]:
    """Whether there is one, and whether it answers."""
    socket = around.settings.get("MOTCUA_CLAMD")
    if not socket:
        return [
            warn(
                "chưa đặt MOTCUA_CLAMD: tệp không được quét vi-rút",
                "MOTCUA_CLAMD is not set: files stay unscanned",
                fix_vi="chạy clamd và đặt MOTCUA_CLAMD là đường dẫn LocalSocket của nó (docs/files.md)",
                fix_en="run clamd, and set MOTCUA_CLAMD to the path of its LocalSocket (docs/files.md)",
            )
        ]
    try:
        await Clamd(socket, seconds=SECONDS).ping()
    except ScannerDownError as error:
        return [
            fail(
                f"không trả lời, hồ sơ có tệp phải chờ: {error}",
                f"does not answer, and filings with files wait: {error}",
                fix_vi="chạy lại clamd, hoặc sửa MOTCUA_CLAMD và quyền với socket",
                fix_en="start clamd again, or mend MOTCUA_CLAMD and the rights on the socket",
            )
        ]
    return [ok(f"clamd trả lời ở {socket}", f"clamd answers at {socket}")]
