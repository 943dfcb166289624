"""Consignments. Late news of the post is recorded too, and never refused for good."""
