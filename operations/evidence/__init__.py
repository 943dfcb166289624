"""What an auditor takes along: bundles, bindings, claims."""
