"""Writes the units of the platform's processes into this folder: `python -m deploy.systemd.units`."""

from pathlib import Path
from typing import Final

from console.processes import METRICS, OBJECTS, PROCESSES, READY_FILE, Kind, Process

PROGRAMS: Final = "/opt/motcua/bin"
"""The folder of the installation's programs."""
_CONFINED: Final = """
User=motcua
UMask=0027
NoNewPrivileges=yes
CapabilityBoundingSet=
AmbientCapabilities=
PrivateDevices=yes
PrivateTmp=yes
PrivateUsers=yes
ProtectSystem=strict
ProtectHome=yes
ProtectProc=invisible
ProtectClock=yes
ProtectControlGroups=yes
ProtectHostname=yes
ProtectKernelLogs=yes
ProtectKernelModules=yes
ProtectKernelTunables=yes
KeyringMode=private
LockPersonality=yes
RemoveIPC=yes
RestrictAddressFamilies=AF_UNIX AF_INET AF_INET6
RestrictNamespaces=yes
RestrictRealtime=yes
RestrictSUIDSGID=yes
SystemCallArchitectures=native
# With @resources: the process that parses uploaded files limits itself by it.
SystemCallFilter=@system-service
SystemCallFilter=~@privileged
SystemCallErrorNumber=EPERM
"""


def units() -> dict[str, str]:
    """Returns the text of each unit by the name of its file."""
    return {f"motcua-{one.name}.service": _unit(one) for one in PROCESSES if one.kind is Kind.PLATFORM}


def _unit(process: Process) -> str:
    secret = ", ".join(sorted(process.secrets))
    parts = (
        "# Made by deploy/systemd/units.py.",
        f"# Settings: /etc/motcua/{process.name}.env, which only root reads (0600). Secret are {secret}.",
        *("[Unit]", *_order(process), ""),
        *("[Service]", *_service(process), *_CONFINED.splitlines()[1:]),
        *(() if process.once else ("", "[Install]", "WantedBy=multi-user.target")),
    )
    return "\n".join((*parts, ""))


def _order(process: Process) -> list[str]:
    ours = (one.name for one in PROCESSES if one.kind is Kind.PLATFORM)
    before = (f"motcua-{name}.service" for name in ours if name in process.after)
    order = [f"After={' '.join(('network-online.target', *before))}", "Wants=network-online.target"]
    return [f"Description=motcua: {process.name}", *order, *([] if process.once else ["StartLimitIntervalSec=0"])]


def _service(process: Process) -> list[str]:
    program, *words = process.command
    lines = [f"ExecStart={' '.join((f'{PROGRAMS}/{program}', *words))}"]
    if process.once:
        lines.append("Type=oneshot")
    else:
        lines += ["Type=exec", "Restart=always", "RestartSec=1", f"TimeoutStopSec={process.grace:.0f}"]
    if READY_FILE in process.settings:
        folder = f"motcua-{process.name}"
        lines += [f"RuntimeDirectory={folder}", f"Environment={READY_FILE}=/run/{folder}/ready"]
    if process.metrics:
        lines.append(f"Environment={METRICS}=127.0.0.1:{process.ports[process.metrics]}")
    if OBJECTS in process.settings:
        lines.append("StateDirectory=motcua")
    return [*lines, f"EnvironmentFile=/etc/motcua/{process.name}.env"]


if __name__ == "__main__":
    for name, text in units().items():
        Path(__file__).with_name(name).write_text(text, encoding="utf-8")
