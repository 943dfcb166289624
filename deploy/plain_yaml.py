"""Writes YAML in the form in which people write it: keys in the given order, leaves on one line, no anchors."""

from collections.abc import Iterable, Mapping
from typing import Any

import yaml


class _Plain(yaml.SafeDumper):
    def ignore_aliases(self, data: Any) -> bool:  # noqa: ARG002 -- the signature is PyYAML's
        return True


def plain_yaml(maker: str, documents: Iterable[Mapping[str, Any]]) -> str:
    """Returns the documents as YAML; the first line names the module `maker` that generates the file."""
    return f"# Made by {maker}.\n" + yaml.dump_all(
        documents, Dumper=_Plain, sort_keys=False, default_flow_style=None, width=120
    )
