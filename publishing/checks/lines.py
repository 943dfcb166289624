"""Checks of chains of agencies in the directory, such as from each closed agency to its successor."""

from collections.abc import Iterator, Mapping

from rules.source import Mistake, mistake


def line_mistakes(agency: str, line: Mapping[str, str | None], path: str) -> Iterator[Mistake]:
    """Yields the mistake at this `path` if the chain from the agency leads out of the directory, or never ends.

    `line` has each agency of the directory, with the next agency of its chain; None where the chain ends.
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
