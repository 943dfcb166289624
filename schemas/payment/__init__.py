"""A payment: the request for one fee, or for one demand of a tax office, until the money is received or refunded."""
