"""`async with Stack() as stack:` is the whole platform on one machine; `up` is the same until Ctrl-C."""

from deploy.stack.part import StackError
from deploy.stack.parts import PARTS
from deploy.stack.stack import Stack, up

__all__ = ["PARTS", "Stack", "StackError", "up"]
