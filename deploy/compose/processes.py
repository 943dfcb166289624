"""Writes the platform's part of the compose file, and Prometheus's list: `python -m deploy.compose.processes`."""

from pathlib import Path
from typing import Any, Final

from console.processes import METRICS, OBJECTS, PROCESSES, READY_FILE, Kind, Process
from deploy.plain_yaml import plain_yaml
from motcua.configured_speaker import PRINCIPAL
from motcua.signing import KEY

REPLICAS: Final = {"worker": 2}
"""The processes of which several copies run at once, with the number of copies."""
PLATFORM: Final = [one for one in PROCESSES if one.kind is Kind.PLATFORM]
_SECRETS: Final = sorted(frozenset[str]().union(*(one.secrets for one in PLATFORM)) - {KEY})
_COMMON: Final = {
    "image": "${IMAGE:-localhost/motcua}",
    "env_file": "motcua.env",
    "read_only": True,
    "tmpfs": ["/tmp", "/run/motcua:mode=1777"],  # noqa: S108 -- of the container
    "cap_drop": ["ALL"],
    "security_opt": ["no-new-privileges:true"],
}


def files() -> dict[str, str]:
    """Returns the text of each file by its name."""
    made = {"processes.yaml": _processes(), "prometheus.yaml": _scraped()}
    return {name: plain_yaml("deploy/compose/processes.py", [whole]) for name, whole in made.items()}


def _processes() -> dict[str, Any]:
    services = {one.name: _service(one) for one in PLATFORM}
    settings = {name: {"file": f"secrets/{name}"} for name in _SECRETS}
    keys = {f"{name}.pem": {"file": f"secrets/keys/{name}.pem"} for name in ("back-office", "door", "first-start")}
    return {
        "services": services | {"commands": _commands()},
        "volumes": {"objects": {}, "clamd": {}},
        "secrets": settings | keys,
    }


def _scraped() -> dict[str, Any]:
    """Returns the settings of Prometheus, which finds each process by its name in the network."""
    found = {
        f"motcua-{one.name}": [{"names": [one.name], "type": "A", "port": one.ports[one.metrics]}]
        for one in PLATFORM
        if one.metrics
    }
    jobs = [{"job_name": name, "dns_sd_configs": addresses} for name, addresses in found.items()]
    return {"global": {"scrape_interval": "15s"}, "rule_files": ["/alerts.yaml"], "scrape_configs": jobs}


def _service(process: Process) -> dict[str, Any]:
    service: dict[str, Any] = _COMMON | {
        "command": [*process.command],
        "restart": "on-failure" if process.once else "always",
    }
    environment = dict[str, str]()
    if READY_FILE in process.settings:
        environment[READY_FILE] = "/run/motcua/ready"
    if process.metrics:
        environment[METRICS] = f"0.0.0.0:{process.ports[process.metrics]}"
    if KEY in process.settings:
        environment[PRINCIPAL] = process.name
    secrets = sorted(process.secrets - {KEY})
    service |= {"environment": environment, "secrets": [*secrets, *_key(process.name, process.settings)]}
    if OBJECTS in process.settings:
        service["volumes"] = ["objects:/var/lib/motcua"]
    if "MOTCUA_CLAMD" in process.settings:
        service["volumes"].append("clamd:/run/clamd")
    if process.name in REPLICAS:
        service["deploy"] = {"replicas": REPLICAS[process.name]}
    return service | {"stop_grace_period": f"{process.grace:.0f}s"}


def _commands() -> dict[str, Any]:
    """Returns the service for an operator's commands, which has every setting and signs as the first program."""
    folders = ["./first-start:/first-start:ro", "./secrets/keys:/keys:ro"]
    return _COMMON | {
        "profiles": ["commands"],
        "environment": {PRINCIPAL: "first-start"},
        "secrets": [*_SECRETS, *_key("first-start", {KEY})],
        "volumes": ["objects:/var/lib/motcua", "clamd:/run/clamd", *folders],
    }


def _key(name: str, settings: frozenset[str] | set[str]) -> list[dict[str, str]]:
    return [{"source": f"{name}.pem", "target": KEY}] if KEY in settings else []


if __name__ == "__main__":
    for name, text in files().items():
        Path(__file__).with_name(name).write_text(text, encoding="utf-8")
