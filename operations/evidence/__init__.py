"""Evidence for auditors: bundles of filings, commitments in events, signed statements."""
