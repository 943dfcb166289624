"""The image, built once for `make try-deploy`."""

import resource
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.conftest import ROOT
from tests.deploying.podman import TAG


@pytest.fixture(scope="session", autouse=True)
def image() -> Iterator[None]:
    """Builds the image, under the name `TAG`."""
    limits = {"nofile": resource.RLIMIT_NOFILE, "nproc": resource.RLIMIT_NPROC}
    hard = {name: resource.getrlimit(limit)[1] for name, limit in limits.items()}
    with tempfile.TemporaryDirectory() as folder, pytest.MonkeyPatch.context() as patch:
        # Within another container, podman's own limits would be above what is allowed.
        ulimits = ", ".join(f'"{name}={most}:{most}"' for name, most in hard.items() if most != resource.RLIM_INFINITY)
        (config := Path(folder, "containers.conf")).write_text(
            f'[containers]\ndefault_ulimits = [{ulimits}]\n[engine]\nruntime = "runc"\n', encoding="utf-8"
        )
        patch.setenv("CONTAINERS_CONF", str(config))
        patch.setenv("PODMAN_IGNORE_CGROUPSV1_WARNING", "1")
        subprocess.run((ROOT / "deploy" / "image" / "build", TAG), check=True)
        yield
