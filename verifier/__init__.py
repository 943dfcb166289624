"""Stand-alone verifiers of a ledger, a bundle and checkpoints. They import nothing else of ours (`docs/ledger.md`)."""
