"""The compose file runs the process table's rows; its local variant changes only images, and lacks Grafana."""

import re
import shutil
import stat
import subprocess
from pathlib import Path
from typing import Any, Final

import yaml

from console.processes import SECRETS
from deploy.compose.processes import files
from operations.doctor.check import SETTINGS
from tests.conftest import ROOT

FOLDER: Final = ROOT / "deploy" / "compose"
PAGE: Final = (ROOT / "docs" / "operations.md").read_text(encoding="utf-8")


def loaded(name: str) -> dict[str, Any]:
    whole: dict[str, Any] = yaml.safe_load((FOLDER / name).read_text(encoding="utf-8"))
    return whole


def test_the_processes_and_the_list_of_prometheus_are_the_rows_of_the_table() -> None:
    kept = {name: (FOLDER / name).read_text(encoding="utf-8") for name in files()}
    assert kept == files(), "python -m deploy.compose.processes"


def test_without_a_registry_only_images_differ_and_grafana_is_left_out() -> None:
    servers, local = loaded("compose.yaml")["services"], loaded("compose.local.yaml")
    assert local.keys() == {"services"}
    assert local["services"].pop("grafana") == {"profiles": ["unavailable"]}
    images = {name: service.pop("image") for name, service in local["services"].items()}
    assert set(images) == servers.keys() - {"grafana"}
    assert [name for name, service in local["services"].items() if service] == []
    stages = re.findall(r"^FROM .* AS (\w+)$", (FOLDER / "local" / "Containerfile").read_text("utf-8"), re.MULTILINE)
    assert {f"localhost/motcua-local-{stage}" for stage in stages} == set(images.values())


def test_nothing_waits_for_a_check_of_health_and_each_file_that_is_mounted_is_there() -> None:
    services = loaded("compose.yaml")["services"] | loaded("processes.yaml")["services"]
    assert [name for name, service in services.items() if "depends_on" in service] == []
    mounts = [volume.split(":")[0] for service in services.values() for volume in service.get("volumes", ())]
    ours = {mount for mount in mounts if mount.startswith(".")} - {"./secrets/keys"}
    assert len(ours) > 4
    assert [mount for mount in ours if not (FOLDER / mount).exists()] == []


def test_each_setting_is_known_and_none_is_a_secret() -> None:
    told = re.findall(r"^([A-Z_]+)=", (FOLDER / "motcua.env").read_text("utf-8"), re.MULTILINE)
    assert {name for name in told if name.startswith("MOTCUA_")} <= SETTINGS - SECRETS
    assert "MOTCUA_OBJECTS" in told


def test_the_first_programs_and_temporals_settings_are_those_of_the_page() -> None:
    for about, name in re.findall(r"```yaml\n( +id: ([a-z-]+)\n.*?)```", PAGE, re.DOTALL):
        assert yaml.safe_load((FOLDER / "first-start" / f"{name}.yaml").read_text("utf-8")) == yaml.safe_load(about)
    for name, [one] in loaded("dynamic-config.yaml").items():
        assert re.search(rf"\| `{name}` \|[^|]*\| `?{one['value']}`? \|", PAGE), name


def prepared(folder: Path) -> dict[str, bytes]:
    subprocess.run(folder / "prepare", check=True)
    secrets = folder / "secrets"
    return {str(file.relative_to(secrets)): file.read_bytes() for file in secrets.rglob("*") if file.is_file()}


def test_each_secret_is_made_once_in_a_folder_that_only_its_owner_enters(
    tmp_path: Path,
) -> None:
    folder = Path(shutil.copytree(FOLDER, tmp_path / "compose", ignore=shutil.ignore_patterns("secrets")))
    made = prepared(folder)
    declared = loaded("compose.yaml")["secrets"] | loaded("processes.yaml")["secrets"]
    assert {one["file"].removeprefix("secrets/") for one in declared.values()} <= made.keys()
    assert stat.S_IMODE((folder / "secrets").stat().st_mode) == 0o700
    assert {name for name, value in made.items() if not value} == {
        *("AWS_SECRET_ACCESS_KEY", "MOTCUA_OTHER_MASTER_KEY", "MOTCUA_POST_SECRET_KEY", "MOTCUA_PROVIDERS"),
        "MOTCUA_RECEIPTS_SECRET",
    }
    (folder / "secrets" / "MOTCUA_PROVIDERS").unlink()
    assert prepared(folder) == made


def test_the_image_takes_settings_from_files_and_forgets_that_it_was_ready(tmp_path: Path) -> None:
    entrypoint = (ROOT / "deploy" / "image" / "entrypoint").read_text("utf-8").replace("/run/secrets", str(tmp_path))
    for name, value in {"MOTCUA_A": "a b\n", "MOTCUA_EMPTY": "", "AWS_B": "'\"$x", "PATH": "/nowhere"}.items():
        (tmp_path / name).write_text(value, encoding="utf-8")
    (ready := tmp_path / "ready").touch()
    env = {"PATH": "/usr/bin:/bin", "MOTCUA_EMPTY": "kept", "MOTCUA_READY_FILE": str(ready)}
    command = ("/bin/sh", "-c", entrypoint, "entrypoint", "env")
    told = subprocess.run(command, env=env, capture_output=True, text=True, check=True).stdout.splitlines()
    assert {"MOTCUA_A=a b", "MOTCUA_EMPTY=kept", "AWS_B='\"$x", "PATH=/usr/bin:/bin"} <= set(told)
    assert not ready.exists()
