"""Parcels, which the public post carries. The reports of the post are recorded even if they come late."""
