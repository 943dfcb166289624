"""Master keys, which wrap the keys of filings, and their key managers."""
