"""`motcua demo`: plays filings of every kind on a real stack with the client kit, and verifies their outcomes.

The expected outcome of each scenario is in `scenarios.yaml`, written by hand. The actual outcome is read from the event
log, the bank's own ledger and the object store, after all filings have ended.
"""
