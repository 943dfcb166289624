"""The API's document in a browser: loaded from the door's own origin alone, under its policy, without a token."""

import asyncio
import json
import re
from pathlib import Path
from typing import Any, Final

import httpx

from gateway.door.app import Door, application
from gateway.door.drafts.routes import DRAFTS, Drafts
from gateway.door.operations import OPERATIONS
from gateway.door.pages.browser import FILES, POLICY
from gateway.door.pages.own import OWN
from gateway.door.public.by_hand import BY_HAND, Public
from tests.programs import program
from tests.served import served

WHOLE: Final = (*OPERATIONS, *OWN, *BY_HAND, *DRAFTS)
HOST: Final = "door.test"
NOTHING: Final[Any] = None
NO_PUBLIC: Final = Public.over(NOTHING, NOTHING, NOTHING)
NO_DOOR: Final = Door(NOTHING, NOTHING, NOTHING, NOTHING, NO_PUBLIC, Drafts(NOTHING, NOTHING, NOTHING))


async def works() -> bool:
    return True


async def test_the_page_needs_no_token_and_each_of_its_files_is_the_doors_own() -> None:
    transport = httpx.ASGITransport(application(NO_DOOR, works))
    async with httpx.AsyncClient(transport=transport, base_url="http://door.test") as http:
        page = await http.get("/docs")
        named = {f"/{name}" for name in re.findall(r'(?:href|src)="([^"]*)"', page.text)}
        assert named == FILES.keys() - {"/docs"}
        assert (await http.get("/doc%73")).status_code == 200
        kinds = {path: (await http.get(path)).headers["content-type"].split(";")[0] for path in sorted(FILES)}
        assert list(kinds.values()) == ["text/html", "image/png", *["text/javascript"] * 2, "text/css"]
    assert (page.status_code, page.headers["content-security-policy"]) == (200, POLICY)
    assert "unsafe" not in POLICY
    assert {part.split()[0] for part in POLICY.split("; ")} >= {"default-src", "script-src", "frame-ancestors"}


async def test_a_browser_shows_every_operation_and_asks_no_other_origin(tmp_path: Path) -> None:
    async with served(application(NO_DOOR, works)) as address:
        origin = address.replace("127.0.0.1", HOST)  # to loopback browsers are more lenient
        shown, said = await in_chromium(f"{origin}/docs", tmp_path)
    assert len(re.findall(r'class="opblock opblock-(?:get|post|put|delete)"', shown)) == len(WHOLE)
    assert [line for line in said.splitlines() if ":CONSOLE" in line] == []
    needed = FILES.keys() - {"/docs"} | {"/v1/openapi.json"}
    assert requested(tmp_path / "net.json", origin) == {f"{origin}{path}" for path in needed}


async def in_chromium(address: str, folder: Path) -> tuple[str, str]:
    """Returns the page as the browser has rendered it, and the browser's output with the page's console."""
    arguments = (
        *("--headless=new", "--no-sandbox", "--disable-gpu", "--enable-logging=stderr", "--virtual-time-budget=30000"),
        *(f"--user-data-dir={folder / 'profile'}", f"--log-net-log={folder / 'net.json'}"),
        f"--host-resolver-rules=MAP {HOST} 127.0.0.1, MAP * ~NOTFOUND",
        "--window-size=1280,20000",  # of a long list swagger-ui renders only the part in the window
    )
    pipe = asyncio.subprocess.PIPE
    command = (program("chromium"), *arguments, "--dump-dom", address)
    browser = await asyncio.create_subprocess_exec(*command, stdout=pipe, stderr=pipe)
    drawn, said = await asyncio.wait_for(browser.communicate(), 120)
    assert browser.returncode == 0, said.decode()
    return drawn.decode(), said.decode()


def requested(log: Path, origin: str) -> set[str]:
    """Returns the addresses that pages of this origin requested, by the browser's log of its network."""
    events = json.loads(log.read_text(encoding="utf-8"))["events"]
    parameters = [event["params"] for event in events if "params" in event]
    return {one["url"] for one in parameters if one.get("initiator") == origin and "url" in one}
