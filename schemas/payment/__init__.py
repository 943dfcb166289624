"""A request for money: the durable life of one fee, or of a tax office's demand, to its receipt or its refund."""
