"""Consignments. Late reports of the post are recorded too; none is refused for good."""
