"""Evidence for auditors: bundles, bindings, claims."""
