"""Stand-ins for the outside world, such as a bank, a post and a trust. They speak HTTP and keep their own ledgers.

They use neither Temporal nor this project's schemas, so their ledgers are independent witnesses.
"""
