"""A request for money: the durable life of one fee, or of what a tax office demands, to its receipt or its refund."""
