"""`make try-deploy`: the steps of deploy/README.md, followed literally from an empty folder, lead to a filing.

The images are those that compose.local.yaml names, so that no registry of images is needed.
"""

import os
import re
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import pytest
import yaml

from console.processes import PROCESSES, Kind
from deploy.compose.processes import REPLICAS
from deploy.kubernetes.manifests import ALIVE, READY
from tests.conftest import ROOT
from tests.deploying.podman import TAG, podman
from tests.programs import program
from tests.sandboxes import free_port, until

PROJECT: Final = "motcua-tried"
COMPOSE: Final = f"podman-compose --project-name {PROJECT}"
METRIC: Final = ROOT / "deploy" / "kubernetes" / "province" / "metric.yaml"
"""The file with the metric by which the autoscaler counts workers."""
PORT: Final = free_port()
ENV: Final = {
    "COMPOSE_FILE": "compose.yaml:compose.local.yaml",
    "IMAGE": TAG,
    "HTTPS_PORT": str(PORT),
}


def steps() -> str:
    """Returns the steps of the page that follow the building of the image, with this server's name and port."""
    page = (ROOT / "deploy" / "README.md").read_text(encoding="utf-8")
    [block] = re.findall(r"```\napt-get .*?cd deploy/compose\n(.*?)```", page, re.DOTALL)
    block = str(block).replace("$(hostname -f)/", f"localhost:{PORT}/").replace("$(hostname -f)", "localhost")
    return block.replace("podman-compose", COMPOSE)


@pytest.fixture(scope="module")
def page_output() -> Iterator[str]:
    """Runs the steps in a copy of the folder without secrets; yields their output while the services still run."""
    subprocess.run((ROOT / "deploy" / "compose" / "local" / "build",), check=True)
    with tempfile.TemporaryDirectory(prefix="motcua-", dir="/var/tmp") as name:
        folder = Path(name, "compose")
        shutil.copytree(ROOT / "deploy" / "compose", folder, ignore=shutil.ignore_patterns("secrets"))
        shutil.copytree(ROOT / "deploy" / "monitoring", folder.parent / "monitoring")
        try:
            yield shell(folder, steps())
        finally:
            shell(folder, f"{COMPOSE} --profile commands down --volumes")


def shell(folder: Path, script: str) -> str:
    done = subprocess.run(
        ("/bin/sh", "-euc", script), cwd=folder, env=os.environ | ENV, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def test_the_page_leads_from_an_empty_folder_to_a_filing(page_output: str) -> None:
    assert re.search(r"H56\.30-\d{8}-0000001\b", page_output), page_output
    assert page_output.endswith('{"status":"ok"}'), page_output
    document = f"curl --insecure --silent --fail https://localhost:{PORT}/v1/openapi.json"
    assert '"openapi":"3.1.0"' in shell(ROOT, document), "the proxy leads to the door"
    replicas = {one.name: REPLICAS.get(one.name, 1) for one in PROCESSES if one.metrics}
    until(lambda: scraped() == replicas, 60)
    [rule] = yaml.safe_load(METRIC.read_text("utf-8"))["rules"]["external"]
    until(lambda: re.fullmatch(r"{} => [\d.]+ @\S+\n", queried(rule["metricsQuery"])), 120)


@pytest.mark.usefixtures("page_output")
def test_without_its_servers_a_process_is_alive_and_not_ready_and_then_ready_again() -> None:
    served = [one.name for one in PROCESSES if one.kind is Kind.PLATFORM and not one.once]
    recorded = [one.name for one in PROCESSES if one.name in served and one.role]
    assert probed(READY, served) == probed(ALIVE, served) == served
    servers = [f"{PROJECT}_{name}_1" for name in ("postgres", "temporal")]
    podman("stop", *servers)
    until(lambda: set(probed(READY, recorded)) == set(), 120)
    assert probed(ALIVE, served) == served
    podman("start", *servers)
    until(lambda: probed(READY, served) == served, 120)


def probed(script: str, names: list[str]) -> list[str]:
    """Runs `script`, a probe of Kubernetes, in these processes' containers; returns those where it succeeds."""
    return [name for name in names if succeeds("exec", f"{PROJECT}_{name}_1", "/bin/sh", "-c", script)]


def succeeds(*words: str) -> bool:
    return subprocess.run((program("podman"), *words), capture_output=True, check=False).returncode == 0


def scraped() -> dict[str, int]:
    """Returns for each process the number of its instances that Prometheus reaches."""
    found = re.findall(r'job="motcua-([a-z-]+)"} => (\d+) ', queried("sum by (job) (up)"))
    return {job: int(number) for job, number in found}


def queried(expression: str) -> str:
    query = ("promtool", "query", "instant", "http://localhost:9090", expression)
    return podman("exec", f"{PROJECT}_prometheus_1", *query)
