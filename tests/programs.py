"""Programs that only tests need, and that no wheel brings."""

import shutil

import pytest

PACKAGES = {
    "certutil": "libnss3-tools",
    "clamd": "clamav-daemon",
    "jq": "jq",
    "openssl": "openssl",
    "pdfsig": "poppler-utils",
    "pdftoppm": "poppler-utils",
    "pdftotext": "poppler-utils",
    "sigsum-witness": "sigsum-go",
}
"""The program, and the package of Debian that has it."""


def program(name: str) -> str:
    """Where it is; without it the test fails, and says what to install."""
    found = shutil.which(name) or shutil.which(name, path="/usr/sbin")
    if found is None:
        pytest.fail(f"{name} is not installed: apt-get install {PACKAGES[name]}")
    return found
