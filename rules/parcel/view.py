"""The view of a parcel."""

from rules.require import shared
from schemas.parcel.state import Parcel, ParcelView


def view(parcel: Parcel) -> ParcelView:
    """The visible fields of a parcel."""
    return ParcelView(**shared(ParcelView, parcel))
