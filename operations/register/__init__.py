"""The register of filings, written to files out of the record."""
