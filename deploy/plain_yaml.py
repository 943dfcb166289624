"""YAML as people write it: keys in their order, leaves on a line, nothing by reference."""

from collections.abc import Iterable, Mapping
from typing import Any

import yaml


class _Plain(yaml.SafeDumper):
    def ignore_aliases(self, data: Any) -> bool:  # noqa: ARG002 -- the signature is PyYAML's
        return True


def plain_yaml(maker: str, documents: Iterable[Mapping[str, Any]]) -> str:
    """Returns a file of these documents, made by the module `maker`."""
    return f"# Made by {maker}.\n" + yaml.dump_all(
        documents, Dumper=_Plain, sort_keys=False, default_flow_style=None, width=120
    )
