"""Stand-ins for the outside world: a bank, a post and a trust that speak HTTP and keep ledgers of their own.

They know nothing of Temporal or of this project's schemas, so their ledgers are independent witnesses.
"""
