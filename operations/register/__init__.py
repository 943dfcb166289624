"""The register of filings, written from the record to files."""
