"""Three hosts and the clients as network namespaces on one bridge. All of them end with the namespace of the trial."""

import os
import shutil
import signal
import subprocess
from pathlib import Path
from typing import Final

OUTSIDE: Final = "outside"
"""The trial's own namespace: Temporal, the partners, the proxy."""
HOSTS: Final = ("h1", "h2", "h3")
CLIENTS: Final = "clients"
ADDRESSES: Final = {name: f"10.99.0.{n}" for n, name in enumerate((*HOSTS, CLIENTS, OUTSIDE), 1)}
CUT: Final = """
table ip cut {
  chain in { type filter hook input priority 0; policy drop; iifname lo accept; }
  chain out { type filter hook output priority 0; policy drop; oifname lo accept; }
}
"""
"""The firewall rules of a host that is cut off in both directions; its loopback works."""


def there(name: str) -> str | None:
    """Returns the path of a program; None if it is not installed."""
    return shutil.which(name, path="/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin")


def path_of(name: str) -> str:
    """Returns the path of a program. Raises `FileNotFoundError` if it is not installed."""
    if (path := there(name)) is None:
        raise FileNotFoundError(name)
    return path


def run(*words: str, text: str = "") -> str:
    return subprocess.run(
        (path_of(words[0]), *words[1:]), input=text, check=True, text=True, stdout=subprocess.PIPE
    ).stdout


def lay(folder: Path) -> None:
    """Makes the network namespaces and the names of the hosts, which are invisible outside the trial."""
    names = folder / "hosts"
    lines = [f"{address} {name}\n" for name, address in ADDRESSES.items()]
    names.write_text(f"127.0.0.1 localhost\n{''.join(lines)}", encoding="utf-8")
    run("mount", "--bind", str(names), "/etc/hosts")
    Path("/run/netns").mkdir(exist_ok=True)
    run("mount", "-t", "tmpfs", "tmpfs", "/run/netns")
    run("ip", "link", "set", "lo", "up")
    run("ip", "link", "add", "bridge", "type", "bridge")
    run("ip", "address", "add", f"{ADDRESSES[OUTSIDE]}/24", "dev", "bridge")
    run("ip", "link", "set", "bridge", "up")
    for name in (*HOSTS, CLIENTS):
        run("ip", "netns", "add", name)
        run("ip", "link", "add", name, "type", "veth", "peer", "name", "eth0", "netns", name)
        run("ip", "link", "set", name, "master", "bridge", "up")
        run("ip", "-n", name, "address", "add", f"{ADDRESSES[name]}/24", "dev", "eth0")
        for link in ("lo", "eth0"):
            run("ip", "-n", name, "link", "set", link, "up")


def within(name: str) -> list[str]:
    """Returns the words to put before a command so that it runs on this host."""
    return [] if name == OUTSIDE else [path_of("ip"), "netns", "exec", name]


def cut(host: str) -> None:
    run(*within(host), path_of("nft"), "-f", "-", text=CUT)


def heal(host: str) -> None:
    run(*within(host), path_of("nft"), "delete", "table", "ip", "cut")


def unplug(host: str) -> None:
    """Cuts the power of a host: its network goes down first, then all of its processes are killed."""
    run("ip", "link", "set", host, "down")
    for pid in run("ip", "netns", "pids", host).split():
        try:
            os.kill(int(pid), signal.SIGKILL)
        except ProcessLookupError:
            continue


def plug(host: str) -> None:
    run("ip", "link", "set", host, "up")
