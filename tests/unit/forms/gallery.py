"""Draws every form of the catalogue as pictures, for inspection: `python -m tests.unit.forms.gallery FOLDER`.

Each form is drawn blank and completely filled; one more form has forty rows.
"""

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

from activities.forms.printing import printed
from rules.forms.sheet import Sheet, blank, filled_in, forms_of
from schemas.filing.submission import signed_digest
from schemas.publishing.procedure import FieldKind, PaperRule, Procedure
from tests.programs import program
from tests.unit.forms.dossiers import AT, FILES, MARKED, RESIDENCE_FILE, procedure, residence, to_the_edges

DPI = "80"


def prefilled(of: Procedure, key: str, paper: PaperRule | None) -> Sheet:
    """Returns the form of this key, with every field filled to its maximal length."""
    submission = to_the_edges(of)
    digest = signed_digest(submission, None if paper is None else paper.code)
    return filled_in(of, key, paper, submission, digest=digest)


def forty_rows() -> Sheet:
    of = procedure(RESIDENCE_FILE)
    ((key, paper),) = forms_of(of).items()
    field = next(field for field in of.form if field.kind is FieldKind.TEXT)
    rows = {f"f{n}": f"{MARKED} {n:02}." for n in range(40)}
    many = of.model_copy(update={"form": tuple(field.model_copy(update={"code": code}) for code in rows)})
    submission = residence(form=rows)
    return filled_in(many, key, paper, submission, digest=signed_digest(submission))


def sheets() -> Iterator[tuple[str, Sheet]]:
    """Yields the name of each picture, and its form."""
    for file in FILES:
        of = procedure(file)
        for key, paper in forms_of(of).items():
            name = f"{of.code}@{of.version} {Path(key).stem}"
            yield f"{name} blank", blank(of, key, paper)
            yield f"{name} filled", prefilled(of, key, paper)
    yield "forty rows", forty_rows()


def main(folder: Path) -> None:
    folder.mkdir(exist_ok=True)
    for name, sheet in sheets():
        command = [program("pdftoppm"), "-png", "-r", DPI, "-", str(folder / name)]
        subprocess.run(command, input=printed(sheet, AT), check=True)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
