"""Proof that the record only ever grew: the tree over all events, signed checkpoints of it, and what witnesses say."""
