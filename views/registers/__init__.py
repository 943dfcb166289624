"""The registers of an agency: filings, results, receipts, papers, tills."""
