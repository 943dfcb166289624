"""A consignment: the durable delivery of a result by post."""
