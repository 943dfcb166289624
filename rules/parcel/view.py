"""The view of a parcel."""

from schemas.base import alike
from schemas.parcel.state import Parcel, ParcelView


def view(parcel: Parcel) -> ParcelView:
    """The visible fields of a parcel."""
    return ParcelView(**alike(ParcelView, parcel))
