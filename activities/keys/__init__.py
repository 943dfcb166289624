"""Keys that wrap the keys of filings, and who keeps them."""
