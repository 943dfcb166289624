"""Consignments: late news of the post is followed too, and never refused for good."""
