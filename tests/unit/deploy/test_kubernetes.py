"""The manifests follow the process table; a process is alive without its servers, and reaches no other servers."""

import os
import subprocess
import time
from pathlib import Path
from typing import Any, Final

import yaml

from console.processes import PROCESSES, SECRETS, Kind
from deploy.kubernetes.manifests import ALIVE, FILE, READY, text
from operations.doctor.check import SETTINGS
from tests.conftest import ROOT

FOLDER: Final = ROOT / "deploy" / "kubernetes"
PLATFORM: Final = [one for one in PROCESSES if one.kind is Kind.PLATFORM]


def manifests(kind: str) -> dict[str, dict[str, Any]]:
    whole = yaml.safe_load_all(FILE.read_text(encoding="utf-8"))
    return {one["metadata"]["name"].removeprefix("motcua-"): one["spec"] for one in whole if one["kind"] == kind}


def test_the_manifests_are_the_rows_of_the_table() -> None:
    assert FILE.read_text(encoding="utf-8") == text(), "python -m deploy.kubernetes.manifests"
    served = {one.name for one in PLATFORM if not one.once}
    assert set(manifests("Deployment")) == set(manifests("PodDisruptionBudget")) == served
    assert set(manifests("Job")) == {one.name for one in PLATFORM} - served
    told = [
        line.partition("=")[0] for line in (FOLDER / "base" / "motcua.env").read_text(encoding="utf-8").splitlines()
    ]
    assert {name for name in told if name.startswith("MOTCUA_")} <= SETTINGS - SECRETS


def probed(script: str, folder: Path) -> bool:
    done = subprocess.run(("/bin/sh", "-c", script.replace("/run/motcua", str(folder))), check=False)
    return done.returncode == 0


def test_a_process_is_ready_while_its_file_is_fresh_and_alive_until_its_loop_stands_still(tmp_path: Path) -> None:
    assert not probed(READY, tmp_path)
    assert probed(ALIVE, tmp_path), "it waits for its servers"
    for name in ("ready", "ready.alive"):
        (tmp_path / name).touch()
    assert probed(READY, tmp_path)
    for seconds, ready, alive in ((50, True, True), (70, False, True), (200, False, False)):
        for name in ("ready", "ready.alive"):
            os.utime(tmp_path / name, times=(time.time() - seconds,) * 2)
        assert (probed(READY, tmp_path), probed(ALIVE, tmp_path)) == (ready, alive)
    for spec in manifests("Deployment").values():
        [container] = spec["template"]["spec"]["containers"]
        probes = {probe: container[probe]["exec"]["command"][2] for probe in ("readinessProbe", "livenessProbe")}
        assert probes == {"readinessProbe": READY, "livenessProbe": ALIVE}


def test_a_process_reaches_the_servers_of_its_settings_and_no_other() -> None:
    reached = {
        name: {
            label.removeprefix("motcua.vn/")
            for rule in policy["egress"]
            for peer in rule["to"]
            for label in peer.get("namespaceSelector", {}).get("matchLabels", {})
            if label.startswith("motcua.vn/")
        }
        for name, policy in manifests("NetworkPolicy").items()
    }
    assert reached == {
        "migrations": {"postgres"},
        "worker": {"postgres", "temporal", "objects", "traces"},
        "relay": {"postgres", "objects", "traces"},
        "gateway": {"postgres", "temporal", "objects", "traces"},
        "door": {"postgres", "temporal", "objects", "traces"},
        "back-office": {"temporal", "objects", "traces"},
    }
    assert all(policy["policyTypes"] == ["Ingress", "Egress"] for policy in manifests("NetworkPolicy").values())
