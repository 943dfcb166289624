"""Checks of lines from agency to agency in the directory, such as from a closed agency to its successor."""

from collections.abc import Iterator, Mapping

from rules.source import Mistake, mistake


def line_mistakes(agency: str, line: Mapping[str, str | None], path: str) -> Iterator[Mistake]:
    """Yields the mistake at this `path` if the line from the agency leaves the directory, or never ends.

    `line` has each agency of the directory, with the next agency of its line; None where the line ends.
    """
    seen = [agency]
    while (following := line[seen[-1]]) is not None:
        if following not in line:
            yield mistake("line_leaves_directory", path, agency=seen[-1])
            return
        if following in seen:
            yield mistake("line_in_circle", path, agency=agency)
            return
        seen.append(following)
