"""The files of filings in the object store."""
