"""`make try-deploy`: both overlays are complete, and Kubernetes knows every key in them.

The validator is not in the lock, since the schemas of Kubernetes take 108 MB: uv installs it for this run.
"""

import subprocess
import sys
from pathlib import Path
from typing import Final

import pytest

from tests.conftest import ROOT
from tests.programs import program

VALIDATE: Final = ("tool", "run", "--quiet", "--from", "kubernetes-validate==1.37.0", "kubernetes-validate")


def validated(file: Path) -> subprocess.CompletedProcess[str]:
    uv = Path(sys.executable).with_name("uv")
    return subprocess.run((uv, *VALIDATE, "-k", "1.32", "--strict", file), capture_output=True, text=True, check=False)


@pytest.mark.parametrize(("overlay", "kinds"), [("small", 21), ("province", 22)])
def test_kubernetes_knows_every_key_of_an_overlay(overlay: str, kinds: int, tmp_path: Path) -> None:
    folder = ROOT / "deploy" / "kubernetes" / overlay
    made = subprocess.run((program("kubectl"), "kustomize", folder), capture_output=True, text=True, check=True).stdout
    (file := tmp_path / "whole.yaml").write_text(made, encoding="utf-8")
    done = validated(file)
    assert done.returncode == 0, done.stdout + done.stderr
    assert (done.stdout + done.stderr).count(" passed for resource ") == kinds
    file.write_text(made.replace("maxSurge", "maxSurges"), encoding="utf-8")
    assert validated(file).returncode != 0
