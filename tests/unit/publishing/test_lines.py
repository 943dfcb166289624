"""The directory's lines of successors and of superiors: each line ends at an agency of the directory."""

from typing import Final

import pytest

from publishing.checks.lines import line_mistakes

SOUND: Final = {"H01.12": "H01.13", "H01.13": "H01.14", "H01.14": None}


@pytest.mark.parametrize(
    ("line", "found"),
    [
        (SOUND, []),
        (SOUND | {"H01.14": "H99.99"}, [("line_leaves_directory", "H01.14")]),
        (SOUND | {"H01.14": "H01.13"}, [("line_in_circle", "H01.12")]),
        (SOUND | {"H01.12": "H01.12"}, [("line_in_circle", "H01.12")]),
    ],
)
def test_a_line_ends_at_an_agency_of_the_directory(line: dict[str, str | None], found: list[tuple[str, str]]) -> None:
    mistakes = [*line_mistakes("H01.12", line, "agencies[0].closed.successor")]
    assert [(one.rule, one.path) for one in mistakes] == [(rule, "agencies[0].closed.successor") for rule, _ in found]
    assert all(agency in one.message.en for one, (_, agency) in zip(mistakes, found, strict=True))
