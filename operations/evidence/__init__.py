"""Evidence for auditors: bundles of filings, events' commitments to keys and receipts, signed statements."""
