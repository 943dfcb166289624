"""The contract as JSON Schema."""
