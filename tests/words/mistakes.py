"""The rules that a file can break, by the kind of file: procedure, calendar, table, province or template."""

from schemas.words.catalogue import SENTENCES


def mistakes_in(checked: str) -> set[str]:
    """Returns the rules for which this kind of file has a sentence."""
    keys = {key for key in SENTENCES if key.startswith(f"mistake.{checked}.")}
    return {key.rpartition(".")[2] for key in keys if not key.endswith(".fix")}
