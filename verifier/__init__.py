"""Stand-alone verifiers of the ledger, of bundles and of checkpoints, without imports of our other packages."""
