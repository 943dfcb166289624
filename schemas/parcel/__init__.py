"""A consignment: the durable way of a result through the post."""
