"""Programs that only tests need, and that no Python wheel contains."""

import shutil

import pytest

PACKAGES = {
    "chromium": "chromium",
    "clamd": "clamav-daemon",
    "jq": "jq",
    "kubectl": "kubectl",
    "openssl": "openssl",
    "pdfsig": "poppler-utils",
    "pdftoppm": "poppler-utils",
    "pdftotext": "poppler-utils",
    "pgbackrest": "pgbackrest",
    "podman": "podman runc netavark",
    "promtool": "promtool",
    "sigsum-witness": "sigsum-go",
    "systemd-analyze": "systemd",
}
"""The programs that tests need, each with its Debian package."""


def program(name: str) -> str:
    """Returns the path of a program; if it is missing, the test fails and names the package to install."""
    found = shutil.which(name) or shutil.which(name, path="/usr/sbin")
    if found is None:
        pytest.fail(f"{name} is not installed: apt-get install {PACKAGES[name]}")
    return found
