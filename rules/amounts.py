"""Amounts of money in words."""

from schemas.base import Text
from schemas.translate import said


def money(amount: int) -> Text:
    """An amount as `8.000 đồng` / `8,000 đồng`."""
    written = f"{amount:,}"
    return said("amount_in_dong", amount=Text(vi=written.replace(",", "."), en=written))
