"""Prints the parts list of an image (CycloneDX 1.6): `sbom.py WHEELS SITE ROOT`. Needs only the standard library.

Its components are the wheels of a folder that are installed in `SITE`, with their licences and SHA-256, the npm
packages within ours, and the Debian packages of a root folder, with the licences of their copyright files.
"""

import json
import re
import sys
from collections.abc import Iterator
from email.message import Message
from email.parser import Parser
from hashlib import sha256
from pathlib import Path
from typing import Any
from zipfile import ZipFile

LONGEST = 100
"""The maximum length of a licence's name: a longer entry is the licence's text."""


def wheels(folder: Path, site: Path) -> Iterator[dict[str, Any]]:
    """Yields a component for each wheel of a folder that is installed in `site`."""
    there = {file.name.removesuffix(".dist-info") for file in site.glob("*.dist-info")}
    for file in sorted(folder.glob("*.whl")):
        if "-".join(file.name.split("-")[:2]) not in there:
            continue
        with ZipFile(file) as wheel:
            [name] = [name for name in wheel.namelist() if re.fullmatch(r"[^/]+\.dist-info/METADATA", name)]
            about = Parser().parsestr(wheel.read(name).decode(), headersonly=True)
        key = re.sub(r"[-_.]+", "-", about["Name"]).lower()
        yield {
            "type": "library",
            "name": key,
            "version": about["Version"],
            "purl": f"pkg:pypi/{key}@{about['Version']}",
            "hashes": [_hash(file)],
            "licenses": _licences(about),
        }


def _licences(about: Message) -> list[dict[str, Any]]:
    if expression := about["License-Expression"]:
        return [{"expression": expression}]
    classified = [one.rpartition(" :: ")[2] for one in about.get_all("Classifier", []) if one.startswith("License ::")]
    named = (about["License"] or "").strip().splitlines()
    return [{"license": {"name": name}} for name in classified or named[:1] if name and len(name) <= LONGEST]


def scripts(site: Path) -> Iterator[dict[str, Any]]:
    """Yields a component for each npm package within our own package in `site`, with its files."""
    for manifest in sorted((site / "gateway").rglob("package.json")):
        about = json.loads(manifest.read_text(encoding="utf-8"))
        yield {
            "type": "library",
            "name": about["name"],
            "version": about["version"],
            "purl": f"pkg:npm/{about['name']}@{about['version']}",
            "licenses": [{"expression": about["license"]}],
            "components": [
                {"type": "file", "name": file.name, "hashes": [_hash(file)]}
                for file in sorted(manifest.parent.iterdir())
            ],
        }


def _hash(file: Path) -> dict[str, str]:
    return {"alg": "SHA-256", "content": sha256(file.read_bytes()).hexdigest()}


def packages(root: Path) -> Iterator[dict[str, Any]]:
    """Yields a component for each Debian package of a root folder; none without a list of packages."""
    status = root / "var" / "lib" / "dpkg" / "status"
    for entry in status.read_text(encoding="utf-8").split("\n\n") if status.exists() else ():
        about = Parser().parsestr(entry, headersonly=True)
        if name := about["Package"]:
            terms = root / "usr" / "share" / "doc" / name / "copyright"
            text = terms.read_text(encoding="utf-8", errors="replace") if terms.exists() else ""
            found = dict.fromkeys(re.findall(r"^License: *(\S.{0,99})$", text, re.MULTILINE))
            # A text without a list of licences names the file of each that it uses.
            found |= dict.fromkeys(re.findall(r"/usr/share/common-licenses/([\w.-]*\w)", text))
            yield {
                "type": "library",
                "name": name,
                "version": about["Version"],
                "purl": f"pkg:deb/debian/{name}@{about['Version']}?arch={about['Architecture']}",
                "licenses": [{"license": {"name": licence}} for licence in found or [f"see {terms}"]],
            }


def sbom(folder: Path, site: Path, root: Path) -> dict[str, Any]:
    """Returns the parts list of an image."""
    components = [*wheels(folder, site), *scripts(site), *packages(root)]
    return {"bomFormat": "CycloneDX", "specVersion": "1.6", "version": 1, "components": components}


if __name__ == "__main__":
    sys.stdout.write(json.dumps(sbom(*map(Path, sys.argv[1:])), indent=1) + "\n")
