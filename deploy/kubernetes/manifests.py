"""Writes the manifests of the platform's processes: `python -m deploy.kubernetes.manifests`.

Each process is a deployment with a disruption budget and a network policy; one that runs once is a job.
"""

from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

from console.processes import METRICS, OBJECTS, PROCESSES, READY_FILE, Kind, Process
from deploy.plain_yaml import plain_yaml
from motcua.configured_speaker import PRINCIPAL
from motcua.signing import KEY
from motcua.tracing.setting import TRACES

NAME: Final = "app.kubernetes.io/name"
COMPONENT: Final = "app.kubernetes.io/component"
FILE: Final = Path(__file__).with_name("base") / "processes.yaml"
READY: Final = '[ -n "$(find /run/motcua/ready -mmin -1)" ]'
ALIVE: Final = '[ -z "$(find /run/motcua/ready.alive -mmin +2 2>/dev/null)" ]'
"""The liveness test. It also succeeds while the file is missing: the process then still waits for its servers."""
_MEMORY: Final = {"worker": ("512Mi", "3Gi")}
"""The memory request and limit of a process: a worker draws two of the largest pictures at once (docs/files.md)."""
_POSTGRES, _TEMPORAL, _OBJECTS, _TRACES = (("postgres", 5432), ("temporal", 7233), ("objects", 9000), ("traces", 4318))
_OUTSIDE: Final = {
    "to": [{"ipBlock": {"cidr": "0.0.0.0/0", "except": ["10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16"]}}],
    "ports": [{"protocol": "TCP", "port": 443}],
}
"""The rule for traffic to bank, post, signer and an external S3."""


def text() -> str:
    """Returns the text of the file with the manifests."""
    ours = [one for one in PROCESSES if one.kind is Kind.PLATFORM]
    return plain_yaml("deploy/kubernetes/manifests.py", (whole for one in ours for whole in _documents(one)))


def _documents(process: Process) -> Iterator[dict[str, Any]]:
    pod = {"metadata": {"labels": _labels(process), "annotations": _scraped(process)}, "spec": _pod(process)}
    if process.once:
        yield _whole("batch/v1", "Job", process, {"ttlSecondsAfterFinished": 3600, "template": pod})
    else:
        spec = {
            "selector": {"matchLabels": _labels(process)},
            "strategy": {"rollingUpdate": {"maxSurge": 1, "maxUnavailable": 0}},
            "template": pod,
        }
        yield _whole("apps/v1", "Deployment", process, spec)
        budget = {"maxUnavailable": 1, "selector": {"matchLabels": _labels(process)}}
        yield _whole("policy/v1", "PodDisruptionBudget", process, budget)
    policy = {
        "podSelector": {"matchLabels": _labels(process)},
        "policyTypes": ["Ingress", "Egress"],
        "ingress": [*_ingress(process)],
        "egress": [*_egress(process)],
    }
    yield _whole("networking.k8s.io/v1", "NetworkPolicy", process, policy)


def _whole(version: str, kind: str, process: Process, spec: dict[str, Any]) -> dict[str, Any]:
    metadata = {"name": f"motcua-{process.name}", "labels": _labels(process)}
    return {"apiVersion": version, "kind": kind, "metadata": metadata, "spec": spec}


def _labels(process: Process) -> dict[str, str]:
    return {NAME: "motcua", COMPONENT: process.name}


def _scraped(process: Process) -> dict[str, str]:
    if not process.metrics:
        return {}
    return {"prometheus.io/scrape": "true", "prometheus.io/port": str(process.ports[process.metrics])}


def _pod(process: Process) -> dict[str, Any]:
    spread = {
        "maxSkew": 1,
        "topologyKey": "kubernetes.io/hostname",
        "whenUnsatisfiable": "ScheduleAnyway",
        "labelSelector": {"matchLabels": _labels(process)},
    }
    return {
        "automountServiceAccountToken": False,
        "restartPolicy": "OnFailure" if process.once else "Always",
        "terminationGracePeriodSeconds": round(process.grace) + 5,
        "topologySpreadConstraints": [spread],
        "securityContext": {
            "runAsNonRoot": True,
            "runAsUser": 10001,
            "runAsGroup": 10001,
            "fsGroup": 10001,
            "seccompProfile": {"type": "RuntimeDefault"},
        },
        "containers": [_container(process)],
        "volumes": [{"name": "tmp", "emptyDir": {"sizeLimit": "1Gi"}}, {"name": "run", "emptyDir": {}}],
    }


def _container(process: Process) -> dict[str, Any]:
    own = {PRINCIPAL: process.name} if PRINCIPAL in process.settings else {}
    own |= {READY_FILE: "/run/motcua/ready"} if READY_FILE in process.settings else {}
    own |= {METRICS: f"0.0.0.0:{process.ports[process.metrics]}"} if process.metrics else {}
    secrets = sorted(process.secrets)
    least, most = _MEMORY.get(process.name, ("256Mi", "1Gi"))
    container = {
        "name": process.name,
        "image": "motcua",
        "args": [*process.command],
        "envFrom": [{"configMapRef": {"name": "motcua"}}],
        "env": [
            *({"name": name, "value": value} for name, value in own.items()),
            *({"name": name, "valueFrom": {"secretKeyRef": _key(name, process)}} for name in secrets),
        ],
        "ports": [{"name": name, "containerPort": port} for name, port in process.ports.items()],
        "resources": {"requests": {"cpu": "100m", "memory": least}, "limits": {"memory": most}},
        "securityContext": {
            "allowPrivilegeEscalation": False,
            "readOnlyRootFilesystem": True,
            "capabilities": {"drop": ["ALL"]},
        },
        "volumeMounts": [{"name": "tmp", "mountPath": "/tmp"}, {"name": "run", "mountPath": "/run/motcua"}],  # noqa: S108 -- of the container
    }
    if READY_FILE in process.settings:
        container |= {"readinessProbe": _probe(READY, failures=1), "livenessProbe": _probe(ALIVE, failures=2)}
    return container


def _key(name: str, process: Process) -> dict[str, Any]:
    return {"name": "motcua", "key": f"{process.name}.pem" if name == KEY else name, "optional": True}


def _probe(script: str, failures: int) -> dict[str, Any]:
    return {"exec": {"command": ["/bin/sh", "-c", script]}, "periodSeconds": 10, "failureThreshold": failures}


def _ingress(process: Process) -> Iterator[dict[str, Any]]:
    """Yields a rule for each port of a process: Prometheus reaches its metrics, the proxy all other ports."""
    for name, port in process.ports.items():
        yield _peer("from", "monitoring" if name == process.metrics else "ingress", port)


def _egress(process: Process) -> Iterator[dict[str, Any]]:
    dns = [{"protocol": protocol, "port": 53} for protocol in ("UDP", "TCP")]
    yield {"to": [{"namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": "kube-system"}}}], "ports": dns}
    if process.role:
        yield _peer("to", *_POSTGRES)
    if "TEMPORAL_ADDRESS" in process.settings:
        yield _peer("to", *_TEMPORAL)
    if TRACES in process.settings:
        yield _peer("to", *_TRACES)
    if OBJECTS in process.settings:
        yield _peer("to", *_OBJECTS)
        yield _OUTSIDE


def _peer(direction: str, namespace: str, port: int) -> dict[str, Any]:
    """Returns a rule for the namespaces with the label of a part, such as `motcua.vn/postgres: "true"`."""
    selector = {"namespaceSelector": {"matchLabels": {f"motcua.vn/{namespace}": "true"}}}
    return {direction: [selector], "ports": [{"protocol": "TCP", "port": port}]}


if __name__ == "__main__":
    FILE.write_text(text(), encoding="utf-8")
