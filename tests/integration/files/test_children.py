"""The child processes that parse files have limits and no settings, are replaced if they die, and never remain."""

import asyncio
import signal
import subprocess
import sys
import tempfile
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager
from functools import cache
from pathlib import Path
from typing import Final

import psutil
import pytest

from activities.files import inspection as module
from activities.files.child import CPU, DESCRIPTORS, MEMORY
from activities.files.inspection import Inspector
from tests import uploads as u
from tests.conftest import ROOT

GOOD: Final = u.saved(u.paper())


@cache
def slow_picture() -> bytes:
    """Returns a valid picture whose examination takes seconds."""
    return u.picture("PNG", (11_000, 9_000))


def ours() -> list[psutil.Process]:
    return list(filter(_parses, psutil.Process().children(recursive=True)))


def _parses(process: psutil.Process) -> bool:
    try:
        return "activities.files.child" in process.cmdline()
    except (psutil.NoSuchProcess, psutil.ZombieProcess):  # it ends while it is looked at
        return False


async def until(true: Callable[[], bool]) -> None:
    async with asyncio.timeout(20):
        while not true():
            await asyncio.sleep(0.01)


@pytest.fixture(autouse=True)
def none_left() -> Iterator[None]:
    yield
    assert not ours()


@asynccontextmanager
async def opened(data: bytes) -> AsyncIterator[int]:
    with tempfile.TemporaryFile() as file:
        file.write(data)
        file.flush()
        yield file.fileno()


async def judged(inspector: Inspector, data: bytes, media_type: str = u.PDF) -> str | None:
    async with opened(data) as file:
        return await inspector.inspect(file, media_type)


async def test_a_child_is_used_again_until_it_has_done_enough(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "FILES_EACH", 3)
    async with Inspector(1) as inspector:
        seen = []
        for _ in range(6):
            assert await judged(inspector, GOOD) is None
            seen.append([one.pid for one in ours()])
    assert seen[0] == seen[1]
    assert seen[2] == []
    assert seen[3] == seen[4] != seen[0]


async def test_a_child_is_limited_and_knows_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MOTCUA_MASTER_KEY", "secret")
    async with Inspector(1) as inspector:
        assert await judged(inspector, GOOD) is None
        [child] = ours()
        assert "MOTCUA" not in "".join(child.environ())
        assert set(child.environ()) <= {"LC_CTYPE"}  # what Python says to itself
        assert child.rlimit(psutil.RLIMIT_AS) == (MEMORY, MEMORY)
        for none in (psutil.RLIMIT_FSIZE, psutil.RLIMIT_CORE, psutil.RLIMIT_NPROC):
            assert child.rlimit(none) == (0, 0)
        assert child.rlimit(psutil.RLIMIT_NOFILE) == (DESCRIPTORS, DESCRIPTORS)
        soft, _ = child.rlimit(psutil.RLIMIT_CPU)
        assert CPU < soft <= CPU + 5
        assert child.nice() > psutil.Process().nice()
        assert child.num_fds() == 3


async def test_a_killed_child_costs_one_file_and_the_others_go_on() -> None:
    async with Inspector(2) as inspector:
        hard = asyncio.create_task(judged(inspector, slow_picture(), u.PNG))
        await until(lambda: any(one.cpu_times().user > 0.5 for one in ours()))
        [busy] = ours()
        others = [asyncio.create_task(judged(inspector, GOOD)) for _ in range(5)]
        busy.kill()
        assert await hard == "file_too_hard"
        assert await asyncio.gather(*others) == [None] * 5
        assert await judged(inspector, slow_picture(), u.PNG) is None


async def test_a_child_that_died_between_two_files_costs_none() -> None:
    async with Inspector(1) as inspector:
        assert await judged(inspector, GOOD) is None
        [idle] = ours()
        idle.kill()
        await until(lambda: not ours())
        assert await judged(inspector, GOOD) is None


async def test_a_child_that_hangs_is_ended() -> None:
    async with Inspector(1, patience=2) as inspector:
        assert await judged(inspector, GOOD) is None
        [child] = ours()
        child.send_signal(signal.SIGSTOP)
        assert await judged(inspector, GOOD) == "file_too_hard"
        assert not ours()
        assert await judged(inspector, GOOD) is None


async def test_memory_and_time_have_an_end(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """The child processes run programs that try to use more memory, time or disk than their limits."""
    for greedy in ("x = bytearray(2 << 30)", "while True: pass", "open('/tmp/never', 'w').write('x')"):
        does = f"child.CPU = 1\ndef answer(request, data):\n    {greedy}\nchild._answer = answer\n"
        taken_over(monkeypatch, tmp_path, does)
        async with Inspector(1) as inspector:
            assert await judged(inspector, GOOD) == "file_too_hard"
            assert not ours()


def taken_over(monkeypatch: pytest.MonkeyPatch, folder: Path, does: str) -> None:
    (script := folder / "taken_over.py").write_text(
        f"import sys; sys.path.insert(0, {str(module._ROOT)!r})\n"
        f"import activities.files.child as child\n{does}child.main()\n"
    )
    monkeypatch.setattr(module, "_COMMAND", (module._COMMAND[0], str(script)))


async def test_what_a_child_says_is_not_believed(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for said, rule in ((b"file_bomb", "file_bomb"), (b"<script>", "file_too_hard")):
        taken_over(monkeypatch, tmp_path, f"child._answer = lambda request, data: [{said!r}]\n")
        async with Inspector(1) as inspector:
            assert await judged(inspector, GOOD) == rule


async def test_a_cancelled_call_leaves_no_child_and_the_next_one_works() -> None:
    async with Inspector(1) as inspector:
        for moment in (0.0, 0.05, 1.0):
            call = asyncio.create_task(judged(inspector, slow_picture(), u.PNG))
            await asyncio.wait([call], timeout=moment)
            call.cancel()
            with pytest.raises(asyncio.CancelledError):
                await call
            await until(lambda: not ours())
        assert await judged(inspector, GOOD) is None


async def test_closing_ends_children_that_are_busy_and_judges_no_file() -> None:
    async with Inspector(1) as inspector:
        call = asyncio.create_task(judged(inspector, slow_picture(), u.PNG))
        await until(lambda: any(one.cpu_times().user > 0.5 for one in ours()))
    assert not ours()
    with pytest.raises(module.ClosedError):
        await call
    with pytest.raises(module.ClosedError):
        await judged(inspector, GOOD)


def test_a_child_loads_no_more_than_it_needs() -> None:
    told = "import sys, activities.files.child; print(*{name.partition('.')[0] for name in sys.modules})"
    loaded = subprocess.run([sys.executable, "-c", told], cwd=ROOT, check=True, capture_output=True, text=True)
    assert {"pikepdf", "PIL", "puremagic", "pypdfium2", "asn1crypto"} <= set(loaded.stdout.split())
    assert {"schemas", "pydantic", "temporalio", "obstore", "asyncio"}.isdisjoint(loaded.stdout.split())
