"""`make try-deploy`: deploy/README.md, followed to the letter from an empty folder, leads to a filing.

Where no registry of images is reached: with the images that compose.local.yaml names.
"""

import os
import re
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

import yaml

from console.processes import PROCESSES
from deploy.compose.processes import REPLICAS
from tests.conftest import ROOT
from tests.deploying.podman import TAG, podman
from tests.sandboxes import free_port, until

PROJECT: Final = "motcua-tried"
COMPOSE: Final = f"podman-compose --project-name {PROJECT}"
METRIC: Final = ROOT / "deploy" / "kubernetes" / "province" / "metric.yaml"
"""by which the autoscaler counts workers"""
PORT: Final = free_port()
ENV: Final = {
    "COMPOSE_FILE": "compose.yaml:compose.local.yaml",
    "IMAGE": TAG,
    "HTTPS_PORT": str(PORT),
}


def steps() -> str:
    """Returns the steps of the page after the image was built, with this server's name and port."""
    page = (ROOT / "deploy" / "README.md").read_text(encoding="utf-8")
    [block] = re.findall(r"```\napt-get .*?cd deploy/compose\n(.*?)```", page, re.DOTALL)
    block = str(block).replace("$(hostname -f)/", f"localhost:{PORT}/").replace("$(hostname -f)", "localhost")
    return block.replace("podman-compose", COMPOSE)


@contextmanager
def empty_folder() -> Iterator[Path]:
    """A copy of the compose folder without secrets; its containers and volumes end with it."""
    with tempfile.TemporaryDirectory(prefix="motcua-", dir="/var/tmp") as name:
        folder = Path(name, "compose")
        shutil.copytree(ROOT / "deploy" / "compose", folder, ignore=shutil.ignore_patterns("secrets"))
        try:
            yield folder
        finally:
            shell(folder, f"{COMPOSE} --profile commands down --volumes")


def shell(folder: Path, script: str) -> str:
    done = subprocess.run(
        ("/bin/sh", "-euc", script), cwd=folder, env=os.environ | ENV, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def test_the_page_leads_from_an_empty_folder_to_a_filing() -> None:
    subprocess.run((ROOT / "deploy" / "compose" / "local" / "build",), check=True)
    with empty_folder() as folder:
        told = shell(folder, steps())
        assert re.search(r"H56\.30-\d{8}-0000001\b", told), told
        assert told.endswith('{"status":"ok"}'), told
        replicas = {one.name: REPLICAS.get(one.name, 1) for one in PROCESSES if one.metrics}
        until(lambda: scraped() == replicas, 60)
        [rule] = yaml.safe_load(METRIC.read_text("utf-8"))["rules"]["external"]
        until(lambda: re.fullmatch(r"{} => [\d.]+ @\S+\n", queried(rule["metricsQuery"])), 120)


def scraped() -> dict[str, int]:
    """Returns for each process how many of it Prometheus reaches."""
    found = re.findall(r'job="([a-z-]+)"} => (\d+) ', queried("sum by (job) (up)"))
    return {job: int(number) for job, number in found}


def queried(expression: str) -> str:
    query = ("promtool", "query", "instant", "http://localhost:9090", expression)
    return podman("exec", f"{PROJECT}_prometheus_1", *query)
