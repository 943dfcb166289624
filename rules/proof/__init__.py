"""Proof that the record is append-only: the tree over all events, signed checkpoints, and witnesses' cosignatures."""
