"""The rules that a file can break, by the names of their sentences in `schemas.words`."""

from typing import Final

EMPTY: Final = "file_empty"
TYPE_NOT_ACCEPTED: Final = "file_type_not_accepted"
WRONG_EXTENSION: Final = "file_wrong_extension"
SOMETHING_ELSE: Final = "file_is_something_else"
DAMAGED: Final = "file_damaged"
HOLDS_MORE: Final = "file_holds_more"
ENCRYPTED: Final = "file_encrypted"
ACTIVE: Final = "file_active"
IMAGE_TOO_LARGE: Final = "file_image_too_large"
BOMB: Final = "file_bomb"
TOO_HARD: Final = "file_too_hard"

RULES: Final = (
    EMPTY,
    TYPE_NOT_ACCEPTED,
    WRONG_EXTENSION,
    SOMETHING_ELSE,
    DAMAGED,
    HOLDS_MORE,
    ENCRYPTED,
    ACTIVE,
    IMAGE_TOO_LARGE,
    BOMB,
    TOO_HARD,
)
"""All rules that a file can break, in the order in which they are checked."""


class BrokenRuleError(Exception):
    """The file breaks this rule."""

    def __init__(self, rule: str) -> None:
        super().__init__(rule)
        self.rule = rule
