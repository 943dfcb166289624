"""A request for money: the durable life of one fee, or of a tax office's demand, up to its receipt or its refund."""
