"""`motcua demo`: real filings of every kind on a real stack, played by the client kit and held against a written list.

What should come out of each scenario stands in `scenarios.yaml`, written by hand. What did come out is read from the
event log, the bank's own ledger and the object store, after all filings have ended.
"""
