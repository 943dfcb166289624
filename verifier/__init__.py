"""Stand-alone verifiers: of a whole ledger, and of the bundle of one filing. They import nothing else of ours."""
