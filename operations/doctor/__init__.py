"""`motcua doctor`: the faults of this machine and of the servers that it uses, and their remedies."""
