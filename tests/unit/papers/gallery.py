"""Draws every official paper as pictures, for inspection: `python -m tests.unit.papers.gallery FOLDER`."""

import subprocess
import sys
from pathlib import Path

from activities.printing.templates import printed
from rules.papers.sheet import sheet
from tests.programs import program
from tests.unit.papers.sources import paper_sources

DPI = "100"


def main(folder: Path) -> None:
    folder.mkdir(exist_ok=True)
    for name, (kind, source) in paper_sources().items():
        command = [program("pdftoppm"), "-png", "-r", DPI, "-", str(folder / name)]
        subprocess.run(command, input=printed(sheet(kind, source), source.cause.at), check=True)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
