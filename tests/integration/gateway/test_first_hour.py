"""docs/first-hour.md, executed literally beside `motcua up`: every command of the page, in order."""

import re
import subprocess
from typing import Final

from tests.conftest import ROOT
from tests.integration.deploy.demos import ENV, up_in_a_folder

PAGE: Final = (ROOT / "docs" / "first-hour.md").read_text(encoding="utf-8")
BLOCKS: Final = re.findall(r"^```(\w*)\n(.*?)^```$", PAGE, re.MULTILINE | re.DOTALL)


def test_every_command_of_the_page_works_down_to_a_fetched_result() -> None:
    first, *rest = BLOCKS
    assert first == ("", "git clone ADDRESS motcua\ncd motcua\nmake up\n")
    assert {language for language, _ in rest} == {"sh"}
    with up_in_a_folder() as folder:
        command = ("bash", "-euo", "pipefail", "-c", "".join(commands for _, commands in rest))
        done = subprocess.run(command, cwd=folder, env=ENV, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stdout[-2000:] + done.stderr
        assert done.stdout.splitlines()[-1] == "result.pdf: OK"
        assert (folder / "result.pdf").read_bytes().startswith(b"%PDF-")
