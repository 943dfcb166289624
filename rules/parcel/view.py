"""The view of a parcel."""

from schemas.parcel.state import Parcel, ParcelView


def view(parcel: Parcel) -> ParcelView:
    """The visible fields of a parcel."""
    return ParcelView(
        filing_id=parcel.filing_id,
        n=parcel.n,
        seq=parcel.seq,
        number=parcel.number,
        waybill=parcel.waybill,
        due=parcel.due,
        state=parcel.state,
        invitations=parcel.invitations,
        cod=parcel.cod,
        collected=parcel.collected,
        recalled=parcel.recalled,
        claim=parcel.claim,
    )
